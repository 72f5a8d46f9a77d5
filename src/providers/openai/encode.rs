//! Writes a request.

use bytes::Bytes;

use super::{
    column,
    context::Context,
    dialect::Dialect,
    extras::{self, Extras},
    formats, lift, messages, neutral, paths, reasoning,
    switches::{Choices, MaxTokens, Seed},
    tool_options, web_search,
    wire::{AudioOutput, Prediction, Request, StreamOptions},
};
use crate::{
    domain::chat::{ChatRequest, Modality, Verbosity},
    providers::{
        adapter::{EncodeError, Encoded, Mode},
        media_text::to_json,
        support::{Field, review},
        warnings::Warnings,
    },
};

pub fn encode(dialect: &Dialect, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    let request = &*neutral::leave_out(dialect, model, lift::reasoning(request)?);
    let mut warnings = Warnings::default();
    review(request, |field| column::support(dialect, model, field), &mut warnings)?;
    let mut cx = Context { dialect, model, warnings };

    let format = formats::encode(&mut cx, request, mode)?;
    let messages = messages::encode(&mut cx, &request.messages, format.preface)?;
    let mut wire = Request { model, messages, response_format: format.wire, ..Request::default() };
    let mut options = Extras::read(if cx.takes(Field::ProviderOptions) { &request.provider_options } else { "" })?;
    let include_obfuscation = options.take_obfuscation().filter(|_| dialect.padding);
    if mode == Mode::Stream {
        wire.stream = Some(true);
        let stream_options = StreamOptions { include_usage: true, include_obfuscation };
        wire.stream_options = dialect.stream_options.then_some(stream_options);
    }
    sampling(&mut cx, request, &mut wire);
    tool_options::encode(&mut cx, request, &mut wire)?;
    if let Some(wish) = &request.reasoning {
        reasoning::encode(&mut cx, wish, &mut wire);
    }
    account(&cx, request, &mut wire);
    if let Some(search) = cx.keep(Field::WebSearch, request.web_search.as_ref()) {
        web_search::encode(&mut cx, search, &mut wire);
    }

    let body = to_json(&wire, request)
        .map_err(|error| EncodeError::new("prompt", format!("the request cannot be written as JSON: {error}")))?;
    let body = Bytes::from(extras::merge(body, options, &dialect.extra_body.0)?);
    let path = paths::path(dialect, model, paths::CHAT);
    Ok(Encoded { path, body, copies: copies(dialect, request), warnings: cx.warnings.into_vec(), ..Encoded::default() })
}

fn sampling<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) {
    let sampling = &request.sampling;
    let max_tokens = cx.keep(Field::MaxOutputTokens, sampling.max_output_tokens);
    match cx.dialect.max_tokens(cx.model) {
        MaxTokens::MaxTokens => wire.max_tokens = max_tokens,
        MaxTokens::MaxCompletionTokens => wire.max_completion_tokens = max_tokens,
    }
    wire.temperature = cx.keep(Field::Temperature, sampling.temperature);
    wire.top_p = cx.keep(Field::TopP, sampling.top_p);
    if let Some(top_p) = wire.top_p.as_mut().filter(|top_p| **top_p < cx.dialect.top_p_min) {
        *top_p = cx.dialect.top_p_min;
        let message = format!("raised to {}, the least the provider takes", cx.dialect.top_p_min);
        cx.warnings.rewritten("prompt.top_p", message);
    }
    wire.top_k = cx.keep(Field::TopK, sampling.top_k);
    wire.stop = cx.keep(Field::Stop, some(&sampling.stop[..], sampling.stop.is_empty()));
    wire.frequency_penalty = cx.keep(Field::FrequencyPenalty, sampling.frequency_penalty);
    wire.presence_penalty = cx.keep(Field::PresencePenalty, sampling.presence_penalty);
    wire.logit_bias = cx.keep(Field::LogitBias, some(&sampling.logit_bias, sampling.logit_bias.is_empty()));
    wire.logprobs = cx.keep(Field::Logprobs, sampling.logprobs);
    wire.top_logprobs = cx.keep(Field::TopLogprobs, sampling.top_logprobs);
    if let Some(count) = wire.top_logprobs.as_mut().filter(|count| **count > cx.dialect.top_logprobs_max) {
        *count = cx.dialect.top_logprobs_max;
        let message = format!("lowered to {count}, the most the provider gives");
        cx.warnings.rewritten("prompt.top_logprobs", message);
    }
    if cx.dialect.choices == Choices::Native {
        wire.n = cx.keep(Field::ChoiceCount, sampling.choice_count);
    }
    seed(cx, sampling.seed, copies(cx.dialect, request), wire);
}

/// Returns how many requests make the choices the caller wants; 0 where one does.
fn copies(dialect: &Dialect, request: &ChatRequest) -> u32 {
    request.sampling.choice_count.filter(|_| dialect.choices == Choices::FanOut).unwrap_or_default()
}

fn seed(cx: &mut Context<'_>, seed: Option<i64>, copies: u32, wire: &mut Request<'_>) {
    let Some(seed) = cx.keep(Field::Seed, seed) else { return };
    if copies > 1 {
        cx.warnings.dropped("prompt.seed", "with one seed the requests for the choices would get the same answer");
        return;
    }
    match cx.dialect.seed {
        Seed::Seed => wire.seed = Some(seed),
        Seed::RandomSeed => wire.random_seed = Some(seed),
        Seed::SeedI32 => {
            let folded = seed.rem_euclid(1 << 31);
            if folded != seed {
                cx.warnings.rewritten("prompt.seed", "folded to 31 bits, the most the provider takes");
            }
            wire.seed = Some(folded);
        }
    }
}

/// Writes what is about the account and the delivery, not about the answer.
fn account<'a>(cx: &Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) {
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
