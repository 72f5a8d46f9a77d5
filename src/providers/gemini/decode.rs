//! Reads an answer chunk by chunk. A unary answer is one chunk, so both forms go the same way.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    calls::{PROVIDER, signature_state},
    chunk::{Candidate, Chunk, FunctionCall, Part, PromptFeedback, Text},
    errors, finish, grounding,
    logprobs::logprobs,
    usage::usage,
};
use crate::{
    domain::{
        chat::{ProviderState, ToolKind},
        event::{ChatEvent, ChoiceFinish, FinishReason, Finished, Started, TokenLogprob},
        failure::{FailureClass, UpstreamFailure},
        usage::{Usage, Warning, WarningAction},
    },
    providers::classify::public_message,
};

/// Highest number of a candidate that is believed; the service gives at most 8.
const MAX_INDEX: u32 = 127;

/// Every chunk repeats the usage. It is passed on at first and then each time so many tokens have come, to count what
/// was consumed if the caller hangs up without doubling the number of events.
const USAGE_STEP: u64 = 256;

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Answer {
    started: bool,
    response_id: String,
    choices: Vec<Choice>,
    block_reason: Option<String>,
    usage: Option<Usage>,
    next_usage_at: u64,
    media_was_dropped: bool,
}

#[derive(Debug, Default)]
struct Choice {
    /// Kept for the citations, whose places are known only at the end.
    text: String,
    calls: u32,
    finish_reason: Option<String>,
    finish_message: Option<String>,
    grounding: Option<String>,
    continuation_token: Option<String>,
}

/// What the contract has no field for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
    /// Whole, because Google's terms ask to show its search suggestions.
    #[serde(skip_serializing_if = "Option::is_none")]
    grounding_metadata: Option<&'a RawValue>,
}

