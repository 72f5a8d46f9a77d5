//! Writing JSON into memory and into one line: what all stream writers share.

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

/// Characters at which readers that split lines as Unicode does (httpx's `iter_lines`, Python's `splitlines`) would break
/// an event, although JSON may leave them as they are.
const BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Writes JSON into memory, which cannot fail.
pub fn json<W: std::io::Write, T: Serialize + ?Sized>(mut out: W, value: &T) {
    let _ = serde_json::to_writer(&mut out, value);
}

/// Writes a JSON string that stays on its line.
pub fn json_text(text: &str, out: &mut BytesMut) {
    if !text.contains(BREAKS) {
        return json(out.writer(), text);
    }
    let mut whole = Vec::with_capacity(text.len() + 16);
    json(&mut whole, text);
    put_line(&String::from_utf8(whole).unwrap_or_default(), out);
}

/// Writes a value that may hold other people's text, in one line.
pub fn json_line<T: Serialize + ?Sized>(value: &T, out: &mut BytesMut) {
    let mut whole = Vec::with_capacity(256);
    json(&mut whole, value);
    put_line(&String::from_utf8(whole).unwrap_or_default(), out);
}

/// Writes JSON that is text already, in one line: JSON allows line breaks between tokens, an event does not.
pub fn put_line(json: &str, out: &mut BytesMut) {
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| matches!(c, '\n' | '\r') || BREAKS.contains(&c)) {
        let found = rest[at..].chars().next().unwrap_or_default();
        out.put_slice(&rest.as_bytes()[..at]);
        // These can only stand inside strings, where an escape means the same.
        if BREAKS.contains(&found) {
            out.put_slice(format!("\\u{:04x}", u32::from(found)).as_bytes());
        }
        rest = &rest[at + found.len_utf8()..];
    }
    out.put_slice(rest.as_bytes());
}
