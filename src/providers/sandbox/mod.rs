//! The built-in provider that needs no network and no key: it echoes, calls tools, looks at images and fails on
//! purpose, so that everything the gateway does can be seen before the first real key is there.

mod answers;
pub mod embed;
mod picture;

use std::{collections::VecDeque, time::Duration};

use super::pictures::Pictures;
use crate::domain::{
    chat::ChatRequest,
    event::{ChatEvent, FinishReason, Finished, Started},
    failure::{FailureClass, UpstreamFailure},
    usage::{Usage, UsageSource},
};

const PICTURES: [&str; 8] =
    ["image/png", "image/jpeg", "image/webp", "image/gif", "image/heic", "image/avif", "image/tiff", "image/bmp"];
/// Pause between two pieces of a streamed answer.
const PIECE_PAUSE: Duration = Duration::from_millis(15);
/// The same for `sandbox/slow`.
const SLOW_PAUSE: Duration = Duration::from_secs(1);

/// Returns what the sandbox takes: everything, for it reads nothing.
pub fn pictures() -> Pictures<'static> {
    Pictures::of(PICTURES, None).and_pdf(true, None)
}

/// What happens next in the sandbox.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all steps are events, and there are some dozens at a time")]
pub enum Step {
    Wait(Duration),
    Event(ChatEvent),
    Fail(UpstreamFailure),
    /// Nothing, for ever.
    Hang,
}

/// Everything that happens after one request.
#[derive(Clone, Debug)]
pub struct Script(VecDeque<Step>);

impl Script {
    /// Writes the script for a model of the sandbox. An unknown name cannot come here: the catalog lists them all.
    pub fn new(request: &ChatRequest, model: &str, streamed: bool) -> Self {
        let mut steps = VecDeque::new();
        if let Some(failure) = failure_of(model) {
            steps.push_back(Step::Fail(failure));
            return Self(steps);
        }
        if model == "hang" {
            steps.push_back(Step::Hang);
            return Self(steps);
        }
        let pause = if model == "slow" { SLOW_PAUSE } else { PIECE_PAUSE };
        let answer = answers::answer(request, model);
        let output_words = answer.len() as u64;
        if model == "slow" {
            steps.push_back(Step::Wait(pause));
        }
        steps.push_back(Step::Event(ChatEvent::Started(Started { model: model.to_owned(), ..Started::default() })));
        let cut = breaks_off(model).map(|failure| (answer.len().div_ceil(2), failure));
        for (at, event) in answer.into_iter().enumerate() {
            if cut.as_ref().is_some_and(|(after, _)| at == *after) {
                break;
            }
            if streamed && at > 0 {
                steps.push_back(Step::Wait(pause));
            }
            steps.push_back(Step::Event(event));
        }
        if let Some((said, failure)) = cut {
            // As providers that count along do, so that a break can be told with what it cost.
            steps.push_back(Step::Event(ChatEvent::Usage(usage(request, model, said as u64))));
            steps.extend(failure.map(Step::Fail));
            return Self(steps);
        }
        steps.push_back(Step::Event(ChatEvent::Finished(finished(request, model, output_words))));
        Self(steps)
    }

    pub fn put_back(&mut self, event: ChatEvent) {
        self.0.push_front(Step::Event(event));
    }

    /// Returns the script without what was left of it.
    pub fn ended(mut self) -> Self {
        self.0.clear();
        self
    }
}

impl Iterator for Script {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.0.pop_front()
    }
}

/// Models that fail before they answer.
fn failure_of(model: &str) -> Option<UpstreamFailure> {
    use FailureClass::*;
    let (class, status, message, retry_after) = match model {
        "401" => (Credential, Some(401), "sandbox: this key is refused on purpose", None),
        "429" => (RateLimit, Some(429), "sandbox: rate limit on purpose", None),
        "429-retry-after" => (RateLimit, Some(429), "sandbox: rate limit on purpose, try again in 1 s", Some(1)),
        "quota" => (Quota, Some(429), "sandbox: quota used up on purpose", None),
        "500" => (ServerError, Some(500), "sandbox: internal error on purpose", None),
        "503" => (Overload, Some(503), "sandbox: overloaded on purpose", None),
        "reset" => (Network, None, "sandbox: connection reset on purpose", None),
        "bad-response" => (BadResponse, Some(200), "sandbox: the reply is an HTML page on purpose", None),
        _ => return None,
    };
    Some(UpstreamFailure {
        http_status: status,
        retry_after: retry_after.map(Duration::from_secs),
        ..UpstreamFailure::new(class, message)
    })
}

/// Models that break off in the middle of their answer; `Some(None)` ends without a word.
fn breaks_off(model: &str) -> Option<Option<UpstreamFailure>> {
    match model {
        "reset-mid-stream" => Some(Some(UpstreamFailure::new(
            FailureClass::Network,
            "sandbox: connection reset on purpose in the middle of the answer",
        ))),
        "error-mid-stream" => Some(Some(UpstreamFailure::new(
            FailureClass::ServerError,
            "sandbox: internal error on purpose in the middle of the answer",
        ))),
        "truncated" => Some(None),
        _ => None,
    }
}

fn finished(request: &ChatRequest, model: &str, output_words: u64) -> Finished {
    let reason = match model {
        "length" => FinishReason::Length,
        "content-filter" => FinishReason::ContentFilter,
        "tools" if answers::calls_tool(request) => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    let native = match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    };
    Finished { usage: Some(usage(request, model, output_words)), ..Finished::new(reason, native) }
}

/// Counts words as tokens.
fn usage(request: &ChatRequest, model: &str, output_words: u64) -> Usage {
    let input = answers::input_words(request);
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output_words),
        total_tokens: Some(input + output_words),
        reasoning_tokens: Some(if model == "reasoning" { answers::THINKING.len() as u64 } else { 0 }),
        source: UsageSource::Provider,
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests;
