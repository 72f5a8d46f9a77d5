//! Media types as the service names them.

use std::borrow::Cow;

/// Types the service takes, by the names callers use.
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
    ("audio/vnd.wave", "audio/wav"),
    ("audio/mp3", "audio/mp3"),
    ("audio/mpeg", "audio/mp3"),
    ("audio/aiff", "audio/aiff"),
    ("audio/x-aiff", "audio/aiff"),
    ("audio/aac", "audio/aac"),
    ("audio/ogg", "audio/ogg"),
    ("audio/flac", "audio/flac"),
    ("audio/x-flac", "audio/flac"),
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
    (".mp4", "video/mp4"),
    (".webm", "video/webm"),
];

/// Returns the service's name for a type that begins with `kind`. Without a kind it may be any document: the service
/// knows more of them than can be listed, so only pictures and sound are held to the list.
pub fn known_type<'a>(mime_type: &'a str, kind: &str) -> Option<Cow<'a, str>> {
    let bare = mime_type.split(';').next().unwrap_or_default().trim();
    let listed = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(bare) && name.starts_with(kind);
    if let Some((_, ours)) = MIME_TYPES.iter().find(listed) {
        return Some(Cow::Borrowed(ours));
    }
    let is_listed_kind = bare.starts_with("image/") || bare.starts_with("audio/");
    (kind.is_empty() && !bare.is_empty() && !is_listed_kind).then_some(Cow::Borrowed(bare))
}

/// Returns the types of pictures that the service takes.
pub fn pictures() -> impl Iterator<Item = &'static str> {
    MIME_TYPES.iter().map(|(name, _)| *name).filter(|name| name.starts_with("image/"))
}

/// Returns the type that the end of an address gives away.
pub fn by_ending(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, mime_type)| *mime_type)
}
