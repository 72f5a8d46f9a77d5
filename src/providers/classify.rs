//! Reads what a provider's error means: its own code first, then known phrases, the HTTP status last.

use std::time::Duration;

use http::HeaderMap;

use crate::domain::failure::FailureClass;

mod codes;
mod redact;

/// Returns the class of an error answer. `code` and `kind` are the provider's own words, lower or upper case.
pub fn classify(status: u16, code: &str, kind: &str, message: &str) -> FailureClass {
    let (code, kind, message) = (code.to_ascii_lowercase(), kind.to_ascii_lowercase(), message.to_lowercase());
    let status = if (200..300).contains(&status) { 200 } else { status };
    // Quota hides behind rate limits and permissions, so it is looked for before anything else.
    if codes::says_quota(&code, &kind, &message) {
        return FailureClass::Quota;
    }
    codes::by_code(&code)
        .or_else(|| codes::by_code(&kind))
        .or_else(|| codes::by_phrase(status, &code, &message))
        .or_else(|| codes::by_status(status))
        .or_else(|| codes::by_general_code(&code))
        .or_else(|| codes::by_general_code(&kind))
        .unwrap_or(FailureClass::BadResponse)
}

/// Returns how long the headers ask to wait: `retry-after-ms`, else `retry-after` in seconds or as a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name| text(name)?.parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after"));
    let wait = match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        // The only clock an adapter has is the one the answer shows.
        None => {
            let date = |name| httpdate::parse_http_date(text(name)?).ok();
            date("retry-after")?.duration_since(date("date")?).ok()?
        }
    };
    (!wait.is_zero()).then_some(wait)
}

/// Shortens a provider's text to what a caller may see, with anything that looks like a key removed.
pub fn public_message(text: &str) -> String {
    redact::public_message(text)
}

#[cfg(test)]
mod tests;
