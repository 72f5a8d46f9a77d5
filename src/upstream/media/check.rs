//! Holds pictures and PDFs that come as bytes to what they are, and to what the provider takes.

use crate::{
    domain::{
        chat::{ChatRequest, File, Image, MediaSource, Part},
        error::{Error, ErrorKind, Result},
        media_type::{self, PDF, Verdict, verdict},
        usage::{Warning, WarningAction},
    },
    providers::{pictures::Pictures, place::Place},
};

/// Corrects the types of pictures and PDFs, and says which it corrected. What is none, or nothing for this provider, is
/// refused. `taken` is asked for only when there is something to hold to it.
pub(in crate::upstream) fn check<'a>(
    taken: impl Fn() -> Pictures<'a>,
    request: &mut ChatRequest,
) -> Result<Vec<Warning>> {
    let mut check = Check { taken, strict: request.strict, warnings: Vec::new() };
    for (at, message) in request.messages.iter_mut().enumerate() {
        for (number, part) in message.parts.iter_mut().enumerate() {
            let place = Place::message(at).part(number);
            match part {
                Part::ToolResult(result) => {
                    for (number, part) in result.parts.iter_mut().enumerate() {
                        check.part(place.result_part(number), part)?;
                    }
                }
                part => check.part(place, part)?,
            }
        }
    }
    Ok(check.warnings)
}

struct Check<F> {
    taken: F,
    strict: bool,
    warnings: Vec<Warning>,
}

impl<'a, F: Fn() -> Pictures<'a>> Check<F> {
    fn part(&mut self, place: Place, part: &mut Part) -> Result<()> {
        let (member, mime_type, data) = match part {
            Part::Image(Image { source: MediaSource::Data { mime_type, data }, .. }) => ("image", mime_type, data),
            Part::File(File { source: MediaSource::Data { mime_type, data }, .. })
                if media_type::of(data) == Some(PDF) || media_type::is_same(media_type::essence(mime_type), PDF) =>
            {
                ("file", mime_type, data)
            }
            _ => return Ok(()),
        };
        if member == "image" && media_type::of(data) == Some(PDF) && (self.taken)().find(PDF).is_some() {
            return Err(unsupported(place, member, "the bytes are a PDF: send it as a file, not as an image".into()));
        }
        let is_at_home = |found: &str| (found == PDF) == (member == "file");
        match verdict(mime_type, data) {
            Verdict::Agrees => {}
            Verdict::Told(found) if is_at_home(found) => found.clone_into(mime_type),
            Verdict::Mistaken(found) if is_at_home(found) => {
                self.correct(place.field(&format!("{member}.source.mime_type")), found)?;
                found.clone_into(mime_type);
            }
            Verdict::Told(_) | Verdict::Mistaken(_) | Verdict::Lies => {
                let taken = (self.taken)().list();
                let message = match media_type::of(data) {
                    Some(found) => format!("the bytes are {found}, which is not what was said; send one of {taken}"),
                    None => format!("the bytes are not of the type that was said; send one of {taken}"),
                };
                return Err(unsupported(place, member, message));
            }
        }
        self.hold(place, member, mime_type, data.len())
    }

    fn correct(&mut self, field: String, found: &str) -> Result<()> {
        let message = format!("sent as {found}, which is what the bytes are");
        if self.strict {
            let message = format!("the bytes are {found}, not what was said (the request is strict)");
            return Err(Error { field: Some(field), ..Error::new(ErrorKind::UnsupportedMediaType, message) });
        }
        self.warnings.push(Warning { field, action: WarningAction::Rewritten, message });
        Ok(())
    }

    /// Compares type and size with what the provider takes, and writes the type as the provider does.
    fn hold(&self, place: Place, member: &str, mime_type: &mut String, bytes: usize) -> Result<()> {
        let (pictures, said) = ((self.taken)(), media_type::essence(mime_type));
        let Some(taken) = pictures.find(said) else {
            let message = format!("the provider takes {} only", pictures.list());
            return Err(unsupported(place, member, message));
        };
        if let Some(limit) = taken.max_bytes.filter(|limit| bytes > *limit) {
            let message =
                format!("the provider takes {} of {limit} bytes at most: send a smaller one", taken.mime_type);
            let error = Error::new(ErrorKind::TooLarge, message).with("limit_bytes", limit.to_string());
            return Err(Error { field: Some(place.field(&format!("{member}.source.data"))), ..error });
        }
        if !pictures.knows(mime_type) {
            *mime_type = taken.name_of(said).to_owned();
        }
        Ok(())
    }
}

