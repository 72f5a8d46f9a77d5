//! Bytes that stand as base64 in a request. Of large ones the JSON holds a mark only: [`cut`] turns the marks into places,
//! and the driver writes the base64 there while it sends. A picture of many megabytes is never held as text.

use std::{
    borrow::Cow,
    fmt::{self, Display},
};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use bytes::Bytes;
use memchr::memmem;
use serde::{Serialize, Serializer};

use crate::domain::chat::{Audio, ChatRequest, File, Image, MediaSource, Part};

/// From this size on bytes are large.
const LARGE: usize = 64 << 10;
/// Around the address and the length of large bytes. Where somebody writes such a mark himself, it stays what it is: only
/// the request's own bytes are looked for.
const BEGIN: &str = "\u{f8ff}media:";
const END: &str = "\u{f8ff}";

/// Bytes that belong into a body as base64, and before which of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inserted {
    pub at: usize,
    pub data: Bytes,
}

/// A text of a request, or bytes that become one.
#[derive(Debug)]
pub enum MediaText<'a> {
    Text(Cow<'a, str>),
    /// `iVBO…`
    Base64(&'a [u8]),
    /// `data:image/png;base64,iVBO…`
    DataUrl {
        mime_type: &'a str,
        data: &'a [u8],
    },
}

impl Serialize for MediaText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Base64(data) => serializer.collect_str(&Base64OrMark(data)),
            Self::DataUrl { mime_type, data } => {
                serializer.collect_str(&format_args!("data:{mime_type};base64,{}", Base64OrMark(data)))
            }
        }
    }
}

struct Base64OrMark<'a>(&'a [u8]);

impl Display for Base64OrMark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(data) = self;
        if data.len() < LARGE {
            return Base64Display::new(data, &STANDARD).fmt(f);
        }
        f.write_str(&mark(data))
    }
}

fn mark(data: &[u8]) -> String {
    format!("{BEGIN}{:x}-{:x}{END}", data.as_ptr().addr(), data.len())
}

/// Cuts the marks of the request's large bytes out of a body, and returns what belongs where.
pub fn cut(mut body: Vec<u8>, request: &ChatRequest) -> (Bytes, Vec<Inserted>) {
    let mut large = Vec::new();
    request.messages.iter().flat_map(|message| &message.parts).for_each(|part| find_large(part, &mut large));
    let mut inserted: Vec<Inserted> = Vec::new();
    for data in large {
        let mark = mark(data);
        while let Some(at) = memmem::find(&body, mark.as_bytes()) {
            body.drain(at..at + mark.len());
            inserted.iter_mut().filter(|other| other.at > at).for_each(|other| other.at -= mark.len());
            inserted.push(Inserted { at, data: data.clone() });
        }
    }
    inserted.sort_by_key(|one| one.at);
    (Bytes::from(body), inserted)
}

fn find_large<'a>(part: &'a Part, found: &mut Vec<&'a Bytes>) {
    let source = match part {
        Part::Image(Image { source, .. }) | Part::File(File { source, .. }) => source,
        Part::Audio(Audio { source: Some(source), .. }) => source,
        Part::ToolResult(result) => return result.parts.iter().for_each(|part| find_large(part, found)),
        _ => return,
    };
    if let MediaSource::Data { data, .. } = source
        && data.len() >= LARGE
    {
        found.push(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Message, Role};

    #[test]
    fn bytes_become_text() {
        let cases = [
            (MediaText::Text("a\"b".into()), r#""a\"b""#),
            (MediaText::Base64(b"\xff\xfe"), r#""//4=""#),
            (MediaText::Base64(b""), r#""""#),
            (MediaText::DataUrl { mime_type: "image/png", data: b"abc" }, r#""data:image/png;base64,YWJj""#),
            (MediaText::DataUrl { mime_type: "a\"b", data: b"abc" }, r#""data:a\"b;base64,YWJj""#),
        ];
        for (text, want) in cases {
            assert_eq!(serde_json::to_string(&text).unwrap(), want);
        }
    }

    #[test]
    fn large_bytes_are_told_apart_by_their_places() {
        let image = |data: &Bytes| {
            let source = MediaSource::Data { mime_type: "image/png".into(), data: data.clone() };
            Part::Image(Image { source, detail: None })
        };
        let [one, other, small] = [LARGE, LARGE, 3].map(|length| Bytes::from(vec![7; length]));
        let stranger = Bytes::from(vec![7; LARGE]);
        let parts = vec![image(&one), image(&small), image(&other)];
        let messages = vec![Message { role: Role::User, parts, name: String::new() }];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let foreign = mark(&stranger);
        let url = |data| MediaText::DataUrl { mime_type: "a", data };
        // In another order than in the request, one of them twice.
        let texts = [url(&other), MediaText::Text(foreign.as_str().into()), url(&one), url(&small), url(&other)];
        let (body, inserted) = cut(serde_json::to_vec(&texts).unwrap(), &request);
        let head = "\"data:a;base64,";
        let want = format!("[{head}\",\"{foreign}\",{head}\",{head}BwcH\",{head}\"]");
        assert_eq!(body, want);
        let second = "[".len() + head.len() + "\",\"".len() + foreign.len() + "\",".len() + head.len();
        let places: Vec<_> = inserted.iter().map(|one| (one.at, one.data.as_ptr())).collect();
        let last = want.len() - "\"]".len();
        assert_eq!(places, [(1 + head.len(), other.as_ptr()), (second, one.as_ptr()), (last, other.as_ptr())]);
    }
}
