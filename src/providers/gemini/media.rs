//! Pictures, sound and documents of a request.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    context::Context,
    mime_types::{by_ending, known_type},
    support::NO_ADDRESSES,
    wire::{Blob, FileData, Part, PartData},
};
use crate::{
    domain::chat::{Audio, File, Image, MediaSource},
    providers::{adapter::EncodeError, media_text::MediaText, place::Place},
};

/// Where the service keeps uploaded files. Their addresses are the same wherever requests go.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/files/";

/// Addresses every model reaches: the service's own files, and YouTube.
const OWN_ADDRESSES: &[&str] = &[
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtube.com/",
    "https://youtu.be/",
];

const REFUSED_ADDRESS: &str = "the provider fetches https addresses only; send the bytes as data";

/// Whether a model can fetch from an address itself.
pub fn is_reachable(url: &str, fetches_urls: bool) -> bool {
    OWN_ADDRESSES.iter().any(|own| url.starts_with(own)) || (fetches_urls && url.starts_with("https://"))
}

pub fn image<'a>(image: &'a Image, place: Place, cx: &Context<'_>) -> Result<Part<'a>, EncodeError> {
    source(&image.source, "image/", cx, |member, message| place.refuse(&format!("image.source.{member}"), message))
}

pub fn audio<'a>(audio: &'a Audio, place: Place, cx: &Context<'_>) -> Result<Part<'a>, EncodeError> {
    let Some(media) = &audio.source else {
        return Err(place.refuse("audio.audio_id", "this provider keeps no audio; send the sound itself"));
    };
    source(media, "audio/", cx, |member, message| place.refuse(&format!("audio.source.{member}"), message))
}

pub fn file<'a>(file: &'a File, place: Place, cx: &mut Context<'_>) -> Result<Part<'a>, EncodeError> {
    if !file.filename.is_empty() {
        cx.warnings.rewritten(place.field("file.filename"), "the provider takes no file names");
    }
    source(&file.source, "", cx, |member, message| place.refuse(&format!("file.source.{member}"), message))
}

/// Writes a source whose media type must begin with `kind`.
fn source<'a>(
    media: &'a MediaSource,
    kind: &str,
    cx: &Context<'_>,
    refuse: impl Fn(&str, &str) -> EncodeError,
) -> Result<Part<'a>, EncodeError> {
    let typed = |mime_type: &'a str| {
        let message = format!("this provider does not take the media type `{mime_type}` here");
        known_type(mime_type, kind).ok_or_else(|| refuse("mime_type", &message))
    };
    let data = match media {
        MediaSource::Data { mime_type, data } => {
            PartData::InlineData(Blob { mime_type: typed(mime_type)?, data: MediaText::Base64(data) })
        }
        MediaSource::Url { url, .. } if url.starts_with("data:") => {
            let Some((mime_type, data)) = data_url(url) else {
                return Err(refuse("url", "a data URL holds a media type and base64"));
            };
            PartData::InlineData(Blob { mime_type: typed(mime_type)?, data: MediaText::Text(data.into()) })
        }
        MediaSource::Url { url, mime_type } => {
            if !is_reachable(url, cx.family.fetches_urls) {
                let web = url.starts_with("https://");
                return Err(refuse("url", if web { NO_ADDRESSES } else { REFUSED_ADDRESS }));
            }
            let mime_type = known_type(mime_type, kind).or_else(|| by_ending(url).map(Cow::Borrowed));
            PartData::FileData(FileData { mime_type, file_uri: Cow::Borrowed(url) })
        }
        MediaSource::FileId(id) => {
            let Some(file_uri) = file_uri(id) else {
                return Err(refuse("file_id", "name a file by its id or by its whole URI, `https://…/files/<id>`"));
            };
            PartData::FileData(FileData { mime_type: None, file_uri })
        }
    };
    Ok(data.into())
}

/// Takes `data:image/png;base64,iVBO…` apart. The service wants bare base64 without line breaks.
fn data_url(url: &str) -> Option<(&str, String)> {
    let (head, base64) = url.strip_prefix("data:")?.split_once(',')?;
    let mime_type = head.strip_suffix(";base64")?;
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(&base64).ok()?;
    Some((mime_type, base64))
}

/// Returns the address of a stored file, given by it or by `files/<id>` or `<id>`.
fn file_uri(id: &str) -> Option<Cow<'_, str>> {
    if id.starts_with("https://") {
        return Some(Cow::Borrowed(id));
    }
    let bare = id.strip_prefix("files/").unwrap_or(id);
    let is_id = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    is_id.then(|| Cow::Owned(format!("{FILES}{bare}")))
}
