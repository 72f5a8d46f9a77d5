//! What the sandbox can tell of a picture without looking at it: its type, its length and, from the first bytes of the
//! common types, its size.

use crate::domain::{chat::MediaSource, media_type};

/// Describes a picture or a document.
pub fn describe(source: &MediaSource) -> String {
    match source {
        MediaSource::Data { mime_type, data } => {
            let kind = media_type::of(data).unwrap_or(mime_type);
            match dimensions(kind, data) {
                Some((width, height)) => format!("{kind} of {} bytes, {width} x {height} pixels", data.len()),
                None => format!("{kind} of {} bytes", data.len()),
            }
        }
        MediaSource::Url { url, .. } => format!("one at {url}"),
        MediaSource::FileId(id) => format!("file {id}"),
    }
}

/// Returns width and height.
fn dimensions(kind: &str, data: &[u8]) -> Option<(u32, u32)> {
    match kind {
        "image/png" => Some((be32(data, 16)?, be32(data, 20)?)),
        "image/gif" => Some((le16(data, 6)?, le16(data, 8)?)),
        "image/webp" => webp(data),
        "image/jpeg" => jpeg(data),
        _ => None,
    }
}

/// Each of the three forms of WebP keeps its size in another way.
fn webp(data: &[u8]) -> Option<(u32, u32)> {
    match data.get(12..16)? {
        b"VP8 " => Some((le16(data, 26)? & 0x3fff, le16(data, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le16(data, 21)? | le16(data, 23)? << 16;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((le24(data, 24)? + 1, le24(data, 27)? + 1)),
        _ => None,
    }
}

/// Goes from segment to segment until the one that holds the size.
fn jpeg(data: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [mark, kind] = *data.get(at..at + 2)? else { return None };
        match (mark, kind) {
            // All frame headers, but not the three tables whose numbers lie between theirs.
            (0xff, 0xc0..=0xcf) if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                return Some((be16(data, at + 7)?, be16(data, at + 5)?));
            }
            (0xff, 0xff) => at += 1,
            (0xff, _) => at += 2 + be16(data, at + 2)? as usize,
            _ => return None,
        }
    }
}

fn be32(data: &[u8], at: usize) -> Option<u32> {
    Some(be16(data, at)? << 16 | be16(data, at + 2)?)
}

fn be16(data: &[u8], at: usize) -> Option<u32> {
    let [high, low] = *data.get(at..at + 2)? else { return None };
    Some(u32::from(high) << 8 | u32::from(low))
}

fn le16(data: &[u8], at: usize) -> Option<u32> {
    let [low, high] = *data.get(at..at + 2)? else { return None };
    Some(u32::from(high) << 8 | u32::from(low))
}

fn le24(data: &[u8], at: usize) -> Option<u32> {
    Some(le16(data, at)? | u32::from(*data.get(at + 2)?) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_first_bytes() {
        let cases: [(&str, &[u8], Option<(u32, u32)>); 9] = [
            ("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0", Some((640, 480))),
            ("gif", b"GIF89a\x80\x02\xe0\x01", Some((640, 480))),
            ("jpeg", b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80", Some((640, 480))),
            ("lossy", b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01", Some((640, 480))),
            ("lossless", b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0", Some((640, 480))),
            ("extended", b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0", Some((640, 480))),
            ("cut", b"\x89PNG\r\n\x1a\n\0\0", None),
            ("a jpeg that leads nowhere", b"\xff\xd8\xff\xe0\xff\xff", None),
            ("a jpeg that breaks off", b"\xff\xd8\xff\xe0\0\x02\0", None),
        ];
        for (name, data, want) in cases {
            assert_eq!(media_type::of(data).and_then(|kind| dimensions(kind, data)), want, "{name}");
        }
    }
}
