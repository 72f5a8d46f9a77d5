//! The options of a request that are more than a number: formats, levels, audio.

use std::collections::HashMap;

use crate::{error::Failure, pb};

use super::{
    body::{AudioOptions, JsonSchemaBody, Prediction, ResponseFormatBody},
    lenient::{Int, Str, StringOr},
    words::{FORMATS, FormatKind, MODALITIES, one_of},
};

/// Returns a count as the contract has it.
pub fn count(value: Option<Int>, param: &'static str) -> Result<Option<u32>, Failure> {
    let Some(Int(value)) = value else { return Ok(None) };
    u32::try_from(value).map(Some).map_err(|_| {
        Failure::invalid(param, format!("Invalid '{param}': expected an integer from 0 to 4294967295, got {value}."))
    })
}

pub fn modalities(list: Vec<Str<'_>>) -> Result<Vec<i32>, Failure> {
    let one = |(i, name): (usize, &Str<'_>)| Ok(one_of(name, MODALITIES, || format!("modalities[{i}]"))?.into());
    list.iter().enumerate().map(one).collect()
}

pub fn audio(audio: AudioOptions) -> Result<pb::AudioOutputOptions, Failure> {
    let voice = match audio.voice {
        Some(StringOr::String(name)) => Some(name),
        Some(StringOr::Other(voice)) => voice.id,
        None => None,
    };
    Ok(pb::AudioOutputOptions {
        voice: voice.ok_or_else(|| Failure::missing("audio.voice"))?,
        format: audio.format.ok_or_else(|| Failure::missing("audio.format"))?,
    })
}

pub fn predicted_output(prediction: Prediction<'_>) -> Result<String, Failure> {
    match prediction.content {
        Some(StringOr::String(text)) => Ok(text),
        Some(StringOr::Other(parts)) => Ok(parts.into_iter().filter_map(|part| part.text).collect()),
        None => Err(Failure::missing("prediction.content")),
    }
}

pub fn response_format(format: ResponseFormatBody<'_>) -> Result<pb::ResponseFormat, Failure> {
    use pb::response_format::Format;
    let kind = format.r#type.as_deref().ok_or_else(|| Failure::missing("response_format.type"))?;
    let format = match one_of(kind, FORMATS, || "response_format.type".into())? {
        FormatKind::Text => Format::Text(pb::TextFormat {}),
        FormatKind::Json => Format::JsonObject(pb::JsonObjectFormat {}),
        FormatKind::Schema => {
            let missing = || Failure::missing("response_format.json_schema");
            let schema = format.json_schema.ok_or_else(missing)?;
            json_schema(schema, "response_format.json_schema")?
        }
    };
    Ok(pb::ResponseFormat { format: Some(format) })
}

/// Reads the schema of a format that stands at `at`.
pub fn json_schema(schema: JsonSchemaBody<'_>, at: &str) -> Result<pb::response_format::Format, Failure> {
    Ok(pb::response_format::Format::JsonSchema(pb::JsonSchemaFormat {
        name: schema.name.ok_or_else(|| Failure::missing(format!("{at}.name")))?,
        description: schema.description.unwrap_or_default(),
        schema: schema.schema.map(|raw| raw.get().to_owned()).unwrap_or_default(),
        strict: schema.strict,
    }))
}

pub fn stop(stop: Option<StringOr<Vec<String>>>) -> Vec<String> {
    match stop {
        None => Vec::new(),
        Some(StringOr::String(text)) => vec![text],
        Some(StringOr::Other(list)) => list,
    }
}

type Bias = HashMap<String, i32>;

pub fn logit_bias(bias: Option<HashMap<String, Int>>) -> Result<Bias, Failure> {
    let entry = |(token, Int(value)): (String, Int)| match i32::try_from(value) {
        Ok(value) => Ok((token, value)),
        Err(_) => Err(Failure::invalid("logit_bias", "Invalid 'logit_bias': values go from -100 to 100.")),
    };
    bias.unwrap_or_default().into_iter().map(entry).collect()
}
