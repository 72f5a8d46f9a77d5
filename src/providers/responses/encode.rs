//! Writes a request.

use std::borrow::Cow;

use bytes::Bytes;

use super::{
    answer, column,
    context::Context,
    dialect::{Dialect, SentAs},
    input,
    options::{self, Options},
    state, tools,
    wire::{Further, Request},
};
use crate::{
    domain::chat::ChatRequest,
    providers::{
        adapter::{EncodeError, Encoded, Format, Memo, Mode},
        media_text::to_json,
        support::{Field, review},
    },
};

const WITH_LOGPROBS: &str = "message.output_text.logprobs";
const WITH_THINKING: &str = "reasoning.encrypted_content";

pub fn encode(dialect: &Dialect, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    let mut cx = Context::new(dialect, model);
    review(request, |field| column::support(dialect, model, field), &mut cx.warnings)?;
    let options = options::read(&mut cx, &request.provider_options)?;
    let mut wire = Request { stream: (mode == Mode::Stream).then_some(true), ..Request::default() };
    match dialect.sent_as(model) {
        SentAs::Model(name) => wire.model = Some(name),
        // What the caller configures himself counts for more than the name.
        SentAs::Effort(level) => wire.effort = Some(level).filter(|_| !options.choose()),
    }
    input::encode(&mut cx, request, &mut wire)?;
    tools::encode(&mut cx, request, &options, &mut wire)?;
    answer::encode(&mut cx, request, &mut wire)?;
    sampling(&mut cx, request, &mut wire);
    account(&cx, request, &mut wire);
    include(&cx, request, options, &mut wire);
    let body = to_json(&wire, request)
        .map_err(|error| EncodeError::new("prompt", format!("the request cannot be written as JSON: {error}")))?;
    Ok(Encoded {
        path: dialect.path.to_string(),
        body: Bytes::from(body),
        copies: request.sampling.choice_count.unwrap_or(1),
        memo: Memo { format: Format::Responses, ..Memo::default() },
        warnings: cx.warnings.into_vec(),
        ..Encoded::default()
    })
}

fn sampling(cx: &mut Context<'_>, request: &ChatRequest, wire: &mut Request<'_>) {
    let sampling = &request.sampling;
    let (least_tokens, least_top_p) = (cx.dialect.min_output_tokens, cx.dialect.top_p_min);
    wire.max_output_tokens = sampling.max_output_tokens;
    if let Some(tokens) = wire.max_output_tokens.as_mut().filter(|tokens| **tokens < least_tokens) {
        *tokens = least_tokens;
        let message = format!("raised to {least_tokens}, the least the provider takes");
        cx.warnings.rewritten("prompt.max_output_tokens", message);
    }
    let needed = cx.dialect.rule(cx.model).and_then(|rule| rule.output_limit);
    if let (None, Some(limit)) = (wire.max_output_tokens, needed) {
        wire.max_output_tokens = Some(limit);
        let message = format!("set to {limit}; the provider wants a limit for this model");
        cx.warnings.rewritten("prompt.max_output_tokens", message);
    }
    wire.temperature = cx.keep(Field::Temperature, sampling.temperature);
    wire.top_p = cx.keep(Field::TopP, sampling.top_p);
    if let Some(top_p) = wire.top_p.as_mut().filter(|top_p| **top_p < least_top_p) {
        *top_p = least_top_p;
        cx.warnings.rewritten("prompt.top_p", format!("raised to {least_top_p}, the least the provider takes"));
    }
    wire.top_logprobs = cx.keep(Field::TopLogprobs, sampling.top_logprobs);
}

/// Writes what is about the account and the delivery, not about the answer.
fn account<'a>(cx: &Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) {
    let metadata = Some(&request.metadata).filter(|metadata| !metadata.is_empty());
    wire.metadata = cx.keep(Field::Metadata, metadata);
    wire.service_tier = cx.keep(Field::ServiceTier, request.service_tier.as_deref().filter(|tier| !tier.is_empty()));
    // Providers store answers for a month unless they are told not to.
    wire.store = request.store.unwrap_or(false);
    wire.prompt_cache_key = cx.keep(Field::PromptCacheKey, request.prompt_cache_key.as_deref());
    wire.prompt_cache_retention = cx.keep(Field::PromptCacheRetention, request.prompt_cache_retention.as_deref());
    if let Some(id) = cx.keep(Field::EndUserId, request.end_user_id.as_deref()) {
        wire.further.insert(Cow::Owned(cx.dialect.end_user.to_string()), Further::Text(id));
    }
}

/// Writes what the answer shall hold besides, and the caller's own members.
fn include<'a>(cx: &Context<'_>, request: &'a ChatRequest, options: Options<'a>, wire: &mut Request<'a>) {
    if cx.keep(Field::Logprobs, request.sampling.logprobs) == Some(true) {
        wire.include.push(Cow::Borrowed(WITH_LOGPROBS));
    }
    if wants_thinking(cx, request, wire) {
        wire.include.push(Cow::Borrowed(WITH_THINKING));
    }
    for wanted in options.include {
        if !wire.include.iter().any(|known| *known == wanted) {
            wire.include.push(Cow::Owned(wanted));
        }
    }
    for (name, value) in options.rest {
        wire.further.insert(Cow::Owned(name), Further::Json(value));
    }
}

/// Whether somebody will want this turn's thinking later: after tool calls, because it was so before, or because the
/// caller cares how the model thinks.
fn wants_thinking(cx: &Context<'_>, request: &ChatRequest, wire: &Request<'_>) -> bool {
    let thinks = cx.dialect.encrypted_reasoning && cx.dialect.rule(cx.model).is_none_or(|rule| rule.thinks);
    let cared_for = !request.tools.is_empty() || wire.reasoning.is_some();
    thinks && (cared_for || state::has_reasoning(&request.messages, &cx.dialect.issuer))
}
