//! Bytes that stand as text in a request. They become base64 while the body is written, straight into it: a picture of
//! many megabytes has no text of its own in between.

use std::borrow::Cow;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::domain::chat::{Audio, ChatRequest, File, Image, MediaSource, Part};

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
            Self::Base64(data) => serializer.collect_str(&Base64Display::new(data, &STANDARD)),
            Self::DataUrl { mime_type, data } => {
                let data = Base64Display::new(data, &STANDARD);
                serializer.collect_str(&format_args!("data:{mime_type};base64,{data}"))
            }
        }
    }
}

/// Writes a body. Room for the media of the request is made at once: growing bit by bit would need them twice.
pub fn to_json(body: &impl Serialize, request: &ChatRequest) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(room(request));
    serde_json::to_writer(&mut json, body)?;
    Ok(json)
}

/// About as many bytes as the media of a request take as base64, and some for everything around them.
fn room(request: &ChatRequest) -> usize {
    const AROUND: usize = 1024;
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    AROUND + request.provider_options.len() + parts.map(room_of).sum::<usize>()
}

fn room_of(part: &Part) -> usize {
    let source = match part {
        Part::Image(Image { source, .. }) | Part::File(File { source, .. }) => source,
        Part::Audio(Audio { source: Some(source), .. }) => source,
        Part::ToolResult(result) => return result.parts.iter().map(room_of).sum(),
        _ => return 0,
    };
    match source {
        MediaSource::Data { data, .. } => Bytes::len(data).div_ceil(3) * 4,
        MediaSource::Url { url, .. } => url.len(),
        MediaSource::FileId(_) => 0,
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
    fn a_body_with_media_is_written_without_growing() {
        let data = Bytes::from(vec![7; 100_000]);
        let source = MediaSource::Data { mime_type: "image/png".into(), data: data.clone() };
        let image = Part::Image(Image { source, detail: None });
        let messages = vec![Message { role: Role::User, parts: vec![image], name: String::new() }];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let json = to_json(&MediaText::Base64(&data), &request).unwrap();
        assert_eq!(json.capacity(), room(&request));
        assert!(json.len() > 133_000);
    }
}
