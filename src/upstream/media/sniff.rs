//! What a part of a message may hold, by the first bytes of what was fetched for it.

use crate::domain::media_type;

/// What a part of a message may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Audio,
    /// Anything that is recognised, and plain text.
    File,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::File => "file",
        }
    }
}

/// Returns the media type of the bytes when it is one of this kind.
pub(super) fn sniff(kind: Kind, data: &[u8]) -> Option<&'static str> {
    let found = media_type::of(data);
    match kind {
        Kind::Image => found.filter(|mime| mime.starts_with("image/")),
        Kind::Audio => found.filter(|mime| mime.starts_with("audio/")),
        Kind::File => found.or_else(|| media_type::is_text(data).then_some("text/plain")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_holds_its_own_kind_only() {
        let cases: [(Kind, &[u8], Option<&str>); 9] = [
            (Kind::Image, b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            (Kind::Image, b"%PDF-1.7", None),
            (Kind::Image, b"<html>", None),
            (Kind::Audio, b"ID3\x04", Some("audio/mpeg")),
            (Kind::Audio, b"GIF89a", None),
            (Kind::File, b"%PDF-1.7", Some("application/pdf")),
            (Kind::File, "при\u{2764}вет".as_bytes(), Some("text/plain")),
            (Kind::File, b"\xff\xff\0", None),
            (Kind::File, b"\x89PNG\r\n\x1a\n", Some("image/png")),
        ];
        for (kind, data, want) in cases {
            assert_eq!(sniff(kind, data), want, "{kind:?} {data:?}");
        }
    }
}
