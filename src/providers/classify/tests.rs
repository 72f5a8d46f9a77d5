use http::{HeaderMap, HeaderValue};

use super::*;
use crate::domain::failure::FailureClass::*;

#[test]
fn classes() {
    let cases = [
        (429, "", "", "anything", RateLimit),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "",
            "You exceeded your current quota, check your plan and billing details.",
            RateLimit,
        ),
        (429, "RESOURCE_EXHAUSTED", "", "Your prepayment credits are depleted.", Quota),
        (429, "GenerateRequestsPerDayPerProject", "RESOURCE_EXHAUSTED", "", Quota),
        (429, "", "", "You exceeded your current quota", Quota),
        (402, "", "", "", Quota),
        (403, "", "", "Not enough credits", Quota),
        (403, "PERMISSION_DENIED", "", "no", Credential),
        (403, "", "", "input is too long: 9 tokens", ContextLength),
        (400, "API_KEY_INVALID", "INVALID_ARGUMENT", "API key expired.", Credential),
        (400, "INVALID_ARGUMENT", "", "API key not valid. Please pass a valid API key.", Credential),
        (
            400,
            "INVALID_ARGUMENT",
            "",
            "The input token count (2) exceeds the maximum number of tokens allowed (1).",
            ContextLength,
        ),
        (400, "", "", "This model's maximum context length is 8192 tokens", ContextLength),
        (400, "string_above_max_length", "", "string too long", Caller),
        (400, "", "", "The model `x` does not exist", Model),
        (400, "", "", "flagged by moderation", Blocked),
        (400, "", "invalid_request_error", "bad", Caller),
        (404, "", "", "no such path", Model),
        (410, "", "", "", Model),
        (405, "", "", "", Caller),
        (409, "", "", "", Caller),
        (413, "", "", "", Caller),
        (422, "", "", "", Caller),
        (408, "", "", "", Timeout),
        (504, "", "", "", Timeout),
        (503, "", "", "", Overload),
        (529, "", "", "", Overload),
        (498, "", "", "", Overload),
        (500, "", "", "", ServerError),
        (502, "", "", "", ServerError),
        (520, "", "", "", ServerError),
        (200, "", "", "Service temporarily unavailable.", Overload),
        (200, "", "server_error", "oops", ServerError),
        (200, "", "", "<html>", BadResponse),
        (204, "", "", "", BadResponse),
        (201, "", "", "Service temporarily unavailable.", Overload),
    ];
    for (status, code, kind, message, class) in cases {
        assert_eq!(classify(status, code, kind, message), class, "{status} {code} {kind} {message}");
    }
}

#[test]
fn waits() {
    type Case = (&'static [(&'static str, &'static str)], Option<u64>);
    let cases: &[Case] = &[
        (&[("retry-after", "20")], Some(20_000)),
        (&[("retry-after", "1.5")], Some(1_500)),
        (&[("retry-after", "20"), ("retry-after-ms", "250")], Some(250)),
        (&[("retry-after", "0")], None),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "1e300")], None),
        (&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        (&[], None),
    ];
    for (headers, want) in cases {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(retry_after(&map), want.map(Duration::from_millis), "{headers:?}");
    }
}

#[test]
fn hides_keys() {
    let cases = [
        ("Incorrect API key provided: sk-ab***yz.", "Incorrect API key provided: [redacted]."),
        ("key sk-proj-abc_DEF.", "key [redacted]."),
        ("key=AIzaSyA1234567890 is bad", "[redacted] is bad"),
        ("Bearer abc123 was refused", "Bearer [redacted] was refused"),
        ("the Bearer token is missing", "the Bearer token is missing"),
        ("'pplx-1234' and \"xai-abc\"", "'[redacted]' and \"[redacted]\""),
        ("masked xa***9Z and ab…yz", "masked [redacted] and [redacted]"),
        ("token dGhpcyBpcyBhIHNlY3JldCBrZXkxMjM0NQ== here", "token [redacted] here"),
        ("a **bold** word, a task-force, wait…", "a **bold** word, a task-force, wait…"),
        (
            "model claude-sonnet-4-5-20250929 at /v1/chat/completions",
            "model claude-sonnet-4-5-20250929 at /v1/chat/completions",
        ),
        ("two\nlines\u{0}", "two lines"),
        ("", ""),
    ];
    for (text, want) in cases {
        assert_eq!(public_message(text), want, "{text}");
    }
    let long = public_message(&"ø ".repeat(5000));
    assert_eq!(long.chars().count(), 301);
}

proptest::proptest! {
    #[test]
    fn never_panics_nor_shows_a_key(text in ".{0,400}", key in "sk-[a-zA-Z0-9]{20,40}") {
        let public = public_message(&format!("{text} {key} {text}"));
        proptest::prop_assert!(!public.contains(&key));
        classify(400, &text, &text, &text);
    }
}
