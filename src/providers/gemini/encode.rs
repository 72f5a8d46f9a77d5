//! From a request of the contract to the body of `generateContent`.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    family::{Family, family},
    messages::conversation,
    thinking::thinking,
    tools::{response_format, tool_config, tools},
    wire::{Body, Extra, GenerationConfig, SystemInstruction},
};
use crate::{
    domain::chat::{ChatRequest, Modality, Sampling},
    providers::{
        adapter::{EncodeError, Encoded, Mode},
        warnings::Warnings,
    },
};

/// Most stop texts the service takes.
const MAX_STOPS: usize = 5;

/// Most candidates the models that have several take.
const MAX_CANDIDATES: u32 = 8;

/// Writes the request for `model`, with or without the prefix `models/`.
pub fn encode(request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    let model = bare_name(model)?;
    let family = family(model);
    let mut warnings = Warnings::default();
    refuse_other_outputs(request)?;
    warn_of_what_has_no_counterpart(request, &mut warnings);

    let conversation = conversation(&request.messages, &family, &mut warnings)?;
    let mut system = conversation.system;
    let mut generation_config = sampling(&request.sampling, mode, &family, &mut warnings);
    if let Some(reasoning) = &request.reasoning {
        generation_config.thinking_config = thinking(reasoning, &family, &mut warnings);
    }
    response_format(request, &family, &mut generation_config, &mut system, &mut warnings)?;
    let tools = tools(request, &family, &mut warnings)?;
    let body = Body {
        system_instruction: (!system.is_empty()).then_some(SystemInstruction { parts: system }),
        contents: conversation.contents,
        tool_config: tool_config(request, &tools, &mut warnings),
        tools,
        generation_config,
        service_tier: service_tier(request, &mut warnings),
        extra: extra(&request.provider_options, &mut warnings)?,
    };
    let body = serde_json::to_vec(&body)
        .map_err(|error| EncodeError { field: "prompt".to_owned(), message: error.to_string() })?;
    let method = match mode {
        Mode::Unary => "generateContent",
        Mode::Stream => "streamGenerateContent?alt=sse",
    };
    Ok(Encoded {
        path: format!("/v1beta/models/{model}:{method}"),
        body: Bytes::from(body),
        warnings: warnings.into_vec(),
        ..Encoded::default()
    })
}

/// Returns the name as it stands in the path. Anything that could change the path is refused.
fn bare_name(model: &str) -> Result<&str, EncodeError> {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(harmless) {
        let message = "names of this provider's models hold letters, digits, `-`, `_` and `.` only";
        return Err(EncodeError { field: "prompt.model".to_owned(), message: message.to_owned() });
    }
    Ok(name)
}

fn refuse_other_outputs(request: &ChatRequest) -> Result<(), EncodeError> {
    match request.modalities.iter().position(|modality| *modality != Modality::Text) {
        Some(at) => Err(EncodeError {
            field: format!("prompt.modalities[{at}]"),
            message: "this provider is used for text answers only".to_owned(),
        }),
        None => Ok(()),
    }
}

fn warn_of_what_has_no_counterpart(request: &ChatRequest, warnings: &mut Warnings) {
    let sampling = &request.sampling;
    let given = [
        ("logit_bias", !sampling.logit_bias.is_empty()),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some_and(|count| count > 0)),
        ("verbosity", request.verbosity.is_some()),
        ("audio", request.audio.is_some()),
        ("predicted_output", request.predicted_output.is_some()),
        ("metadata", !request.metadata.is_empty()),
        ("store", request.store == Some(true)),
        ("end_user_id", request.end_user_id.is_some()),
        ("prompt_cache_key", request.prompt_cache_key.is_some()),
        ("prompt_cache_retention", request.prompt_cache_retention.is_some()),
    ];
    for (name, _) in given.iter().filter(|(_, given)| *given) {
        warnings.dropped(format!("prompt.{name}"), format!("the provider takes no {name}"));
    }
}

