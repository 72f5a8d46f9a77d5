//! Why an answer ended: the one table from the service's words to ours.

use crate::domain::{
    event::FinishReason,
    failure::{FailureClass, UpstreamFailure},
};

/// How an answer stands.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The service's word for why it stopped; nothing while it has not said.
    pub native: Option<String>,
    pub has_text: bool,
    /// Whether a function of the caller was called.
    pub has_call: bool,
    /// Whether the function that stands for the answer was called.
    pub has_answer: bool,
}

/// Returns the reason of an answer that is over, in our words and in the service's.
pub fn reason(outcome: &Outcome, reason_optional: bool) -> Result<(FinishReason, String), UpstreamFailure> {
    let has_output = outcome.has_text || outcome.has_call || outcome.has_answer;
    let native = match &outcome.native {
        Some(native) => native.as_str(),
        None if reason_optional && has_output => "",
        None => return Err(incomplete()),
    };
    let ended = if outcome.has_call { FinishReason::ToolCalls } else { FinishReason::Stop };
    let reason = match native {
        "length" => FinishReason::Length,
        // HTTP 200 with a text that changes the topic.
        "blacklist" => FinishReason::ContentFilter,
        "error" if !outcome.has_text || outcome.has_call => return Err(malformed(native)),
        "function_call" if !has_output => return Err(malformed(native)),
        _ => ended,
    };
    Ok((reason, native.to_owned()))
}

/// The model called a function with arguments that are none.
fn malformed(native: &str) -> UpstreamFailure {
    let message = format!("GigaChat could not produce valid function arguments (finish_reason={native})");
    failed(FailureClass::BadResponse, &message, "malformed_function_call")
}

/// The body ended before the service said why it stopped.
fn incomplete() -> UpstreamFailure {
    let message = "the provider's answer ended without a finish reason";
    failed(FailureClass::Network, message, "upstream_incomplete")
}

/// Describes how an answer that began well went wrong.
pub fn failed(class: FailureClass, message: &str, code: &str) -> UpstreamFailure {
    UpstreamFailure { http_status: Some(200), code: Some(code.to_owned()), ..UpstreamFailure::new(class, message) }
}
