//! Writes the parts of messages.

use std::borrow::Cow;

use super::{
    context::Context,
    dialect::Dialect,
    switches::{FileForm, Words},
    wire::{Content, File, FileUrl, ImageUrl, InputAudio, Part},
};
use crate::{
    domain::chat::{self, ImageDetail, MediaSource},
    providers::{adapter::EncodeError, media_text::MediaText, place::Place, support::Field},
};

/// Writes parts in the simplest form that holds them: one text is a string, and so are many where lists are refused.
pub fn simplest<'a>(dialect: &Dialect, mut parts: Vec<Part<'a>>) -> Content<'a> {
    let all_text = parts.iter().all(|part| matches!(part, Part::Text { .. }));
    if !all_text || (parts.len() > 1 && dialect.text_parts) {
        return Content::Parts(parts);
    }
    if let (1, Some(Part::Text { text })) = (parts.len(), parts.first_mut()) {
        return Content::Text(std::mem::take(text));
    }
    let texts: Vec<_> = parts.iter().map(|part| if let Part::Text { text } = part { text } else { "" }).collect();
    Content::Text(Cow::Owned(texts.join("\n")))
}

pub fn text_only<'a>(
    dialect: &Dialect,
    parts: &'a [chat::Part],
    place: impl Fn(usize) -> Place,
) -> Result<Content<'a>, EncodeError> {
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let chat::Part::Text(text) = part else {
            return Err(place(index).refuse("", "the provider takes only text here"));
        };
        texts.push(Part::Text { text: Cow::Borrowed(text) });
    }
    Ok(simplest(dialect, texts))
}

/// Writes a part of a user's message.
pub fn user_part<'a>(cx: &Context<'_>, part: &'a chat::Part, place: Place) -> Result<Part<'a>, EncodeError> {
    match part {
        chat::Part::Text(text) => Ok(Part::Text { text: Cow::Borrowed(text) }),
        chat::Part::Image(image) => image_part(cx, image, place),
        chat::Part::Audio(audio) => audio_part(audio, place),
        chat::Part::File(file) => file_part(cx.dialect, file, place),
        chat::Part::ToolCall(_)
        | chat::Part::ToolResult(_)
        | chat::Part::Reasoning(_)
        | chat::Part::Refusal(_)
        | chat::Part::ProviderState(_) => {
            Err(place.refuse("", "a user's message holds text, images, audio and files only"))
        }
    }
}

fn image_part<'a>(cx: &Context<'_>, image: &'a chat::Image, place: Place) -> Result<Part<'a>, EncodeError> {
    let (mut url, mut file_id) = (None, None);
    match &image.source {
        MediaSource::Url { url: address, .. } => url = Some(MediaText::Text(Cow::Borrowed(address))),
        MediaSource::Data { mime_type, data } => {
            known_type(&cx.dialect.image_types, mime_type, place, "image.source.mime_type")?;
            url = Some(MediaText::DataUrl { mime_type, data });
        }
        MediaSource::FileId(id) => file_id = Some(&**id),
    }
    let detail = cx.keep(Field::ImageDetail, image.detail).map(|detail| match detail {
        ImageDetail::Auto => "auto",
        ImageDetail::Low => "low",
        ImageDetail::High => "high",
        ImageDetail::Original => "original",
    });
    Ok(Part::ImageUrl { image_url: ImageUrl { url, file_id, detail } })
}

fn known_type(known: &Words, mime_type: &str, place: Place, field: &str) -> Result<(), EncodeError> {
    if known.is_empty() || known.iter().any(|known| known == mime_type) {
        return Ok(());
    }
    Err(place.refuse(field, format!("the provider takes only {}", known.join(", "))))
}

fn audio_part<'a>(audio: &'a chat::Audio, place: Place) -> Result<Part<'a>, EncodeError> {
    let Some(MediaSource::Data { mime_type, data }) = &audio.source else {
        return Err(place.refuse("audio.source", "send the sound itself"));
    };
    let format = match mime_type.as_str() {
        "audio/wav" | "audio/wave" | "audio/x-wav" | "audio/vnd.wave" => "wav",
        "audio/mpeg" | "audio/mp3" => "mp3",
        _ => return Err(place.refuse("audio.source.mime_type", "the provider takes audio/wav and audio/mpeg")),
    };
    Ok(Part::InputAudio { input_audio: InputAudio { data: MediaText::Base64(data), format } })
}

fn file_part<'a>(dialect: &Dialect, file: &'a chat::File, place: Place) -> Result<Part<'a>, EncodeError> {
    let filename = file.filename.as_str();
    if let MediaSource::Data { mime_type, .. } = &file.source {
        known_type(&dialect.file_types, mime_type, place, "file.source.mime_type")?;
    }
    let part = match (&file.source, dialect.file_form) {
        (MediaSource::Data { data, .. }, FileForm::FileUrl) => {
            Part::FileUrl { file_url: FileUrl { url: MediaText::Base64(data) }, file_name: filename }
        }
        (MediaSource::Url { url, .. }, FileForm::FileUrl) => {
            let url = MediaText::Text(Cow::Borrowed(url));
            Part::FileUrl { file_url: FileUrl { url }, file_name: filename }
        }
        (MediaSource::Data { mime_type, data }, FileForm::Data | FileForm::Url) => {
            let file_data = Some(MediaText::DataUrl { mime_type, data });
            Part::File { file: File { filename, file_data, ..File::default() } }
        }
        (MediaSource::Url { url, .. }, FileForm::Data | FileForm::Url) => {
            Part::File { file: File { filename, url: Some(url), ..File::default() } }
        }
        (MediaSource::FileId(id), _) => Part::File { file: File { filename, file_id: Some(id), ..File::default() } },
    };
    Ok(part)
}