fn unsupported(place: Place, member: &str, message: String) -> Error {
    let field = Some(place.field(&format!("{member}.source.mime_type")));
    Error { field, ..Error::new(ErrorKind::UnsupportedMediaType, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Message, Role};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
    const PDF_BYTES: &[u8] = b"%PDF-1.7";

    fn image(mime_type: &str, data: &'static [u8]) -> Part {
        let data = bytes::Bytes::from_static(data);
        Part::Image(Image { source: MediaSource::Data { mime_type: mime_type.into(), data }, detail: None })
    }

    fn file(mime_type: &str, data: &'static [u8]) -> Part {
        let data = bytes::Bytes::from_static(data);
        let source = MediaSource::Data { mime_type: mime_type.into(), data };
        Part::File(File { source, filename: String::new() })
    }

    /// What becomes of a part at a provider that takes small JPEG and PNG, and PDF: the type that is sent and how often
    /// the caller is warned, or the error with its field.
    fn checked(part: Part, strict: bool) -> Result<(String, usize), (ErrorKind, String)> {
        let messages = vec![Message { role: Role::User, parts: vec![part], name: String::new() }];
        let mut request = ChatRequest { messages, strict, ..ChatRequest::default() };
        let taken = || Pictures::of(["image/jpeg", "image/png"], Some(12)).and_pdf(true, None);
        match check(taken, &mut request) {
            Ok(warnings) => match &request.messages[0].parts[0] {
                Part::Image(Image { source: MediaSource::Data { mime_type, .. }, .. })
                | Part::File(File { source: MediaSource::Data { mime_type, .. }, .. }) => {
                    Ok((mime_type.clone(), warnings.len()))
                }
                other => panic!("{other:?}"),
            },
            Err(error) => Err((error.kind, error.field.unwrap_or_default())),
        }
    }

    #[test]
    fn pictures_are_held_to_their_bytes_and_to_the_provider() {
        let good = |mime_type: &str, warnings| Ok((mime_type.to_owned(), warnings));
        let bad = |kind, member: &str| Err((kind, format!("prompt.messages[0].parts[0].{member}")));
        let wrong_type = |member: &str| bad(ErrorKind::UnsupportedMediaType, &format!("{member}.source.mime_type"));
        let cases = [
            ("as said", image("image/png", PNG), good("image/png", 0)),
            ("another name", image("IMAGE/PNG; x=y", PNG), good("image/png", 0)),
            ("nothing said", image("application/octet-stream", PNG), good("image/png", 0)),
            ("mistaken", image("image/jpeg", PNG), good("image/png", 1)),
            ("a zip", image("image/png", b"PK\x03\x04"), wrong_type("image")),
            ("text", image("image/png", b"hello"), wrong_type("image")),
            ("a PDF as a picture", image("image/png", PDF_BYTES), wrong_type("image")),
            ("a PDF that says so", image("application/pdf", PDF_BYTES), wrong_type("image")),
            ("not taken", image("image/gif", b"GIF89a"), wrong_type("image")),
            ("unknown", image("image/svg+xml", b"<svg>"), wrong_type("image")),
            ("too large", image("image/png", b"\x89PNG\r\n\x1a\n....."), bad(ErrorKind::TooLarge, "image.source.data")),
            ("a PDF", file("application/pdf", PDF_BYTES), good("application/pdf", 0)),
            ("a PDF by mistake", file("text/plain", PDF_BYTES), good("application/pdf", 1)),
            ("no PDF", file("application/pdf", b"hello"), wrong_type("file")),
            ("another document", file("text/plain", b"hello"), good("text/plain", 0)),
        ];
        for (name, part, want) in cases {
            assert_eq!(checked(part, false), want, "{name}");
        }
        assert_eq!(checked(image("image/jpeg", PNG), true), wrong_type("image"), "strict");
    }
}
