//! From a request of the contract to the body of `POST /v1/messages`.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::{
    VERSION, column,
    family::{Family, family},
    messages::conversation,
    thinking::thinking,
    tools::{self, Tools},
    wire::{Format, Metadata, OutputConfig, Request},
};
use crate::{
    domain::chat::{ChatRequest, ResponseFormat, Sampling},
    providers::{
        adapter::{EncodeError, Encoded, Memo, Mode},
        media_text::to_json,
        support::review,
        warnings::Warnings,
    },
};

const PATH: &str = "/v1/messages";

/// Members of the body that the contract has fields for.
const OWN_FIELDS: [&str; 14] = [
    "model",
    "max_tokens",
    "system",
    "messages",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
];

/// Said to the model when the answer shall be JSON of no given shape.
const JSON_ONLY: &str = "Answer with one JSON object and nothing else.";

pub fn encode(request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    let family = family(model);
    let mut warnings = Warnings::default();
    review(request, |field| column::handling(&family, field), &mut warnings)?;

    let mut wire = conversation(request, &mut warnings)?;
    wire.model = model;
    wire.stream = (mode == Mode::Stream).then_some(true);
    let Tools { tools, choice, answer_tool } = tools::tools(request, &family, &mut warnings)?;
    (wire.tools, wire.tool_choice) = (tools, choice);
    sampling(&request.sampling, &family, &mut wire, &mut warnings);
    response_format(request, &family, &mut wire, &mut warnings)?;
    thinking(request, &family, &mut wire, &mut warnings);
    wire.metadata = request.end_user_id.as_deref().map(|user_id| Metadata { user_id });
    extras(request, &mut wire)?;

    let body = to_json(&wire, request).map_err(|error| EncodeError::new("prompt", error.to_string()))?;
    let (name, value) = VERSION;
    Ok(Encoded {
        path: PATH.to_owned(),
        headers: vec![(HeaderName::from_static(name), HeaderValue::from_static(value))],
        body: Bytes::from(body),
        copies: request.sampling.choice_count.unwrap_or(1),
        memo: Memo { answer_tool, ..Memo::default() },
        warnings: warnings.into_vec(),
        ..Encoded::default()
    })
}

fn sampling<'a>(sampling: &'a Sampling, family: &Family, wire: &mut Request<'a>, warnings: &mut Warnings) {
    wire.max_tokens = sampling.max_output_tokens.unwrap_or(family.max_output_tokens);
    wire.stop_sequences = sampling.stop.iter().map(String::as_str).filter(|stop| !stop.trim().is_empty()).collect();
    if wire.stop_sequences.len() < sampling.stop.len() {
        warnings.dropped("prompt.stop", "the provider takes no stop texts of white space");
    }
    if !family.samples {
        // The table has warned already.
        return;
    }
    wire.temperature = sampling.temperature.map(|temperature| temperature.min(1.0));
    if wire.temperature != sampling.temperature {
        warnings.rewritten("prompt.temperature", "lowered to 1, the most the provider takes");
    }
    wire.top_p = sampling.top_p;
    if family.one_sampler && wire.temperature.is_some() && wire.top_p.take().is_some() {
        warnings.dropped("prompt.top_p", "this model takes either temperature or top_p");
    }
    wire.top_k = sampling.top_k;
}

fn response_format<'a>(
    request: &'a ChatRequest,
    family: &Family,
    wire: &mut Request<'a>,
    warnings: &mut Warnings,
) -> Result<(), EncodeError> {
    match &request.response_format {
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::JsonObject) => {
            warnings.rewritten("prompt.response_format", "asked for in the instructions");
            if !wire.system.is_empty() {
                wire.system.push_str("\n\n");
            }
            wire.system.push_str(JSON_ONLY);
        }
        // Without a schema every object is right, and without structured output a tool stands for the answer.
        Some(ResponseFormat::JsonSchema { schema, .. }) if family.structured_output => {
            let schema = tools::schema(schema, || "prompt.response_format.json_schema.schema".to_owned())?;
            wire.output_config =
                Some(OutputConfig { format: Some(Format { r#type: "json_schema", schema }), effort: None });
        }
        Some(ResponseFormat::JsonSchema { .. }) => {}
    }
    Ok(())
}

/// Adds the members of `provider_options`, and those of its member `anthropic`.
fn extras<'a>(request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    if request.provider_options.is_empty() {
        return Ok(());
    }
    let wrong = |_| EncodeError::new("prompt.provider_options", "it is not a JSON object");
    wire.extra = serde_json::from_str(&request.provider_options).map_err(wrong)?;
    if let Some(own) = wire.extra.remove("anthropic") {
        let own: std::collections::BTreeMap<String, _> = serde_json::from_str(own.get()).map_err(wrong)?;
        wire.extra.extend(own);
    }
    if let Some(name) = OWN_FIELDS.iter().find(|name| wire.extra.contains_key(**name)) {
        let message = format!("`{name}` has a field of its own; set that instead");
        return Err(EncodeError::new("prompt.provider_options", message));
    }
    Ok(())
}
