//! Writes texts, pictures and documents.

use std::borrow::Cow;

use super::{
    context::Context,
    wire::{Content, Part},
};
use crate::{
    domain::chat::{self, File, Image, ImageDetail, MediaSource},
    providers::{adapter::EncodeError, media_text::MediaText, place::Place, support::Field},
};

/// Writes the parts of a user's message.
pub fn of_user<'a>(cx: &Context<'_>, parts: &'a [chat::Part], place: Place) -> Result<Content<'a>, EncodeError> {
    content(cx, parts, |index| place.part(index), "a user's message holds text, images and files only")
}

/// Writes what a tool returned.
pub fn of_result<'a>(cx: &Context<'_>, parts: &'a [chat::Part], place: Place) -> Result<Content<'a>, EncodeError> {
    if parts.iter().any(|part| !matches!(part, chat::Part::Text(_))) {
        return content(cx, parts, |index| place.result_part(index), "a tool returns text, images and files only");
    }
    text_only(parts, |index| place.result_part(index)).map(Content::Text)
}

/// Returns a message that can hold nothing but text.
pub fn text_only<'a>(parts: &'a [chat::Part], place: impl Fn(usize) -> Place) -> Result<Cow<'a, str>, EncodeError> {
    let mut text = Cow::Borrowed("");
    for (index, part) in parts.iter().enumerate() {
        let chat::Part::Text(more) = part else {
            return Err(place(index).refuse("", "the provider takes only text here"));
        };
        append(&mut text, more);
    }
    Ok(text)
}

/// Adds a text on a line of its own.
pub fn append<'a>(text: &mut Cow<'a, str>, more: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else {
        let text = text.to_mut();
        text.push('\n');
        text.push_str(more);
    }
}

/// Writes parts in the simplest form that holds them.
fn content<'a>(
    cx: &Context<'_>,
    parts: &'a [chat::Part],
    place: impl Fn(usize) -> Place,
    allowed: &str,
) -> Result<Content<'a>, EncodeError> {
    if let [chat::Part::Text(text)] = parts {
        return Ok(Content::Text(Cow::Borrowed(text)));
    }
    let mut written = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        written.push(match part {
            chat::Part::Text(text) => Part::Text { text },
            chat::Part::Image(picture) => image(cx, picture, place(index))?,
            chat::Part::File(document) => file(document),
            chat::Part::Audio(_)
            | chat::Part::ToolCall(_)
            | chat::Part::ToolResult(_)
            | chat::Part::Reasoning(_)
            | chat::Part::Refusal(_)
            | chat::Part::ProviderState(_) => return Err(place(index).refuse("", allowed)),
        });
    }
    Ok(Content::Parts(written))
}

fn image<'a>(cx: &Context<'_>, image: &'a Image, place: Place) -> Result<Part<'a>, EncodeError> {
    let (image_url, file_id) = match &image.source {
        MediaSource::Url { url, .. } => (Some(MediaText::Text(Cow::Borrowed(url))), None),
        MediaSource::Data { mime_type, data } => {
            let types = &cx.dialect.image_types;
            if !types.is_empty() && !types.iter().any(|known| known == mime_type) {
                let message = format!("the provider takes only {}", types.join(", "));
                return Err(place.refuse("image.source.mime_type", message));
            }
            (Some(MediaText::DataUrl { mime_type, data }), None)
        }
        MediaSource::FileId(id) => (None, Some(&**id)),
    };
    let detail = image.detail.map(|detail| match detail {
        ImageDetail::Auto => "auto",
        ImageDetail::Low => "low",
        ImageDetail::High => "high",
        ImageDetail::Original => "original",
    });
    Ok(Part::Image { image_url, file_id, detail: cx.keep(Field::ImageDetail, detail) })
}

fn file(file: &File) -> Part<'_> {
    let (mut file_data, mut file_url, mut file_id) = (None, None, None);
    match &file.source {
        MediaSource::Data { mime_type, data } => file_data = Some(MediaText::DataUrl { mime_type, data }),
        MediaSource::Url { url, .. } => file_url = Some(&**url),
        MediaSource::FileId(id) => file_id = Some(&**id),
    }
    // Only bytes have no name of their own.
    let filename = if file_data.is_some() { &file.filename } else { "" };
    Part::File { filename, file_data, file_url, file_id }
}