impl Answer {
    /// Takes the next chunk and appends what it means to `out`.
    pub fn chunk(&mut self, bytes: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let chunk = match serde_json::from_slice::<Chunk<'_>>(bytes) {
            Ok(chunk) if chunk.error.is_none() => chunk,
            no_chunk => return self.fail(unreadable(bytes, no_chunk.err()), out),
        };
        if !self.started {
            self.start(&chunk, out);
        }
        if let Some(PromptFeedback { block_reason: Some(reason) }) = chunk.prompt_feedback {
            self.block_reason = Some(reason.0.into_owned());
        }
        for candidate in chunk.candidates {
            if candidate.index > MAX_INDEX {
                let message = format!("the provider sent a candidate with the number {}", candidate.index);
                return self.fail(UpstreamFailure::new(FailureClass::BadResponse, message), out);
            }
            self.candidate(candidate, out);
        }
        if let Some(metadata) = &chunk.usage_metadata {
            self.count(usage(metadata), out);
        }
        Ok(())
    }

    /// Takes the end of the body and appends what was held back, then `Finished`.
    pub fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let mut reasons = Vec::with_capacity(self.choices.len().max(1));
        for choice in &self.choices {
            let Some(native) = choice.finish_reason.as_deref().or(self.block_reason.as_deref()) else {
                return self.fail(incomplete(), out);
            };
            let blocked = choice.finish_reason.is_none();
            let reason =
                if blocked { FinishReason::ContentFilter } else { finish::finish_reason(native, choice.calls > 0) };
            reasons.push((reason, native.to_owned()));
        }
        if let (true, Some(reason)) = (reasons.is_empty(), &self.block_reason) {
            reasons.push((FinishReason::ContentFilter, reason.clone()));
        }
        let mut reasons = reasons.into_iter();
        let Some((reason, native)) = reasons.next() else {
            return self.fail(empty(), out);
        };
        if finish::is_failure_when_empty(&native) && self.choices.iter().all(|c| c.text.is_empty() && c.calls == 0) {
            return self.fail(self.unusable(&native), out);
        }
        self.cite(out);
        let others = (1..).zip(reasons);
        let other = |(choice, (reason, native_reason))| ChoiceFinish { choice, reason, native_reason };
        out.push(ChatEvent::Finished(Finished {
            usage: self.usage.take(),
            other_choices: others.map(other).collect(),
            provider_metadata: self.metadata(),
            ..Finished::new(reason, native)
        }));
        Ok(())
    }

    /// Whether the service has said why it stopped.
    pub fn has_ended(&self) -> bool {
        let ended = |choice: &Choice| choice.finish_reason.is_some();
        self.block_reason.is_some() || (!self.choices.is_empty() && self.choices.iter().all(ended))
    }

    /// Ends with a failure, after the last known usage: what was generated is billed all the same.
    pub fn fail(&self, failure: UpstreamFailure, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        out.extend(self.usage.clone().map(ChatEvent::Usage));
        Err(failure)
    }

    fn start(&mut self, chunk: &Chunk<'_>, out: &mut Vec<ChatEvent>) {
        self.started = true;
        let mut started = Started::default();
        if let Some(id) = &chunk.response_id {
            self.response_id = id.0.clone().into_owned();
            started.completion_id = format!("chatcmpl-{}", id.0);
        }
        if let Some(model) = &chunk.model_version {
            started.model = model.0.clone().into_owned();
        }
        if let Some(tier) = chunk.usage_metadata.as_ref().and_then(|usage| usage.service_tier.as_ref()) {
            started.service_tier = tier.0.clone().into_owned();
        }
        out.push(ChatEvent::Started(started));
    }

    fn candidate(&mut self, candidate: Candidate<'_>, out: &mut Vec<ChatEvent>) {
        let index = candidate.index;
        if self.choices.len() <= index as usize {
            self.choices.resize_with(index as usize + 1, Choice::default);
        }
        let mut tokens = candidate.logprobs_result.map(|result| logprobs(result.get())).unwrap_or_default();
        for part in candidate.content.into_iter().flat_map(|content| content.parts) {
            let choice = &mut self.choices[index as usize];
            if let Some(media) = &part.inline_data
                && !std::mem::replace(&mut self.media_was_dropped, true)
            {
                out.push(ChatEvent::Warning(dropped_media(media.mime_type.as_ref().map_or("", |text| &text.0))));
            }
            choice.part(index, part, &self.response_id, &mut tokens, out);
        }
        let choice = &mut self.choices[index as usize];
        let owned = |text: Option<Text<'_>>| text.map(|text| text.0.into_owned());
        choice.finish_reason = owned(candidate.finish_reason).or(choice.finish_reason.take());
        choice.finish_message = owned(candidate.finish_message).or(choice.finish_message.take());
        choice.continuation_token = owned(candidate.continuation_token).or(choice.continuation_token.take());
        if let Some(metadata) = candidate.grounding_metadata {
            choice.grounding = Some(compact(metadata.get()));
        }
    }

    fn count(&mut self, usage: Usage, out: &mut Vec<ChatEvent>) {
        let output = usage.output_tokens.unwrap_or(0);
        if self.usage.is_none() || output >= self.next_usage_at {
            self.next_usage_at = output.saturating_add(USAGE_STEP);
            out.push(ChatEvent::Usage(usage.clone()));
        }
        self.usage = Some(usage);
    }

    fn cite(&self, out: &mut Vec<ChatEvent>) {
        for (index, choice) in (0..).zip(&self.choices) {
            if let Some(metadata) = &choice.grounding {
                let citations = grounding::citations(metadata, &choice.text).into_iter();
                out.extend(citations.map(|citation| ChatEvent::Citation { choice: index, citation }));
            }
        }
    }

    fn metadata(&self) -> String {
        let Some(choice) = self.choices.first() else { return String::new() };
        let metadata = Metadata {
            continuation_token: choice.continuation_token.as_deref(),
            grounding_metadata: choice.grounding.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        };
        if metadata.continuation_token.is_none() && metadata.grounding_metadata.is_none() {
            return String::new();
        }
        serde_json::to_string(&metadata).unwrap_or_default()
    }

    fn unusable(&self, native: &str) -> UpstreamFailure {
        let why = self.choices.iter().find_map(|choice| choice.finish_message.as_deref()).unwrap_or("no reason given");
        let message = format!("the provider ended with {native} and nothing usable: {}", public_message(why));
        UpstreamFailure {
            code: Some(native.to_ascii_lowercase()),
            ..UpstreamFailure::new(FailureClass::BadResponse, message)
        }
    }
}

