//! Pictures, sound and documents of a request.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    family::Family,
    wire::{Blob, FileData, Part, PartData},
};
use crate::{
    domain::chat::{Audio, File, Image, ImageDetail, MediaSource},
    providers::{adapter::EncodeError, place::Place, warnings::Warnings},
};

/// Names the service takes, by the names callers use.
const MIME_TYPES: &[(&str, &str)] = &[
    ("image/png", "image/png"),
    ("image/jpeg", "image/jpeg"),
    ("image/jpg", "image/jpeg"),
    ("image/webp", "image/webp"),
    ("image/heic", "image/heic"),
    ("image/heif", "image/heif"),
    ("audio/wav", "audio/wav"),
    ("audio/x-wav", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/mp3", "audio/mp3"),
    ("audio/mpeg", "audio/mp3"),
    ("audio/aiff", "audio/aiff"),
    ("audio/aac", "audio/aac"),
    ("audio/ogg", "audio/ogg"),
    ("audio/flac", "audio/flac"),
];

/// Endings of addresses; the service does not always look for itself.
const ENDINGS: &[(&str, &str)] = &[
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".webp", "image/webp"),
    (".heic", "image/heic"),
    (".heif", "image/heif"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
    (".wav", "audio/wav"),
    (".mp3", "audio/mp3"),
];

pub fn image<'a>(
    image: &'a Image,
    place: Place,
    family: &Family,
    warnings: &mut Warnings,
) -> Result<Part<'a>, EncodeError> {
    match image.detail {
        None | Some(ImageDetail::Auto) => {}
        Some(ImageDetail::Low | ImageDetail::High | ImageDetail::Original) => {
            warnings.dropped(place.field("image.detail"), "the provider has no such setting for one picture");
        }
    }
    let refuse = |member: &str, message: &str| place.refuse(&format!("image.source.{member}"), message);
    source(&image.source, "image/", family, refuse)
}

pub fn audio<'a>(audio: &'a Audio, place: Place, family: &Family) -> Result<Part<'a>, EncodeError> {
    let Some(media) = &audio.source else {
        return Err(place.refuse("audio.audio_id", "this provider keeps no audio; send the sound itself"));
    };
    source(media, "audio/", family, |member: &str, message: &str| {
        place.refuse(&format!("audio.source.{member}"), message)
    })
}

pub fn file<'a>(
    file: &'a File,
    place: Place,
    family: &Family,
    warnings: &mut Warnings,
) -> Result<Part<'a>, EncodeError> {
    if !file.filename.is_empty() {
        warnings.dropped(place.field("file.filename"), "the provider takes no file names");
    }
    source(&file.source, "", family, |member: &str, message: &str| {
        place.refuse(&format!("file.source.{member}"), message)
    })
}

/// Writes a source whose media type must begin with `kind`.
fn source<'a>(
    media: &'a MediaSource,
    kind: &str,
    family: &Family,
    refuse: impl Fn(&str, &str) -> EncodeError,
) -> Result<Part<'a>, EncodeError> {
    let data = match media {
        MediaSource::Data { mime_type, data } => {
            let Some(mime_type) = known_type(mime_type, kind) else {
                let message = format!("this provider does not take the media type `{mime_type}` here");
                return Err(refuse("mime_type", &message));
            };
            PartData::InlineData(Blob { mime_type, data: STANDARD.encode(data) })
        }
        MediaSource::Url { url, mime_type } => {
            if !is_address(url) {
                return Err(refuse(
                    "url",
                    "the provider fetches http and https addresses only; send the bytes as data",
                ));
            }
            if !family.fetches_urls && !is_google(url) {
                return Err(refuse("url", "this model does not fetch addresses; send the bytes as data"));
            }
            let given = known_type(mime_type, kind);
            PartData::FileData(FileData { mime_type: given.or_else(|| type_by_ending(url)), file_uri: url })
        }
        MediaSource::FileId(id) => {
            if !is_address(id) {
                return Err(refuse("file_id", "name a stored file by its whole URI, `https://.../v1beta/files/<id>`"));
            }
            PartData::FileData(FileData { mime_type: None, file_uri: id })
        }
    };
    Ok(data.into())
}

fn known_type<'a>(mime_type: &'a str, kind: &str) -> Option<&'a str> {
    if kind.is_empty() && !mime_type.is_empty() {
        return Some(MIME_TYPES.iter().find(|(name, _)| *name == mime_type).map_or(mime_type, |(_, ours)| ours));
    }
    let known = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(mime_type) && name.starts_with(kind);
    MIME_TYPES.iter().find(known).map(|(_, ours)| *ours)
}

fn type_by_ending(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, mime_type)| *mime_type)
}

fn is_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Whether every model reaches the address: its own file store, or YouTube.
fn is_google(url: &str) -> bool {
    ["https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/"]
        .iter()
        .any(|prefix| url.starts_with(prefix))
}