fn sampling<'a>(sampling: &'a Sampling, mode: Mode, family: &Family, warnings: &mut Warnings) -> GenerationConfig<'a> {
    let mut config = GenerationConfig {
        max_output_tokens: sampling.max_output_tokens.map(|most| most.min(i32::MAX as u32)),
        stop_sequences: &sampling.stop[..sampling.stop.len().min(MAX_STOPS)],
        seed: sampling.seed.map(|seed| fold_seed(seed, warnings)),
        candidate_count: sampling.choice_count.and_then(|count| candidates(count, mode, family, warnings)),
        ..GenerationConfig::default()
    };
    if sampling.stop.len() > MAX_STOPS {
        warnings.rewritten("prompt.stop", format!("the provider takes at most {MAX_STOPS} stop texts"));
    }
    let ignored = "this model ignores it";
    config.temperature = unless_dropped("temperature", sampling.temperature, family.sampling, ignored, warnings);
    config.top_p = unless_dropped("top_p", sampling.top_p, family.sampling, ignored, warnings);
    config.top_k = unless_dropped("top_k", sampling.top_k, family.sampling, ignored, warnings);
    let refused = "this model refuses penalties";
    config.presence_penalty =
        unless_dropped("presence_penalty", sampling.presence_penalty, family.penalties, refused, warnings);
    config.frequency_penalty =
        unless_dropped("frequency_penalty", sampling.frequency_penalty, family.penalties, refused, warnings);
    config
}

fn unless_dropped<T>(name: &str, value: Option<T>, taken: bool, why_not: &str, warnings: &mut Warnings) -> Option<T> {
    if value.is_some() && !taken {
        warnings.dropped(format!("prompt.{name}"), why_not);
        return None;
    }
    value
}

/// Returns the seed in the service's 32 bits: equal seeds stay equal.
fn fold_seed(seed: i64, warnings: &mut Warnings) -> i32 {
    i32::try_from(seed).unwrap_or_else(|_| {
        let folded = seed.rem_euclid(1 << 31);
        warnings.rewritten("prompt.seed", format!("sent as {folded}: the provider takes 32 bits"));
        folded as i32
    })
}

fn candidates(count: u32, mode: Mode, family: &Family, warnings: &mut Warnings) -> Option<u32> {
    let most = if family.several_candidates && mode == Mode::Unary { MAX_CANDIDATES } else { 1 };
    if count > most {
        warnings.rewritten("prompt.choice_count", format!("sent as {most}, the most this model gives here"));
    }
    Some(count.min(most)).filter(|count| *count > 1)
}

fn service_tier<'a>(request: &'a ChatRequest, warnings: &mut Warnings) -> Option<&'a str> {
    match request.service_tier.as_deref()? {
        tier @ ("flex" | "priority" | "standard") => Some(tier),
        "" | "auto" | "default" => None,
        _ => {
            warnings.dropped("prompt.service_tier", "the provider's tiers are standard, flex and priority");
            None
        }
    }
}

/// Reads `provider_options`: of its member `google`, the members the contract has no field for.
fn extra<'a>(options: &'a str, warnings: &mut Warnings) -> Result<Extra<'a>, EncodeError> {
    let mut extra = Extra::default();
    if options.is_empty() {
        return Ok(extra);
    }
    for (provider, members) in object(options, "prompt.provider_options")? {
        if provider != "google" {
            warnings.dropped("prompt.provider_options", "this provider takes the member `google` only");
            continue;
        }
        for (name, value) in object(members.get(), "prompt.provider_options.google")? {
            match &*name {
                "safetySettings" => extra.safety_settings = Some(value),
                "cachedContent" => extra.cached_content = Some(value),
                "labels" => extra.labels = Some(value),
                "continuationToken" => extra.continuation_token = Some(value),
                _ => warnings.dropped("prompt.provider_options", format!("`google.{name}` is not passed on")),
            }
        }
    }
    Ok(extra)
}

fn object<'a>(text: &'a str, field: &str) -> Result<BTreeMap<Cow<'a, str>, &'a RawValue>, EncodeError> {
    serde_json::from_str(text)
        .map_err(|_| EncodeError { field: field.to_owned(), message: "it is not a JSON object".to_owned() })
}
