//! How large a picture may be, wherever in a request it stands. A PDF is held to the same.

use super::{
    chat::{File, Image, MediaSource, Message, Part},
    error::{Error, ErrorKind, Result},
    media_type,
};

/// Most bytes of one picture.
#[derive(Clone, Copy, Debug)]
pub struct ImageLimit(pub usize);

impl ImageLimit {
    /// Refuses messages with a picture that is too large, by its path in the contract.
    pub fn hold(self, messages: &[Message]) -> Result<()> {
        for (at, message) in messages.iter().enumerate() {
            self.hold_parts(&message.parts, &|| format!("prompt.messages[{at}]"))?;
        }
        Ok(())
    }

    fn hold_parts(self, parts: &[Part], parent: &dyn Fn() -> String) -> Result<()> {
        for (at, part) in parts.iter().enumerate() {
            let path = || format!("{}.parts[{at}]", parent());
            match part {
                // The contract has no result inside a result, so this goes one step down.
                Part::ToolResult(result) => self.hold_parts(&result.parts, &|| format!("{}.tool_result", path()))?,
                Part::Image(Image { source: MediaSource::Data { data, .. }, .. }) => {
                    self.check(data.len() as u64, || format!("{}.image.source.data", path()))?;
                }
                Part::File(File { source: MediaSource::Data { data, .. }, .. })
                    if media_type::of(data) == Some(media_type::PDF) =>
                {
                    self.check(data.len() as u64, || format!("{}.file.source.data", path()))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Refuses a picture of that many bytes if they are too many.
    pub fn check(self, bytes: u64, field: impl FnOnce() -> String) -> Result<()> {
        let Self(limit) = self;
        if bytes <= limit as u64 {
            return Ok(());
        }
        let message = format!("the image is larger than {limit} bytes (AIGW_MAX_IMAGE_BYTES): send a smaller one");
        let error = Error::new(ErrorKind::TooLarge, message).with("limit_bytes", limit.to_string());
        Err(Error { field: Some(field()), ..error.with("setting", "AIGW_MAX_IMAGE_BYTES") })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::domain::chat::{Role, ToolResult};

    fn data(data: &'static [u8]) -> MediaSource {
        MediaSource::Data { mime_type: "image/png".into(), data: Bytes::from_static(data) }
    }

    fn image(bytes: &'static [u8]) -> Part {
        Part::Image(Image { source: data(bytes), detail: None })
    }

    fn file(bytes: &'static [u8]) -> Part {
        Part::File(File { source: data(bytes), filename: String::new() })
    }

    #[test]
    fn a_picture_is_held_to_the_limit_wherever_it_stands() {
        let said = || Part::Text("more than ten bytes of text".into());
        let result =
            |part| ToolResult { tool_call_id: "c".into(), name: String::new(), parts: vec![part], is_error: false };
        let address = MediaSource::Url { url: "https://a.example/long.png".into(), mime_type: String::new() };
        let rows = [
            (image(b"0123456789"), None),
            (image(b"0123456789a"), Some("prompt.messages[1].parts[1].image.source.data")),
            (file(b"%PDF-1.700a"), Some("prompt.messages[1].parts[1].file.source.data")),
            (file(b"0123456789a"), None),
            (Part::Image(Image { source: address, detail: None }), None),
            (
                Part::ToolResult(result(image(b"0123456789a"))),
                Some("prompt.messages[1].parts[1].tool_result.parts[0].image.source.data"),
            ),
        ];
        for (part, field) in rows {
            let message = |parts| Message { role: Role::User, parts, name: String::new() };
            let held = ImageLimit(10).hold(&[message(vec![said()]), message(vec![said(), part])]);
            assert_eq!(held.as_ref().err().and_then(|error| error.field.as_deref()), field);
            let Err(error) = held else { continue };
            assert_eq!(error.kind, ErrorKind::TooLarge);
            assert!(error.message.contains("10 bytes (AIGW_MAX_IMAGE_BYTES)"), "{error}");
            assert!(error.metadata.contains(&("limit_bytes", "10".to_owned())), "{:?}", error.metadata);
        }
    }
}
