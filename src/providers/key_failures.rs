//! What each provider says of a key that it does not take, and what the gateway makes of it: the table that failover
//! stands on. Bodies as in the providers' documents and the vectors of the adapters, composed in November 2026 where
//! they show none.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};

use super::{
    adapter::{Adapter, Reply},
    openai::{Dialect, OpenAiAdapter},
    registry::{BUILT_IN, Choices, Wire},
};
use crate::domain::failure::{
    FailureClass::{self, *},
    QuotaReset,
};

/// Provider, HTTP status, body, class.
const ROWS: &[(&str, u16, &str, FailureClass)] = &[
    (
        "google",
        400,
        r#"{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}"#,
        Credential,
    ),
    (
        "google",
        400,
        r#"{"error": {"code": 400, "message": "API key expired. Please renew the API key.", "status": "INVALID_ARGUMENT"}}"#,
        Credential,
    ),
    (
        "google",
        401,
        r#"{"error": {"code": 401, "message": "Request had invalid authentication credentials.", "status": "UNAUTHENTICATED"}}"#,
        Credential,
    ),
    (
        "google",
        403,
        r#"{"error": {"code": 403, "message": "Method doesn't allow unregistered callers.", "status": "PERMISSION_DENIED"}}"#,
        Credential,
    ),
    (
        "google",
        403,
        r#"{"error": {"code": 403, "message": "Permission denied.", "status": "PERMISSION_DENIED"}}"#,
        Credential,
    ),
    (
        "google",
        429,
        r#"{"error": {"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED", "details": [
            {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}]}]}}"#,
        RateLimit,
    ),
    (
        "google",
        429,
        r#"{"error": {"code": 429, "message": "Your prepayment credits are depleted.", "status": "RESOURCE_EXHAUSTED"}}"#,
        Quota,
    ),
    ("google", 402, r#"{"error": {"code": 402, "message": "Pay.", "status": "FAILED_PRECONDITION"}}"#, Quota),
    (
        "google",
        400,
        r#"{"error": {"code": 400, "message": "Invalid value at 'contents'.", "status": "INVALID_ARGUMENT"}}"#,
        Caller,
    ),
    ("google", 503, r#"{"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}"#, Overload),
    (
        "xai",
        400,
        r#"{"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***9Z."}"#,
        Credential,
    ),
    ("xai", 401, r#"{"code": "Unauthenticated", "error": "No authorization header was provided."}"#, Credential),
    ("xai", 403, r#"{"code": "The caller does not have permission", "error": "The key may not do this."}"#, Credential),
    ("xai", 403, r#"{"code": "personal-team-blocked:spending-limit", "error": "You have run out of credits."}"#, Quota),
    (
        "xai",
        429,
        r#"{"code": "Some resource has been exhausted", "error": "Team has used all available credits."}"#,
        Quota,
    ),
    ("xai", 429, r#"{"code": "Some resource has been exhausted", "error": "Too many requests."}"#, RateLimit),
    (
        "xai",
        403,
        r#"{"code": "The caller does not have permission", "error": "Content violates usage guidelines."}"#,
        Blocked,
    ),
    ("xai", 400, r#"{"code": "Client specified an invalid argument", "error": "Bad parameter: stop"}"#, Caller),
    ("perplexity", 401, "<html><head><title>401 Authorization Required</title></head></html>", Credential),
    (
        "perplexity",
        401,
        r#"{"error": {"message": "Invalid API key", "type": "invalid_api_key", "code": 401}}"#,
        Credential,
    ),
    ("perplexity", 402, r#"{"error": {"message": "Payment Required", "type": "billing", "code": 402}}"#, Quota),
    ("perplexity", 403, r#"{"error": {"message": "Forbidden", "type": "forbidden", "code": 403}}"#, Credential),
    (
        "perplexity",
        429,
        r#"{"error": {"message": "Request rate limit exceeded", "type": "request_rate_limit_exceeded", "code": 429}}"#,
        RateLimit,
    ),
    ("perplexity", 400, r#"{"error": {"message": "Roles.", "type": "invalid_message", "code": 400}}"#, Caller),
    ("gigachat", 401, r#"{"status": 401, "message": "Unauthorized"}"#, Credential),
    ("gigachat", 402, r#"{"status": 402, "message": "Payment Required"}"#, Quota),
    ("gigachat", 403, r#"{"status": 403, "message": "Permission denied"}"#, Credential),
    ("gigachat", 429, r#"{"status": 429, "message": "Too many requests"}"#, RateLimit),
    ("gigachat", 404, r#"{"status": 404, "message": "No such model"}"#, Model),
    ("gigachat", 500, r#"{"status": 500, "message": "Internal Server Error"}"#, ServerError),
    (
        "openai",
        401,
        r#"{"error": {"message": "Incorrect API key provided: sk-ab***yz.", "type": "invalid_request_error", "code": "invalid_api_key"}}"#,
        Credential,
    ),
    (
        "openai",
        403,
        r#"{"error": {"message": "You have insufficient permissions.", "type": "invalid_request_error", "code": null}}"#,
        Credential,
    ),
    (
        "openai",
        429,
        r#"{"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}}"#,
        RateLimit,
    ),
    (
        "openai",
        429,
        r#"{"error": {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}}"#,
        Quota,
    ),
    (
        "openai",
        400,
        r#"{"error": {"message": "Bad.", "type": "invalid_request_error", "code": "unsupported_value"}}"#,
        Caller,
    ),
    (
        "anthropic",
        401,
        r#"{"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}"#,
        Credential,
    ),
    (
        "anthropic",
        403,
        r#"{"type": "error", "error": {"type": "permission_error", "message": "Your API key may not use this."}}"#,
        Credential,
    ),
    (
        "anthropic",
        400,
        r#"{"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low."}}"#,
        Quota,
    ),
    (
        "anthropic",
        429,
        r#"{"type": "error", "error": {"type": "rate_limit_error", "message": "Number of tokens per minute."}}"#,
        RateLimit,
    ),
    (
        "anthropic",
        529,
        r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
        Overload,
    ),
];

fn adapter(provider: &str) -> Arc<dyn Adapter> {
    if provider == "openai" {
        return Arc::new(OpenAiAdapter::new(Dialect::GENERIC));
    }
    let row = BUILT_IN.iter().find(|row| row.name == provider).expect("it is built in");
    let Wire::Http(adapter) = row.wire else { panic!("{provider} is asked over HTTP") };
    adapter(&Choices::default())
}

#[test]
fn every_provider_s_refusals_are_told_apart() {
    for (provider, status, body, class) in ROWS {
        let reply = Reply { status: *status, headers: &HeaderMap::new(), body: body.as_bytes() };
        let failure = adapter(provider).decode_error(reply);
        assert_eq!(failure.class, *class, "{provider} {status} {body}");
        assert!(!failure.message.is_empty() && failure.http_status == Some(*status), "{provider} {status} {body}");
    }
}

#[test]
fn every_provider_tells_how_long_to_wait() {
    for provider in ["google", "xai", "perplexity", "gigachat", "anthropic", "openai"] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        let failure = adapter(provider).decode_error(Reply { status: 429, headers: &headers, body: b"{}" });
        let waits = failure.retry_after.map(|wait| wait.as_secs());
        assert_eq!((failure.class, waits), (RateLimit, Some(7)), "{provider}");
    }
}

#[test]
fn of_two_waits_the_longer_one_counts() {
    let body = br#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "12s"}]}}"#;
    for (header, want) in [("40", 40), ("7", 12)] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(header))]);
        let failure = adapter("google").decode_error(Reply { status: 429, headers: &headers, body });
        assert_eq!(failure.retry_after.map(|wait| wait.as_secs()), Some(want), "{header}");
    }
}

#[test]
fn a_used_up_day_ends_at_midnight() {
    let of = |quota: &str| {
        let body = format!(
            r#"{{"error": {{"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED",
                "details": [{{"violations": [{{"quotaId": "{quota}"}}]}}, {{"retryDelay": "34s"}}]}}}}"#
        );
        let headers = HeaderMap::new();
        let failure = adapter("google").decode_error(Reply { status: 429, headers: &headers, body: body.as_bytes() });
        (failure.class, failure.retry_after.map(|wait| wait.as_secs()), failure.resets)
    };
    let day = of("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    assert_eq!(day, (Quota, None, Some(QuotaReset::MidnightPacific)));
    assert_eq!(of("GenerateRequestsPerMinutePerProjectPerModel"), (RateLimit, Some(34), None));
}
