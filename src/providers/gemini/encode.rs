//! From a request of the contract to the body of `generateContent`.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    answer_format::{modalities, response_format},
    context::Context,
    defaults::GeminiDefaults,
    family::family,
    messages::conversation,
    names::Names,
    options::{THINKING, options},
    sampling::{Choices, choices, sampling},
    support::review_request,
    thinking::thinking,
    tools::{tool_config, tools},
    wire::{Body, GenerationConfig, SystemInstruction},
};
use crate::{
    domain::chat::ChatRequest,
    providers::{
        adapter::{EncodeError, Encoded, Memo, Mode},
        media_text::to_json,
        warnings::Warnings,
    },
};

/// Writes the request for `model`, with or without the prefix `models/`.
pub fn encode(
    defaults: &GeminiDefaults,
    request: &ChatRequest,
    model: &str,
    mode: Mode,
) -> Result<Encoded, EncodeError> {
    let method = match mode {
        Mode::Unary => "generateContent",
        Mode::Stream => "streamGenerateContent?alt=sse",
    };
    let model = bare_name(model)?;
    let mut cx = context(defaults, request, model);
    let Choices { candidate_count, copies } = choices(request.sampling.choice_count, mode, &cx);
    let body = body(defaults, request, candidate_count, &mut cx)?;
    Ok(Encoded {
        path: format!("/v1beta/models/{model}:{method}"),
        body: json(&body, request)?,
        copies,
        memo: Memo { tool_names: cx.names.changed(), custom_tools: cx.names.custom(&request.tools), ..Memo::default() },
        warnings: cx.warnings.into_vec(),
        ..Encoded::default()
    })
}

/// Writes the question how many tokens the request would be.
pub fn encode_count(defaults: &GeminiDefaults, request: &ChatRequest, model: &str) -> Result<Encoded, EncodeError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Count<'a> {
        generate_content_request: Nested<'a>,
    }
    #[derive(Serialize)]
    struct Nested<'a> {
        model: String,
        #[serde(flatten)]
        body: Body<'a>,
    }
    let model = bare_name(model)?;
    let mut cx = context(defaults, request, model);
    let body = body(defaults, request, None, &mut cx)?;
    let body = Count { generate_content_request: Nested { model: format!("models/{model}"), body } };
    let path = format!("/v1beta/models/{model}:countTokens");
    Ok(Encoded { path, body: json(&body, request)?, warnings: cx.warnings.into_vec(), ..Encoded::default() })
}

/// Returns the name as it stands in the path. Anything that could change the path is refused.
pub fn bare_name(model: &str) -> Result<&str, EncodeError> {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(harmless) {
        let message = "names of this provider's models hold letters, digits, `-`, `_` and `.` only";
        return Err(EncodeError::new("prompt.model", message));
    }
    Ok(name)
}

fn context<'a>(defaults: &GeminiDefaults, request: &'a ChatRequest, model: &str) -> Context<'a> {
    Context { family: defaults.adjust(family(model)), names: Names::of(request), warnings: Warnings::default() }
}

fn body<'a>(
    defaults: &GeminiDefaults,
    request: &'a ChatRequest,
    candidate_count: Option<u32>,
    cx: &mut Context<'a>,
) -> Result<Body<'a>, EncodeError> {
    review_request(request, &cx.family, &mut cx.warnings)?;
    let conversation = conversation(&request.messages, cx)?;
    let options = options(&request.provider_options, cx)?;
    let mut system = conversation.system;
    let mut config = GenerationConfig { candidate_count, extra: options.config, ..sampling(&request.sampling, cx) };
    if let Some(reasoning) = &request.reasoning {
        if config.extra.contains_key(THINKING) {
            return Err(EncodeError::new("prompt.provider_options", "`prompt.reasoning` says already how to think"));
        }
        config.thinking_config = thinking(reasoning, &cx.family, &mut cx.warnings);
    }
    response_format(request, &mut config, &mut system, cx)?;
    modalities(request, &mut config, cx)?;
    let tools = tools(request, options.tools, cx)?;
    Ok(Body {
        system_instruction: (!system.is_empty()).then_some(SystemInstruction { parts: system }),
        contents: conversation.contents,
        tool_config: tool_config(request, &tools, cx),
        tools,
        generation_config: written(&config)?,
        safety_settings: defaults.safety_settings(options.safety_settings),
        service_tier: service_tier(request, cx),
        extra: options.body,
    })
}

/// Returns the settings as they are sent, nothing when there are none.
fn written(config: &GenerationConfig<'_>) -> Result<Option<Box<RawValue>>, EncodeError> {
    let config = to_raw_value(config).map_err(unwritable)?;
    Ok((config.get() != "{}").then_some(config))
}

fn service_tier<'a>(request: &'a ChatRequest, cx: &mut Context<'_>) -> Option<&'a str> {
    match request.service_tier.as_deref()? {
        tier @ ("flex" | "priority" | "standard") => Some(tier),
        "" | "auto" | "default" => None,
        _ => {
            let message = "the provider's tiers are standard, flex and priority";
            cx.warnings.dropped("prompt.service_tier", message);
            None
        }
    }
}

fn json(body: &impl Serialize, request: &ChatRequest) -> Result<Bytes, EncodeError> {
    to_json(body, request).map(Bytes::from).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> EncodeError {
    EncodeError::new("prompt", error.to_string())
}
