//! Recognises media by their first bytes: what somebody says they are is no proof.

pub const PDF: &str = "application/pdf";

/// Names that mean the same. The first of each row is the one that [`of`] gives.
const SYNONYMS: [&[&str]; 4] = [
    &["image/jpeg", "image/jpg", "image/pjpeg"],
    // One container; its brand tells little of what the pictures in it are.
    &["image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"],
    &["image/bmp", "image/x-ms-bmp"],
    &["image/png", "image/x-png"],
];

/// Types that say nothing about the bytes.
const ANY: [&str; 4] = ["", "application/octet-stream", "binary/octet-stream", "image/*"];

/// Types of pictures and documents that the bytes are held to: each is known by how it begins.
const KNOWN: [&str; 9] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/avif", "image/bmp", "image/tiff", PDF];

/// Returns the type of bytes that begin in a known way.
pub fn of(data: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 16] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"%PDF-", PDF),
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

/// Whether the bytes are text of any kind.
pub fn is_text(data: &[u8]) -> bool {
    !data.is_empty() && !data.contains(&0) && std::str::from_utf8(data).is_ok()
}

/// Returns a type without its parameters and spaces.
pub fn essence(mime_type: &str) -> &str {
    mime_type.split(';').next().unwrap_or_default().trim()
}

/// Whether two names are names of one type.
pub fn is_same(one: &str, other: &str) -> bool {
    let row = |name: &str| SYNONYMS.iter().position(|row| row.iter().any(|known| known.eq_ignore_ascii_case(name)));
    one.eq_ignore_ascii_case(other) || row(one).is_some_and(|found| row(other) == Some(found))
}

/// What the bytes of a picture or a PDF say about the type they came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They agree, or nothing is known of either.
    Agrees,
    /// No type came with them; this is theirs.
    Told(&'static str),
    /// They are a picture or a PDF, but of this type.
    Mistaken(&'static str),
    /// They are neither a picture nor a PDF.
    Lies,
}

/// Compares a type with the bytes that came with it.
pub fn verdict(mime_type: &str, data: &[u8]) -> Verdict {
    let (said, found) = (essence(mime_type), of(data));
    let is_said = |name: &&str| is_same(name, said);
    match found.filter(|found| found.starts_with("image/") || *found == PDF) {
        Some(found) if is_same(found, said) => Verdict::Agrees,
        Some(found) if ANY.iter().any(|any| any.eq_ignore_ascii_case(said)) => Verdict::Told(found),
        Some(found) => Verdict::Mistaken(found),
        None if found.is_some() || KNOWN.iter().any(|known| is_said(&known)) => Verdict::Lies,
        None => Verdict::Agrees,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
    const ZIP: &[u8] = b"PK\x03\x04....";

    #[test]
    fn media_are_known_by_their_first_bytes() {
        let cases: [(&[u8], Option<&str>); 14] = [
            (PNG, Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x20ftypheic", Some("image/heic")),
            (b"\0\0\0\x20ftypmif1", Some("image/heif")),
            (b"\0\0\0\x20ftypavif", Some("image/avif")),
            (b"%PDF-1.7", Some(PDF)),
            (ZIP, Some("application/zip")),
            (b"RIFF\x10\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"\0\0\0\x20ftypM4A ", Some("audio/mp4")),
            (b"<html>", None),
            (b"\x89PNG", None),
            (b"", None),
        ];
        for (data, want) in cases {
            assert_eq!(of(data), want, "{data:?}");
        }
    }

    #[test]
    fn the_bytes_decide_what_a_picture_is() {
        let cases: [(&str, &[u8], Verdict); 15] = [
            ("image/png", PNG, Verdict::Agrees),
            ("IMAGE/PNG; charset=x", PNG, Verdict::Agrees),
            ("image/jpg", b"\xff\xd8\xff\xe0", Verdict::Agrees),
            ("image/heif", b"\0\0\0\x20ftypheic", Verdict::Agrees),
            ("", PNG, Verdict::Told("image/png")),
            ("application/octet-stream", b"%PDF-1.7", Verdict::Told(PDF)),
            ("image/jpeg", PNG, Verdict::Mistaken("image/png")),
            ("application/pdf", PNG, Verdict::Mistaken("image/png")),
            ("text/plain", PNG, Verdict::Mistaken("image/png")),
            ("image/png", ZIP, Verdict::Lies),
            ("application/zip", ZIP, Verdict::Lies),
            ("image/png", b"hello", Verdict::Lies),
            ("image/png", b"", Verdict::Lies),
            ("application/pdf", b"hello", Verdict::Lies),
            ("image/svg+xml", b"<svg>", Verdict::Agrees),
        ];
        for (said, data, want) in cases {
            assert_eq!(verdict(said, data), want, "{said:?} {data:?}");
        }
    }

    #[test]
    fn text_is_utf8_without_zeros() {
        for (data, want) in [("при\u{2764}вет".as_bytes(), true), (b"\xff\xff", false), (b"a\0", false), (b"", false)]
        {
            assert_eq!(is_text(data), want, "{data:?}");
        }
    }
}
