//! What a person is told of a test: what happened, and what to do next.

use crate::domain::{
    failure::{FailureClass, UpstreamFailure},
    key::StoredKey,
};

/// Longest part of the provider's own words, which are redacted already.
const MAX_WORDS: usize = 200;

/// Of a key that was not tested.
pub const SWITCHED_OFF: &str = "It is switched off and was not tested; set active to use it again.";
pub const TOO_LATE: &str = "The call's time was over before its turn came; call again with a longer deadline.";
pub const CLOSED: &str = "The gateway cannot open its stored secret; set the secret anew.";
pub const NO_PROVIDER: &str = "The gateway does not know its provider any more; configure the provider again or delete \
                               the key.";

pub fn passed(key: &StoredKey) -> &'static str {
    if key.active {
        "The provider takes the key."
    } else {
        "The provider takes the key; it stays switched off until you set active."
    }
}

/// Says why a test failed. `console` is where keys of this provider are made, if known; `key` is as it is now.
pub fn failed(failure: &UpstreamFailure, console: &str, key: &StoredKey, now_ms: i64) -> String {
    let (what, next) = match failure.class {
        FailureClass::Credential => ("The provider refuses the key", new_key(console)),
        FailureClass::Quota => ("Its balance or quota is used up", more_quota(key, now_ms)),
        FailureClass::RateLimit => {
            ("The provider limits the rate of requests, so nothing is known of the key", again(key, now_ms))
        }
        FailureClass::Overload | FailureClass::ServerError => (
            "The provider has trouble of its own, so nothing is known of the key",
            "test it again in some minutes".into(),
        ),
        FailureClass::Network => {
            ("The provider cannot be reached", "check the address set for it and this machine's network".into())
        }
        FailureClass::Timeout => (
            "The provider did not answer in time",
            "test it again; if that does not help, check the address set for it".into(),
        ),
        FailureClass::BadResponse => {
            ("What answered does not speak like the provider", "check the address set for it".into())
        }
        FailureClass::Model => (
            "The provider does not know the model of the test, or not for this key",
            "set another default model for this provider".into(),
        ),
        FailureClass::Caller | FailureClass::ContextLength | FailureClass::Blocked => {
            ("The provider refused the test and not the key", "check the settings of the provider".into())
        }
    };
    let words: String = failure.message.chars().take(MAX_WORDS).collect();
    match words.trim().trim_end_matches('.') {
        "" => format!("{what}: {next}."),
        words => format!("{what} ({words}): {next}."),
    }
}

fn new_key(console: &str) -> String {
    if console.is_empty() {
        "create a new one at the provider and set it as secret".into()
    } else {
        format!("create a new one at {console} and set it as secret")
    }
}

fn more_quota(key: &StoredKey, now_ms: i64) -> String {
    match wait(key, now_ms) {
        Some(wait) => format!("add credit at the provider and test it again; otherwise it is tried again in {wait}"),
        None => "add credit at the provider and test it again".into(),
    }
}

fn again(key: &StoredKey, now_ms: i64) -> String {
    wait(key, now_ms).map_or_else(|| "test it again in a minute".into(), |wait| format!("test it again in {wait}"))
}

/// Says in words how long the key rests.
fn wait(key: &StoredKey, now_ms: i64) -> Option<String> {
    let seconds = (key.health.until_ms?.checked_sub(now_ms).filter(|left| *left > 0)? + 999) / 1000;
    Some(match seconds {
        ..=120 => format!("{seconds} s"),
        ..=7200 => format!("{} minutes", (seconds + 59) / 60),
        ..=172_800 => format!("{} hours", (seconds + 3599) / 3600),
        _ => format!("{} days", (seconds + 86_399) / 86_400),
    })
}
