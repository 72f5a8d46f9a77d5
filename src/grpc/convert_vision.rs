//! The contract's extractions to the domain's and back. What a caller can get wrong is refused here, by field path.

use bytes::Bytes;

use super::{
    convert_completion::{reason_to_pb, seconds},
    convert_request::{check_json_object, check_labels, detail, is_address, within},
    convert_usage::{attempt_to_pb, cost_to_pb, usage_to_pb, warning_to_pb},
};
use crate::{
    domain::{
        chat::{MediaSource, Part},
        completion::ChatCompletion,
        error::{Error, ErrorKind, Result},
        event::FinishReason,
        extraction::Extraction,
        usage::Warning,
    },
    pb,
};

/// The message that asks: a field of the chat that an extraction is has another path in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// `ExtractTextRequest` and `StreamExtractTextRequest`.
    Message,
    /// `UploadAndExtractTextRequest`.
    Upload,
}

impl Fields {
    /// Names the field of an error as the caller knows it.
    pub fn rename(self, error: Error) -> Error {
        Error { field: error.field.map(|field| self.path(&field)), ..error }
    }

    pub fn rename_warning(self, warning: Warning) -> Warning {
        Warning { field: self.path(&warning.field), ..warning }
    }

    /// Turns a path of the chat into one of the request. The picture is the first part of its only message, the prompt
    /// the second.
    fn path(self, field: &str) -> String {
        const PICTURES: [&str; 4] = [
            "prompt.messages[0].parts[0].image.source",
            "prompt.messages[0].parts[0].file.source",
            "messages.parts.image.source",
            "messages.parts.file.source",
        ];
        let (image, options) = match self {
            Self::Message => ("image", "options"),
            Self::Upload => ("header", "header.options"),
        };
        if let Some(rest) = PICTURES.iter().find_map(|start| field.strip_prefix(start)) {
            return format!("{image}{rest}");
        }
        match field.strip_prefix("prompt.") {
            Some("messages[0].parts[0].image.detail") => format!("{options}.detail"),
            Some("messages[0].parts[0].file.filename") => format!("{image}.filename"),
            Some(rest) if rest.starts_with("messages[0].parts[1]") => format!("{options}.prompt"),
            Some(rest) if rest.starts_with("messages") => image.to_owned(),
            Some(rest) => format!("{options}.{rest}"),
            None if self == Self::Upload && field.starts_with("image") => "chunk".to_owned(),
            None => field.to_owned(),
        }
    }
}

/// Converts and validates the two fields that unary and streamed requests share.
pub fn extraction_of(image: Option<pb::MediaSource>, options: Option<pb::ExtractionOptions>) -> Result<Extraction> {
    extraction(picture(image)?, String::new(), options.unwrap_or_default(), "options")
}

/// Converts and validates an upload that is complete.
pub fn uploaded(header: pb::ExtractionUploadHeader, data: Bytes) -> Result<Extraction> {
    let picture = MediaSource::Data { mime_type: header.mime_type, data };
    extraction(picture, header.filename, header.options.unwrap_or_default(), "header.options")
}

fn picture(image: Option<pb::MediaSource>) -> Result<MediaSource> {
    use pb::media_source::Source;
    let missing = || {
        let message = "image is required: its bytes, an address or the id of a file";
        Error::invalid("image", message).with("code", "missing_required_parameter")
    };
    let image = image.ok_or_else(missing)?;
    match image.source.ok_or_else(missing)? {
        Source::Data(data) if data.is_empty() => Err(Error::invalid("image.data", "image.data is empty")),
        Source::Data(data) => Ok(MediaSource::Data { mime_type: image.mime_type, data }),
        Source::Url(url) if url.starts_with("data:") => {
            Err(Error::invalid("image.url", "image.url is a data URL: send its bytes as image.data"))
        }
        Source::Url(url) if !is_address(&url) => {
            Err(Error::invalid("image.url", "image.url must be an http or https address"))
        }
        Source::Url(url) => Ok(MediaSource::Url { url, mime_type: image.mime_type }),
        Source::FileId(id) => Ok(MediaSource::FileId(id)),
    }
}

fn extraction(
    picture: MediaSource,
    filename: String,
    options: pb::ExtractionOptions,
    path: &str,
) -> Result<Extraction> {
    within(&format!("{path}.temperature"), options.temperature, 0.0, 2.0)?;
    let most = options.max_output_tokens.map(f64::from);
    within(&format!("{path}.max_output_tokens"), most, 1.0, f64::from(u32::MAX))?;
    check_json_object(&format!("{path}.provider_options"), &options.provider_options)?;
    check_labels(&format!("{path}.metadata"), &options.metadata)?;
    Ok(Extraction {
        picture,
        filename,
        detail: detail(options.detail),
        model: options.model,
        prompt: options.prompt,
        max_output_tokens: options.max_output_tokens,
        temperature: options.temperature,
        metadata: options.metadata.into_iter().collect(),
        end_user_id: options.end_user_id,
        provider_options: options.provider_options,
        strict: options.strict,
    })
}

/// Converts the answer: its first choice, of which only the text counts.
pub fn extraction_to_pb(completion: ChatCompletion, fields: Fields) -> Result<pb::TextExtraction> {
    let Some(choice) = completion.choices.into_iter().next() else {
        return Err(Error::new(ErrorKind::Internal, "a completion without a choice"));
    };
    let refused = choice.message.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let reason = if refused { FinishReason::ContentFilter } else { choice.finish_reason };
    let texts = choice.message.parts.into_iter().filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    let warnings = completion.warnings.into_iter().map(|warning| warning_to_pb(fields.rename_warning(warning)));
    Ok(pb::TextExtraction {
        id: completion.id,
        create_time: Some(seconds(completion.created)),
        text: texts.collect(),
        model: completion.model,
        provider: completion.provider,
        finish_reason: reason_to_pb(reason).into(),
        native_finish_reason: choice.native_finish_reason,
        usage: completion.usage.map(usage_to_pb),
        cost: completion.cost.map(cost_to_pb),
        attempts: completion.attempts.into_iter().map(attempt_to_pb).collect(),
        warnings: warnings.collect(),
    })
}

#[cfg(test)]
mod tests;
