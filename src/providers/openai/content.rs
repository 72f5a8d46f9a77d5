//! Writes the parts of messages.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    context::refuse,
    dialect::Dialect,
    wire::{Content, File, ImageUrl, InputAudio, Part},
};
use crate::{
    domain::chat::{self, ImageDetail, MediaSource},
    providers::adapter::EncodeError,
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

/// Writes a part of a user's message. `path` is where it is in the contract.
pub fn user_part<'a>(dialect: &Dialect, part: &'a chat::Part, path: &str) -> Result<Part<'a>, EncodeError> {
    match part {
        chat::Part::Text(text) => Ok(Part::Text { text: Cow::Borrowed(text) }),
        chat::Part::Image(image) => image_part(dialect, image, path),
        chat::Part::Audio(audio) => audio_part(dialect, audio, path),
        chat::Part::File(file) => file_part(dialect, file, path),
        chat::Part::ToolCall(_)
        | chat::Part::ToolResult(_)
        | chat::Part::Reasoning(_)
        | chat::Part::Refusal(_)
        | chat::Part::ProviderState(_) => refuse(path, "a user's message holds text, images, audio and files only"),
    }
}

fn image_part<'a>(dialect: &Dialect, image: &'a chat::Image, path: &str) -> Result<Part<'a>, EncodeError> {
    if !dialect.images {
        return refuse(format!("{path}.image"), "the provider takes no images");
    }
    let url = match &image.source {
        MediaSource::Url { url, .. } => Cow::Borrowed(&**url),
        MediaSource::Data { mime_type, data } => {
            if !dialect.image_types.is_empty() && !dialect.image_types.iter().any(|known| known == mime_type) {
                let message = format!("the provider takes only {}", dialect.image_types.join(", "));
                return refuse(format!("{path}.image.source.mime_type"), &message);
            }
            Cow::Owned(data_url(mime_type, data))
        }
        MediaSource::FileId(_) => {
            return refuse(format!("{path}.image.source.file_id"), "send the picture itself or its address");
        }
    };
    let detail = image.detail.map(|detail| match detail {
        ImageDetail::Auto => "auto",
        ImageDetail::Low => "low",
        ImageDetail::High => "high",
        ImageDetail::Original => "original",
    });
    Ok(Part::ImageUrl { image_url: ImageUrl { url, detail } })
}

fn audio_part<'a>(dialect: &Dialect, audio: &chat::Audio, path: &str) -> Result<Part<'a>, EncodeError> {
    if !dialect.audio_input {
        return refuse(format!("{path}.audio"), "the provider takes no audio");
    }
    let Some(MediaSource::Data { mime_type, data }) = &audio.source else {
        return refuse(format!("{path}.audio.source"), "send the sound itself");
    };
    let format = match mime_type.as_str() {
        "audio/wav" | "audio/wave" | "audio/x-wav" | "audio/vnd.wave" => "wav",
        "audio/mpeg" | "audio/mp3" => "mp3",
        _ => return refuse(format!("{path}.audio.source.mime_type"), "the provider takes audio/wav and audio/mpeg"),
    };
    Ok(Part::InputAudio { input_audio: InputAudio { data: STANDARD.encode(data), format } })
}

fn file_part<'a>(dialect: &Dialect, file: &'a chat::File, path: &str) -> Result<Part<'a>, EncodeError> {
    if !dialect.files {
        return refuse(format!("{path}.file"), "the provider takes no documents");
    }
    let (file_data, file_id) = match &file.source {
        MediaSource::Data { mime_type, data } => (Some(data_url(mime_type, data)), None),
        MediaSource::FileId(id) => (None, Some(&**id)),
        MediaSource::Url { .. } => return refuse(format!("{path}.file.source.url"), "send the document itself"),
    };
    Ok(Part::File { file: File { filename: &file.filename, file_data, file_id } })
}

fn data_url(mime_type: &str, data: &Bytes) -> String {
    let mut url = String::with_capacity("data:;base64,".len() + mime_type.len() + data.len().div_ceil(3) * 4);
    url.push_str("data:");
    url.push_str(mime_type);
    url.push_str(";base64,");
    STANDARD.encode_string(data, &mut url);
    url
}
