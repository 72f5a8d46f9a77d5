//! Pictures and documents of a request.

use super::wire::{Block, Source};
use crate::{
    domain::chat::{File, Image, MediaSource},
    providers::{adapter::EncodeError, media_text::MediaText, place::Place},
};

/// Media types of pictures, by the names callers use.
pub const IMAGES: &[(&str, &str)] = &[
    ("image/jpeg", "image/jpeg"),
    ("image/jpg", "image/jpeg"),
    ("image/png", "image/png"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
];

pub fn image<'a>(image: &'a Image, place: Place) -> Result<Block<'a>, EncodeError> {
    let source = match &image.source {
        MediaSource::Url { url, .. } => address(url, place, "image.source.url")?,
        MediaSource::Data { mime_type, data } => {
            let known = IMAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(mime_type));
            let Some((_, media_type)) = known else {
                let message = format!("the provider takes JPEG, PNG, GIF and WebP, not `{mime_type}`");
                return Err(place.refuse("image.source.mime_type", message));
            };
            Source::Base64 { media_type, data: MediaText::Base64(data) }
        }
        MediaSource::FileId(_) => return Err(place.refuse("image.source.file_id", NO_STORE)),
    };
    Ok(Block::Image { source })
}

pub fn document<'a>(file: &'a File, place: Place) -> Result<Block<'a>, EncodeError> {
    let source = match &file.source {
        MediaSource::Url { url, .. } => address(url, place, "file.source.url")?,
        MediaSource::Data { mime_type, data } => match mime_type.as_str() {
            "application/pdf" => Source::Base64 { media_type: "application/pdf", data: MediaText::Base64(data) },
            text if text.starts_with("text/") => {
                let wrong = |_| place.refuse("file.source.data", "a text must be UTF-8");
                Source::Text { media_type: "text/plain", data: std::str::from_utf8(data).map_err(wrong)? }
            }
            other => {
                let message = format!("the provider takes PDF and text, not `{other}`");
                return Err(place.refuse("file.source.mime_type", message));
            }
        },
        MediaSource::FileId(_) => return Err(place.refuse("file.source.file_id", NO_STORE)),
    };
    Ok(Block::Document { source, title: &file.filename })
}

const NO_STORE: &str = "files of the provider's own store are not supported; send the bytes or an address";

fn address<'a>(url: &'a str, place: Place, member: &str) -> Result<Source<'a>, EncodeError> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(Source::Url { url });
    }
    Err(place.refuse(member, "the provider fetches http and https addresses only; send the bytes as data"))
}
