//! Reads an answer chunk by chunk. A unary answer is one chunk, so both forms go the same way.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    choice::{Choice, Origin},
    chunk::{Candidate, Chunk},
    errors, finish,
    metadata::{Whole, compact, told},
    usage::usage,
};
use crate::{
    domain::{
        event::{ChatEvent, ChoiceFinish, FinishReason, Finished, Started},
        failure::{FailureClass, UpstreamFailure},
        usage::Usage,
    },
    providers::{adapter::Memo, classify::public_message},
};

/// Highest number of a candidate that is believed: nobody is asked for more than 8.
const MAX_INDEX: u32 = 7;

/// Longest id of an answer that ids of calls are made of.
const MAX_ID: usize = 128;

/// Every chunk repeats the usage. It is passed on at first and then each time so many tokens have come, to count what
/// was consumed if the caller hangs up without doubling the number of events.
const USAGE_STEP: u64 = 256;

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Answer {
    started: bool,
    origin: Origin,
    choices: Vec<Choice>,
    /// Why the service refused the prompt.
    block_reason: Option<String>,
    whole: Whole,
    usage: Option<Usage>,
    next_usage_at: u64,
}

impl Answer {
    pub fn new(memo: &Memo) -> Self {
        Self { origin: Origin { memo: memo.clone(), ..Origin::default() }, ..Self::default() }
    }

    /// Takes the next chunk and appends what it means to `out`.
    pub fn chunk(&mut self, bytes: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let chunk = match serde_json::from_slice::<Chunk<'_>>(bytes) {
            Ok(chunk) if chunk.error.is_none() => chunk,
            no_chunk => return self.fail(unreadable(bytes, no_chunk.err()), out),
        };
        if !self.started {
            self.start(&chunk, out);
        }
        if let Some((feedback, reason)) = chunk.prompt_feedback.and_then(|f| Some((f, block_reason(f)?))) {
            self.block_reason = Some(reason);
            self.whole.prompt_feedback = compact(feedback.get());
        }
        if let Some(status) = chunk.model_status {
            self.whole.model_status = compact(status.get());
        }
        for candidate in chunk.candidates {
            if candidate.index > MAX_INDEX {
                let message = format!("the provider sent a candidate with the number {}", candidate.index);
                return self.fail(invalid(message), out);
            }
            self.candidate(candidate, out);
        }
        if let Some(usage) = chunk.usage_metadata.as_ref().and_then(usage) {
            self.count(usage, out);
        }
        Ok(())
    }

    /// Takes the end of the body and appends what was held back, then `Finished`.
    pub fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let mut reasons = Vec::with_capacity(self.choices.len().max(1));
        for choice in &self.choices {
            let reason = match (&choice.finish_reason, &self.block_reason) {
                (Some(native), _) => (finish::finish_reason(native, choice.calls > 0), native.clone()),
                (None, Some(blocked)) => (FinishReason::ContentFilter, blocked.clone()),
                (None, None) => return self.fail(incomplete(), out),
            };
            reasons.push(reason);
        }
        if let (true, Some(blocked)) = (reasons.is_empty(), &self.block_reason) {
            reasons.push((FinishReason::ContentFilter, blocked.clone()));
        }
        let mut reasons = reasons.into_iter();
        let Some((reason, native)) = reasons.next() else {
            return self.fail(empty(), out);
        };
        // A refused prompt has no answer either, but that is what it should be.
        let failed = reason == FinishReason::Stop && finish::is_failure_when_empty(&native);
        if failed && !self.choices.iter().any(Choice::is_usable) {
            return self.fail(self.unusable(&native), out);
        }
        self.choices.iter().for_each(|choice| choice.end(out));
        let other = |(choice, (reason, native_reason))| ChoiceFinish { choice, reason, native_reason };
        out.push(ChatEvent::Finished(Finished {
            usage: self.usage.take(),
            other_choices: (1..).zip(reasons).map(other).collect(),
            provider_metadata: told(self.choices.iter().map(|choice| &choice.metadata), &self.whole),
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
            // The id of every call holds it.
            if id.0.len() <= MAX_ID {
                self.origin.response_id = id.0.clone().into_owned();
            }
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
        let index = candidate.index as usize;
        while self.choices.len() <= index {
            self.choices.push(Choice::new(self.choices.len() as u32));
        }
        self.choices[index].take(candidate, &self.origin, out);
    }

    fn count(&mut self, usage: Usage, out: &mut Vec<ChatEvent>) {
        let output = usage.output_tokens.unwrap_or(0);
        if self.usage.is_none() || output >= self.next_usage_at {
            self.next_usage_at = output.saturating_add(USAGE_STEP);
            out.push(ChatEvent::Usage(usage.clone()));
        }
        self.usage = Some(usage);
    }

    fn unusable(&self, native: &str) -> UpstreamFailure {
        let said = self.choices.iter().find_map(|choice| choice.metadata.finish_message.as_deref());
        let why = public_message(said.unwrap_or("no reason given"));
        let native = public_message(native);
        UpstreamFailure {
            code: Some(native.to_ascii_lowercase()),
            ..UpstreamFailure::new(
                FailureClass::BadResponse,
                format!("the provider ended with {native} and nothing usable: {why}"),
            )
        }
    }
}

/// Reads why a prompt was refused. Feedback on a prompt that was not refused has no reason.
fn block_reason(feedback: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Feedback {
        block_reason: Option<String>,
    }
    serde_json::from_str::<Feedback>(feedback.get()).ok()?.block_reason
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
    invalid("the provider sent something that is no answer of its API")
}

fn invalid(message: impl Into<String>) -> UpstreamFailure {
    UpstreamFailure {
        code: Some("invalid_response".to_owned()),
        ..UpstreamFailure::new(FailureClass::BadResponse, message)
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
