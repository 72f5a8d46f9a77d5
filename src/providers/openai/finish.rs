//! The one table from a server's finish reason to ours.

use crate::{
    domain::{
        event::FinishReason,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::classify::public_message,
};

/// What a native finish reason means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Reason(FinishReason),
    /// The answer broke off and is none.
    Failed(FailureClass),
    /// No known word.
    Unknown,
}

const TABLE: &[(&str, Meaning)] = &[
    ("stop", Meaning::Reason(FinishReason::Stop)),
    ("end_turn", Meaning::Reason(FinishReason::Stop)),
    ("stop_sequence", Meaning::Reason(FinishReason::Stop)),
    ("eos", Meaning::Reason(FinishReason::Stop)),
    ("eos_token", Meaning::Reason(FinishReason::Stop)),
    ("complete", Meaning::Reason(FinishReason::Stop)),
    ("completed", Meaning::Reason(FinishReason::Stop)),
    ("length", Meaning::Reason(FinishReason::Length)),
    ("max_tokens", Meaning::Reason(FinishReason::Length)),
    ("max_output_tokens", Meaning::Reason(FinishReason::Length)),
    ("model_length", Meaning::Reason(FinishReason::Length)),
    ("model_context_window_exceeded", Meaning::Reason(FinishReason::Length)),
    ("tool_calls", Meaning::Reason(FinishReason::ToolCalls)),
    ("tool-calls", Meaning::Reason(FinishReason::ToolCalls)),
    ("tool_use", Meaning::Reason(FinishReason::ToolCalls)),
    ("function_call", Meaning::Reason(FinishReason::ToolCalls)),
    ("content_filter", Meaning::Reason(FinishReason::ContentFilter)),
    ("content-filter", Meaning::Reason(FinishReason::ContentFilter)),
    ("safety", Meaning::Reason(FinishReason::ContentFilter)),
    ("refusal", Meaning::Reason(FinishReason::ContentFilter)),
    ("sensitive", Meaning::Reason(FinishReason::ContentFilter)),
    ("guardrail", Meaning::Reason(FinishReason::ContentFilter)),
    ("error", Meaning::Failed(FailureClass::ServerError)),
    ("abort", Meaning::Failed(FailureClass::ServerError)),
    ("insufficient_system_resource", Meaning::Failed(FailureClass::Overload)),
];

/// Returns what `native` means, in whatever case it is written.
pub fn meaning(native: &str) -> Meaning {
    TABLE.iter().find(|(word, _)| word.eq_ignore_ascii_case(native)).map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}

/// Returns the reason of a choice that is over. An unknown word is a stop, unless nothing was generated.
pub fn reason(native: &str, has_tool_calls: bool, has_output: bool) -> Result<FinishReason, UpstreamFailure> {
    match meaning(native) {
        Meaning::Reason(FinishReason::Stop) if has_tool_calls => Ok(FinishReason::ToolCalls),
        Meaning::Reason(reason) => Ok(reason),
        Meaning::Failed(class) => Err(failed(class, native)),
        Meaning::Unknown if has_tool_calls => Ok(FinishReason::ToolCalls),
        Meaning::Unknown if has_output || native.is_empty() => Ok(FinishReason::Stop),
        Meaning::Unknown => Err(failed(FailureClass::BadResponse, native)),
    }
}

/// Describes an answer that ended with a reason which is no success.
pub fn failed(class: FailureClass, native: &str) -> UpstreamFailure {
    let shown: String = public_message(native).chars().take(40).collect();
    let message = format!("the provider ended the answer with the reason `{shown}`");
    UpstreamFailure { http_status: Some(200), code: Some(shown), ..UpstreamFailure::new(class, message) }
}
