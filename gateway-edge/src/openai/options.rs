//! The options of a request that are more than a number: formats, levels, audio, web search.

use crate::{error::Failure, pb};

use super::{
    body::{AudioOptions, Prediction, ResponseFormatBody, WebSearch},
    lenient::{Int, Str, StringOr},
};

pub const EFFORTS: &[(&str, pb::ReasoningEffort)] = &[
    ("none", pb::ReasoningEffort::None),
    ("minimal", pb::ReasoningEffort::Minimal),
    ("low", pb::ReasoningEffort::Low),
    ("medium", pb::ReasoningEffort::Medium),
    ("high", pb::ReasoningEffort::High),
    ("xhigh", pb::ReasoningEffort::Xhigh),
    ("max", pb::ReasoningEffort::Max),
];

pub const VERBOSITIES: &[(&str, pb::Verbosity)] =
    &[("low", pb::Verbosity::Low), ("medium", pb::Verbosity::Medium), ("high", pb::Verbosity::High)];

pub const MODALITIES: &[(&str, pb::Modality)] =
    &[("text", pb::Modality::Text), ("audio", pb::Modality::Audio), ("image", pb::Modality::Image)];

/// Finds `value` in a table of names; `param` is called only to name the field in the failure.
pub fn one_of<T: Copy>(value: &str, table: &[(&str, T)], param: impl FnOnce() -> String) -> Result<T, Failure> {
    if let Some((_, found)) = table.iter().find(|(name, _)| *name == value) {
        return Ok(*found);
    }
    let names: Vec<String> = table.iter().map(|(name, _)| format!("'{name}'")).collect();
    let param = param();
    let shown: String = value.chars().take(64).collect();
    let message = format!("Invalid value: '{shown}'. Supported values of '{param}' are: {}.", names.join(", "));
    Err(Failure::invalid(param, message))
}

/// Returns a count as the contract has it.
pub fn count(value: Option<Int>, param: &'static str) -> Result<Option<u32>, Failure> {
    let Some(Int(value)) = value else { return Ok(None) };
    u32::try_from(value).map(Some).map_err(|_| {
        Failure::invalid(param, format!("Invalid '{param}': expected an integer from 0 to 4294967295, got {value}."))
    })
}

pub fn reasoning(effort: Option<&str>) -> Result<Option<pb::ReasoningOptions>, Failure> {
    let Some(effort) = effort else { return Ok(None) };
    let effort = one_of(effort, EFFORTS, || "reasoning_effort".into())?;
    let amount = Some(pb::reasoning_options::Amount::Effort(effort.into()));
    Ok(Some(pb::ReasoningOptions { amount, include: None }))
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
    const KINDS: &[(&str, u8)] = &[("text", 0), ("json_object", 1), ("json_schema", 2)];

    let kind = format.r#type.as_deref().ok_or_else(|| Failure::missing("response_format.type"))?;
    let format = match one_of(kind, KINDS, || "response_format.type".into())? {
        0 => Format::Text(pb::TextFormat {}),
        1 => Format::JsonObject(pb::JsonObjectFormat {}),
        _ => {
            let missing = || Failure::missing("response_format.json_schema");
            let schema = format.json_schema.ok_or_else(missing)?;
            Format::JsonSchema(pb::JsonSchemaFormat {
                name: schema.name.ok_or_else(|| Failure::missing("response_format.json_schema.name"))?,
                description: schema.description.unwrap_or_default(),
                schema: schema.schema.map(|raw| raw.get().to_owned()).unwrap_or_default(),
                strict: schema.strict,
            })
        }
    };
    Ok(pb::ResponseFormat { format: Some(format) })
}

pub fn web_search(options: WebSearch) -> pb::WebSearchOptions {
    let location = options.user_location.and_then(|location| location.approximate);
    pb::WebSearchOptions {
        context_size: options.search_context_size.unwrap_or_default(),
        user_location: location.map(|place| pb::UserLocation {
            country: place.country.unwrap_or_default(),
            region: place.region.unwrap_or_default(),
            city: place.city.unwrap_or_default(),
            timezone: place.timezone.unwrap_or_default(),
        }),
        ..pb::WebSearchOptions::default()
    }
}