impl Choice {
    fn part(
        &mut self,
        choice: u32,
        part: Part<'_>,
        response_id: &str,
        tokens: &mut Vec<TokenLogprob>,
        out: &mut Vec<ChatEvent>,
    ) {
        // Streams end with an empty text that carries the finish reason or a signature.
        if let Some(Text(text)) = part.text.filter(|text| !text.0.is_empty()) {
            if part.thought {
                out.push(ChatEvent::Reasoning { choice, text: text.into_owned() });
            } else {
                self.text.push_str(&text);
                let logprobs = std::mem::take(tokens);
                out.push(ChatEvent::Text { choice, text: text.into_owned(), logprobs });
            }
        }
        let tool_call_id = part.function_call.map(|call| self.call(choice, call, response_id, out));
        if let Some(Text(signature)) = part.thought_signature {
            let (kind, data) = signature_state(&signature);
            let state = ProviderState {
                provider: PROVIDER.to_owned(),
                key_scope: String::new(),
                kind: kind.to_owned(),
                data,
                tool_call_id: tool_call_id.unwrap_or_default(),
            };
            out.push(ChatEvent::ProviderState { choice, state });
        }
    }

    /// Appends a call, which always comes whole, and returns its id.
    fn call(&mut self, choice: u32, call: FunctionCall<'_>, response_id: &str, out: &mut Vec<ChatEvent>) -> String {
        let index = self.calls;
        self.calls += 1;
        let id = match call.id {
            Some(Text(id)) if !id.is_empty() => id.into_owned(),
            Some(_) | None if response_id.is_empty() => format!("call_{}", Uuid::now_v7().simple()),
            Some(_) | None => format!("call_{response_id}_{choice}_{index}"),
        };
        let name = call.name.map(|name| name.0.into_owned()).unwrap_or_default();
        out.push(ChatEvent::ToolCallStarted { choice, index, id: id.clone(), name, kind: ToolKind::Function });
        let arguments = call.args.map_or_else(|| "{}".to_owned(), |args| compact(args.get()));
        out.push(ChatEvent::ToolCallArguments { choice, index, arguments });
        id
    }
}

/// Removes the white space between the tokens of valid JSON and leaves everything else as it came.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = *c != '"' || escaped;
            escaped = *c == '\\' && !escaped;
            return true;
        }
        in_string = *c == '"';
        !c.is_ascii_whitespace()
    };
    json.chars().filter(keep).collect()
}

fn dropped_media(mime_type: &str) -> Warning {
    Warning {
        field: "prompt.modalities".to_owned(),
        action: WarningAction::Dropped,
        message: format!("the answer held {mime_type} data, which is not passed on"),
    }
}

fn unreadable(bytes: &[u8], error: Option<serde_json::Error>) -> UpstreamFailure {
    if let Some(failure) = errors::failure_in(bytes) {
        return failure;
    }
    if bytes.trim_ascii().is_empty() {
        return empty();
    }
    if error.is_some_and(|error| error.is_eof()) {
        return incomplete();
    }
    UpstreamFailure {
        code: Some("invalid_response".to_owned()),
        ..UpstreamFailure::new(FailureClass::BadResponse, "the provider sent something that is no answer of its API")
    }
}

/// The body ended before the service said why it stopped.
fn incomplete() -> UpstreamFailure {
    UpstreamFailure {
        code: Some("upstream_incomplete".to_owned()),
        ..UpstreamFailure::new(FailureClass::Network, "the provider's answer ended without a finish reason")
    }
}

fn empty() -> UpstreamFailure {
    UpstreamFailure {
        code: Some("empty_response".to_owned()),
        ..UpstreamFailure::new(FailureClass::BadResponse, "the provider sent no answer")
    }
}
