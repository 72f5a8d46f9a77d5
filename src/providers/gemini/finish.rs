//! What Gemini's finish reasons mean.

use crate::domain::event::FinishReason::{self, ContentFilter, Length, Stop, ToolCalls};

/// Every `finishReason`, what it is for the contract, and whether it is a failure when nothing usable came before it.
const REASONS: &[(&str, FinishReason, bool)] = &[
    ("STOP", Stop, false),
    ("MAX_TOKENS", Length, false),
    ("CONTINUATION", Length, false),
    ("SAFETY", ContentFilter, false),
    ("RECITATION", ContentFilter, false),
    ("LANGUAGE", ContentFilter, false),
    ("BLOCKLIST", ContentFilter, false),
    ("PROHIBITED_CONTENT", ContentFilter, false),
    ("SPII", ContentFilter, false),
    ("IMAGE_SAFETY", ContentFilter, false),
    ("IMAGE_PROHIBITED_CONTENT", ContentFilter, false),
    ("IMAGE_RECITATION", ContentFilter, false),
    ("IMAGE_OTHER", ContentFilter, false),
    ("ESCALATION", ContentFilter, false),
    ("PUP_LIMITED_DISABLED", ContentFilter, false),
    ("MODEL_ARMOR", ContentFilter, false),
    ("NO_IMAGE", Stop, false),
    ("FINISH_REASON_UNSPECIFIED", Stop, false),
    ("OTHER", Stop, true),
    ("MALFORMED_FUNCTION_CALL", Stop, true),
    ("UNEXPECTED_TOOL_CALL", Stop, true),
    ("TOO_MANY_TOOL_CALLS", Stop, true),
    ("MISSING_THOUGHT_SIGNATURE", Stop, true),
    ("MALFORMED_RESPONSE", Stop, true),
];

/// Returns the contract's reason. Gemini has no reason of its own for calls: an ordinary stop after one is it.
pub fn finish_reason(native: &str, called: bool) -> FinishReason {
    match row(native).map_or(Stop, |(_, reason, _)| *reason) {
        Stop if called => ToolCalls,
        reason @ (Stop | ToolCalls | Length | ContentFilter) => reason,
    }
}

/// Whether the reason is a failure when the answer holds nothing usable.
pub fn is_failure_when_empty(native: &str) -> bool {
    row(native).is_some_and(|(_, _, fails)| *fails)
}

fn row(native: &str) -> Option<&'static (&'static str, FinishReason, bool)> {
    REASONS.iter().find(|(name, _, _)| *name == native)
}
