//! Recognises media by their first bytes: what a server says they are is no proof.

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
    let found = signature(data);
    match kind {
        Kind::Image => found.filter(|mime| mime.starts_with("image/")),
        Kind::Audio => found.filter(|mime| mime.starts_with("audio/")),
        Kind::File => found.or_else(|| is_text(data).then_some("text/plain")),
    }
}

fn signature(data: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 16] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"\xff\xf3", "audio/mpeg"),
        (b"\xff\xf2", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"PK\x03\x04", "application/zip"),
        (b"{\\rtf", "application/rtf"),
    ];
    let inner = data.get(8..12).unwrap_or_default();
    match data.get(..4).unwrap_or_default() {
        b"RIFF" if inner == b"WEBP" => return Some("image/webp"),
        b"RIFF" if inner == b"WAVE" => return Some("audio/wav"),
        _ => {}
    }
    if data.get(4..8) == Some(b"ftyp") {
        return match inner {
            b"avif" | b"avis" => Some("image/avif"),
            b"heic" | b"heix" | b"hevc" | b"hevx" => Some("image/heic"),
            b"mif1" | b"msf1" => Some("image/heif"),
            b"M4A " | b"M4B " => Some("audio/mp4"),
            _ => Some("video/mp4"),
        };
    }
    SIGNATURES.iter().find(|(start, _)| data.starts_with(start)).map(|(_, mime)| *mime)
}

fn is_text(data: &[u8]) -> bool {
    !data.is_empty() && !data.contains(&0) && std::str::from_utf8(data).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_known_by_their_first_bytes() {
        let cases: [(Kind, &[u8], Option<&str>); 16] = [
            (Kind::Image, b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            (Kind::Image, b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (Kind::Image, b"GIF89a", Some("image/gif")),
            (Kind::Image, b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (Kind::Image, b"\0\0\0\x20ftypheic", Some("image/heic")),
            (Kind::Image, b"%PDF-1.7", None),
            (Kind::Image, b"<html>", None),
            (Kind::Image, b"", None),
            (Kind::Audio, b"RIFF\x10\0\0\0WAVEfmt ", Some("audio/wav")),
            (Kind::Audio, b"ID3\x04", Some("audio/mpeg")),
            (Kind::Audio, b"\0\0\0\x20ftypM4A ", Some("audio/mp4")),
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
