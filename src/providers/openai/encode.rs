//! Writes a request.

use bytes::Bytes;

use super::{
    context::{Context, refuse},
    dialect::{Dialect, Field, MaxTokens, Seed},
    extras, messages, options, tool_options, web_search,
    wire::{AudioOutput, Prediction, Request, StreamOptions},
};
use crate::{
    domain::chat::{ChatRequest, Modality, Verbosity},
    providers::adapter::{EncodeError, Encoded, Mode},
};

const PATH: &str = "/chat/completions";

pub fn encode(dialect: &Dialect, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    let mut cx = Context::new(dialect, model);
    let mut wire = Request { model, messages: messages::encode(&mut cx, &request.messages)?, ..Request::default() };
    if mode == Mode::Stream {
        wire.stream = Some(true);
        wire.stream_options = dialect.stream_options.then_some(StreamOptions { include_usage: true });
    }
    sampling(&mut cx, request, &mut wire)?;
    tool_options::encode(&mut cx, request, &mut wire)?;
    options::encode(&mut cx, request, &mut wire)?;
    account(&mut cx, request, &mut wire);
    if let Some(search) = cx.keep(Field::WebSearch, request.web_search.as_ref()) {
        web_search::encode(&mut cx, search, &mut wire);
    }
    let body = serde_json::to_vec(&wire).map_err(|error| EncodeError {
        field: "prompt".to_owned(),
        message: format!("the request cannot be written as JSON: {error}"),
    })?;
    let body = extras::merge(&mut cx, body, &request.provider_options)?;
    Ok(Encoded { path: PATH.to_owned(), body: Bytes::from(body), warnings: cx.warnings, ..Encoded::default() })
}

fn sampling<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    let sampling = &request.sampling;
    match cx.dialect.max_tokens {
        MaxTokens::MaxTokens => wire.max_tokens = sampling.max_output_tokens,
        MaxTokens::MaxCompletionTokens => wire.max_completion_tokens = sampling.max_output_tokens,
    }
    wire.temperature = cx.keep(Field::Temperature, sampling.temperature);
    wire.top_p = cx.keep(Field::TopP, sampling.top_p);
    if let Some(top_p) = wire.top_p.as_mut().filter(|top_p| **top_p < cx.dialect.top_p_min) {
        *top_p = cx.dialect.top_p_min;
        cx.rewritten("prompt.top_p", format!("raised to {}, the least the provider takes", cx.dialect.top_p_min));
    }
    wire.top_k = cx.keep(Field::TopK, sampling.top_k);
    wire.stop = cx.keep(Field::Stop, some(&sampling.stop[..], sampling.stop.is_empty()));
    wire.frequency_penalty = cx.keep(Field::FrequencyPenalty, sampling.frequency_penalty);
    wire.presence_penalty = cx.keep(Field::PresencePenalty, sampling.presence_penalty);
    wire.logit_bias = cx.keep(Field::LogitBias, some(&sampling.logit_bias, sampling.logit_bias.is_empty()));
    // Not asking for something is no wish that could be dropped.
    let logprobs = sampling.logprobs.filter(|asked| *asked || cx.supports(Field::Logprobs));
    wire.logprobs = cx.keep(Field::Logprobs, logprobs);
    wire.top_logprobs = cx.keep(Field::TopLogprobs, sampling.top_logprobs);
    if cx.supports(Field::ChoiceCount) {
        wire.n = sampling.choice_count;
    } else if sampling.choice_count.is_some_and(|count| count > 1) {
        return refuse("prompt.choice_count", "the provider gives one answer per request; send several requests");
    }
    seed(cx, sampling.seed, wire);
    Ok(())
}

fn seed(cx: &mut Context<'_>, seed: Option<i64>, wire: &mut Request<'_>) {
    let Some(seed) = cx.keep(Field::Seed, seed) else { return };
    match cx.dialect.seed {
        Seed::Seed => wire.seed = Some(seed),
        Seed::RandomSeed => wire.random_seed = Some(seed),
        Seed::SeedI32 => {
            let folded = seed.rem_euclid(1 << 31);
            if folded != seed {
                cx.rewritten("prompt.seed", "folded to 31 bits, the most the provider takes");
            }
            wire.seed = Some(folded);
        }
    }
}

/// Writes what is about the account and the delivery, not about the answer.
fn account<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) {
    let verbosity = request.verbosity.map(|verbosity| match verbosity {
        Verbosity::Low => "low",
        Verbosity::Medium => "medium",
        Verbosity::High => "high",
    });
    wire.verbosity = cx.keep(Field::Verbosity, verbosity);
    let modality = |modality: &Modality| match modality {
        Modality::Text => "text",
        Modality::Audio => "audio",
        Modality::Image => "image",
    };
    // Text alone is what every provider gives anyway.
    let modalities = request.modalities.iter().any(|wanted| *wanted != Modality::Text);
    let modalities = modalities.then(|| request.modalities.iter().map(modality).collect());
    wire.modalities = cx.keep(Field::Modalities, modalities);
    let audio = request.audio.as_ref().map(|audio| AudioOutput { voice: &audio.voice, format: &audio.format });
    wire.audio = cx.keep(Field::Audio, audio);
    let prediction = request.predicted_output.as_deref().map(|content| Prediction::Content { content });
    wire.prediction = cx.keep(Field::PredictedOutput, prediction);
    wire.metadata = cx.keep(Field::Metadata, some(&request.metadata, request.metadata.is_empty()));
    wire.service_tier = cx.keep(Field::ServiceTier, request.service_tier.as_deref());
    wire.store = cx.keep(Field::Store, request.store);
    wire.user = cx.keep(Field::EndUserId, request.end_user_id.as_deref());
    wire.prompt_cache_key = cx.keep(Field::PromptCacheKey, request.prompt_cache_key.as_deref());
    wire.prompt_cache_retention = cx.keep(Field::PromptCacheRetention, request.prompt_cache_retention.as_deref());
}

fn some<T>(value: T, is_empty: bool) -> Option<T> {
    (!is_empty).then_some(value)
}
