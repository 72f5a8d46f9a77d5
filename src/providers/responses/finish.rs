//! What the status of a response means.

use super::{
    raw::{object, text},
    reply::{Incomplete, Response},
};
use crate::domain::event::FinishReason;

/// Whether a response with this status is over.
pub fn is_end(status: &str) -> bool {
    matches!(status, "completed" | "incomplete" | "requires_action") || is_failure(status)
}

/// Whether the provider gave up.
pub fn is_failure(status: &str) -> bool {
    matches!(status, "failed" | "cancelled" | "expired")
}

/// Returns why a response that did not fail is over, also in the provider's words.
pub fn reason(status: &str, response: &Response<'_>, has_calls: bool) -> (FinishReason, String) {
    if status == "incomplete" {
        let details: Incomplete<'_> = object(response.incomplete_details);
        return match text(details.reason).as_str() {
            "" => (FinishReason::Length, status.to_owned()),
            "content_filter" => (FinishReason::ContentFilter, "content_filter".to_owned()),
            // A limit of any kind: tokens, steps, time.
            limit => (FinishReason::Length, limit.to_owned()),
        };
    }
    let reason = if has_calls { FinishReason::ToolCalls } else { FinishReason::Stop };
    (reason, status.to_owned())
}
