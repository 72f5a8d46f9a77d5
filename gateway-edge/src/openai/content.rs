//! Content parts of messages: text, pictures, sound and documents, inline or by address.

use std::borrow::Cow;

use base64::{Engine as _, alphabet, engine::general_purpose, engine::general_purpose::GeneralPurpose};
use bytes::Bytes;

use crate::{error::Failure, pb};

use super::{
    body::{AudioBody, FileBody, ImageBody, PartBody},
    lenient::StringOr,
    words::{DETAILS, PARTS, PartKind, one_of},
};
use pb::{media_source::Source, part::Content};

/// Standard base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    general_purpose::NO_PAD.with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// Where a part stands, for failures.
#[derive(Clone, Copy)]
pub struct At {
    /// `messages`, or what an interface calls its list.
    pub list: &'static str,
    pub item: usize,
    /// `content`, or what an item calls its parts.
    pub member: &'static str,
    pub part: usize,
}

impl At {
    pub fn field(self, name: &str) -> String {
        let Self { list, item, member, part } = self;
        format!("{list}[{item}].{member}[{part}].{name}")
    }
}

pub fn text(text: String) -> pb::Part {
    pb::Part { content: Some(Content::Text(pb::TextPart { text })) }
}

pub fn part(body: PartBody<'_>, at: At) -> Result<pb::Part, Failure> {
    let missing = |name: &'static str| move || Failure::missing(at.field(name));
    let kind = body.r#type.as_deref().ok_or_else(missing("type"))?;
    let content = match one_of(kind, PARTS, || at.field("type"))? {
        PartKind::Text => Content::Text(pb::TextPart { text: body.text.ok_or_else(missing("text"))? }),
        PartKind::Refusal => Content::Refusal(pb::RefusalPart { text: body.refusal.ok_or_else(missing("refusal"))? }),
        PartKind::Image => Content::Image(image(body.image_url.ok_or_else(missing("image_url"))?, at)?),
        PartKind::Audio => Content::Audio(audio(body.input_audio.ok_or_else(missing("input_audio"))?, at)?),
        PartKind::File => Content::File(file(body.file.ok_or_else(missing("file"))?, at)?),
    };
    Ok(pb::Part { content: Some(content) })
}

fn image(body: StringOr<ImageBody<'_>>, at: At) -> Result<pb::ImagePart, Failure> {
    // Mistral's clients write the address where OpenAI's write an object.
    let (url, detail) = match body {
        StringOr::String(url) => (Cow::Owned(url), None),
        StringOr::Other(image) => {
            let url = image.url.ok_or_else(|| Failure::missing(at.field("image_url.url")))?;
            (url.0, image.detail)
        }
    };
    let field = || at.field("image_url.url");
    let source = if is_data_url(&url) {
        data_url(&url, field)?
    } else if url.starts_with("http://") || url.starts_with("https://") {
        address(url)
    } else {
        let message = "Invalid image URL: expected an http or https address or a data URL with base64 data.";
        return Err(Failure::invalid(field(), message));
    };
    Ok(pb::ImagePart { source: Some(source), detail: self::detail(detail.as_deref(), at)?.into() })
}

fn detail(detail: Option<&str>, at: At) -> Result<pb::ImageDetail, Failure> {
    match detail {
        Some(detail) => one_of(detail, DETAILS, || at.field("image_url.detail")),
        None => Ok(pb::ImageDetail::Unspecified),
    }
}

/// A picture that the provider has stored, which only Responses have.
pub fn stored_image(id: String, detail: Option<&str>, at: At) -> Result<pb::Part, Failure> {
    let source = Some(pb::MediaSource { source: Some(Source::FileId(id)), mime_type: String::new() });
    let image = pb::ImagePart { source, detail: self::detail(detail, at)?.into() };
    Ok(pb::Part { content: Some(Content::Image(image)) })
}

fn audio(body: AudioBody<'_>, at: At) -> Result<pb::AudioPart, Failure> {
    let field = || at.field("input_audio.data");
    let data = body.data.ok_or_else(|| Failure::missing(field()))?;
    let source = if is_data_url(&data) {
        data_url(&data, field)?
    } else {
        let format = body.format.ok_or_else(|| Failure::missing(at.field("input_audio.format")))?;
        let mime_type = match &*format {
            "mp3" => "audio/mpeg".to_owned(),
            other => format!("audio/{other}"),
        };
        inline(decode(&data, field)?, mime_type)
    };
    Ok(pb::AudioPart { source: Some(source), audio_id: String::new() })
}

fn file(body: FileBody<'_>, at: At) -> Result<pb::FilePart, Failure> {
    let field = || at.field("file.file_data");
    let filename = body.filename.unwrap_or_default();
    let source = match (body.file_data, body.file_id) {
        (Some(data), _) if is_data_url(&data) => data_url(&data, field)?,
        (Some(data), _) if data.starts_with("http://") || data.starts_with("https://") => address(data.0),
        (Some(data), _) => {
            let pdf = filename.to_ascii_lowercase().ends_with(".pdf");
            let mime_type = if pdf { "application/pdf" } else { "application/octet-stream" };
            inline(decode(&data, field)?, mime_type.to_owned())
        }
        (None, Some(id)) => pb::MediaSource { source: Some(Source::FileId(id)), mime_type: String::new() },
        (None, None) => return Err(Failure::missing(field())),
    };
    Ok(pb::FilePart { source: Some(source), filename })
}

fn address(url: Cow<'_, str>) -> pb::MediaSource {
    pb::MediaSource { source: Some(Source::Url(url.into_owned())), mime_type: String::new() }
}

fn inline(data: Bytes, mime_type: String) -> pb::MediaSource {
    pb::MediaSource { source: Some(Source::Data(data)), mime_type }
}

fn is_data_url(url: &str) -> bool {
    url.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"))
}

/// Reads `data:<type>[;<parameter>]*;base64,<data>`.
fn data_url(url: &str, field: impl Fn() -> String) -> Result<pb::MediaSource, Failure> {
    let refuse = || {
        let message = "Invalid data URL: expected `data:<media type>;base64,<data>`.";
        Failure::invalid(field(), message)
    };
    let (head, data) = url.get(5..).and_then(|rest| rest.split_once(',')).ok_or_else(refuse)?;
    let mut parameters = head.split(';').map(str::trim);
    let mime_type = parameters.next().filter(|mime| mime.contains('/')).ok_or_else(refuse)?.to_ascii_lowercase();
    if !parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
        return Err(refuse());
    }
    Ok(inline(decode(data, field)?, mime_type))
}

fn decode(data: &str, field: impl Fn() -> String) -> Result<Bytes, Failure> {
    if let Ok(bytes) = BASE64.decode(data) {
        return Ok(bytes.into());
    }
    // MIME encoders break lines; nobody else has white space here.
    let packed: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let refuse = |_| Failure::invalid(field(), "Invalid base64 data.");
    BASE64.decode(packed).map(Bytes::from).map_err(refuse)
}
