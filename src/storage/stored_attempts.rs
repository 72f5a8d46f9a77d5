//! Attempts of a request as JSON text, as a row of the activity log holds them.

use serde::{Deserialize, Serialize};

use super::batch::fit;
use crate::domain::{failure::FailureClass, usage::Attempt};

/// Most attempts and most characters of a message that are kept.
const MOST_ATTEMPTS: usize = 16;
const MOST_MESSAGE: usize = 512;

#[derive(Serialize, Deserialize)]
struct Stored {
    provider: String,
    model: String,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    ms: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
}

pub(super) fn attempts_to_text(attempts: &[Attempt]) -> String {
    let stored = |attempt: &Attempt| Stored {
        provider: attempt.provider.clone(),
        model: fit(&attempt.model, MOST_MESSAGE),
        key: attempt.key_alias.clone(),
        failure: attempt.failure.map(|class| class.name().to_owned()),
        status: attempt.http_status,
        ms: attempt.duration_ms,
        message: fit(&attempt.message, MOST_MESSAGE),
    };
    let stored: Vec<Stored> = attempts.iter().take(MOST_ATTEMPTS).map(stored).collect();
    serde_json::to_string(&stored).unwrap_or_else(|_| "[]".to_owned())
}

/// Reads them again. A text of another version's leaves the entry without its attempts, not the list without the entry.
pub(super) fn attempts_of(text: &str) -> Vec<Attempt> {
    let class = |name: &str| FailureClass::ALL.into_iter().find(|class| class.name() == name);
    let attempt = |stored: Stored| Attempt {
        provider: stored.provider,
        model: stored.model,
        key_alias: stored.key,
        failure: stored.failure.as_deref().and_then(class),
        http_status: stored.status,
        duration_ms: stored.ms,
        message: stored.message,
    };
    let stored: Vec<Stored> = serde_json::from_str(text).unwrap_or_default();
    stored.into_iter().map(attempt).collect()
}
