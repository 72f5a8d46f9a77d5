//! Error fixtures by class, and the shapes errors come in.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::support::{adapter_of, run, run_text, vendor_fixtures};
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::{
        adapter::{Adapter, Memo, Reply},
        openai::{Dialect, OpenAiAdapter},
        testing::files::fixture,
    },
};

pub const ERRORS: &[(&str, FailureClass)] = &[
    ("openai/err-01-bad-key", FailureClass::Credential),
    ("openai/err-02-edge-bad-key", FailureClass::Credential),
    ("openai/err-04-unsupported-parameter", FailureClass::Caller),
    ("openai/err-06-rate-limit", FailureClass::RateLimit),
    ("openai/err-07-quota", FailureClass::Quota),
    ("openai/err-08-overloaded", FailureClass::Overload),
    ("openai/err-09-server-error", FailureClass::ServerError),
    ("openai/err-11-missing-messages", FailureClass::Caller),
    ("openai/err-12-content-filter", FailureClass::Blocked),
    ("openai/generic-02-azure-content-filter-error", FailureClass::Blocked),
    ("openai/generic-14-error-vllm-int-code", FailureClass::Model),
    ("openai/generic-16-error-fireworks", FailureClass::Model),
    ("openai/generic-17-error-fastapi-detail", FailureClass::Caller),
    ("openai/generic-23-anthropic-error", FailureClass::Overload),
    ("openai/generic-25-error-lmstudio-200", FailureClass::BadResponse),
    ("xai/err-01-bad-key-is-400", FailureClass::Credential),
    ("xai/err-02-missing-auth", FailureClass::Credential),
    ("xai/err-03-live-search-gone", FailureClass::Caller),
    ("xai/err-04-credits-or-rate-429", FailureClass::Quota),
    ("xai/err-05-rate-429", FailureClass::RateLimit),
    ("xai/err-06-permission-403", FailureClass::Quota),
    ("xai/err-07-model-404", FailureClass::Model),
    ("xai/err-08-unsupported-arg", FailureClass::Caller),
    ("xai/err-09-error-with-200", FailureClass::Overload),
    ("xai/err-10-validation-422", FailureClass::Caller),
    ("perplexity/err-01-alternation", FailureClass::Caller),
    ("perplexity/err-02-bad-key-html", FailureClass::Credential),
    ("perplexity/err-03-fastapi-422", FailureClass::Caller),
    ("perplexity/err-04-rate-limit", FailureClass::RateLimit),
    ("perplexity/err-06-sonar-gone", FailureClass::Model),
];

pub fn body_of(side: &Value) -> String {
    side["body"].as_str().map_or_else(|| side["body"].to_string(), str::to_owned)
}

fn read(name: &str) -> UpstreamFailure {
    let fixture = fixture(name);
    let side = &fixture["provider"];
    let mut headers = HeaderMap::new();
    for (key, value) in side["headers"].as_object().into_iter().flatten() {
        let key = HeaderName::try_from(key).expect("a header");
        headers.insert(key, HeaderValue::from_str(value.as_str().expect("a text")).expect("a header"));
    }
    let status = side["status"].as_u64().expect("a status") as u16;
    let body = body_of(side);
    let reply = Reply { status, headers: &headers, body: body.as_bytes() };
    let adapter = adapter_of(name);
    if status != 200 {
        return adapter.decode_error(reply);
    }
    // An error in a 200 must be seen by both ways of reading.
    let failure = adapter.decode(&Memo::default(), reply).expect_err(name);
    let (events, streamed) = run(&adapter, body.as_bytes(), usize::MAX);
    assert_eq!(events, [], "{name}");
    assert_eq!(streamed.expect_err(name), failure, "{name}");
    failure
}

#[test]
fn classes() {
    for (name, class) in ERRORS {
        let failure = read(name);
        assert_eq!(failure.class, *class, "{name}: {failure:?}");
        assert!(!failure.message.is_empty(), "{name}");
        // Of other classes the edge knows code and parameter by itself.
        if *class == FailureClass::Caller {
            let shown = &fixture(name)["openai"]["body"]["error"];
            assert_eq!(failure.code.as_deref(), shown["code"].as_str(), "{name}");
            assert_eq!(failure.param.as_deref(), shown["param"].as_str(), "{name}");
        }
    }
    for name in vendor_fixtures("error") {
        let failure = read(&name);
        assert_eq!(fixture(&name)["class"], format!("{:?}", failure.class), "{name}: {failure:?}");
    }
}

#[test]
fn waiting_until_a_date() {
    let wait = |headers: &[(&'static str, &'static str)]| {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers: HeaderMap = headers.collect();
        OpenAiAdapter::new(Dialect::GENERIC)
            .decode_error(Reply { status: 429, headers: &headers, body: b"" })
            .retry_after
    };
    let later = ("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT");
    assert_eq!(wait(&[later, ("date", "Sun, 22 Nov 2026 10:00:00 GMT")]), Some(Duration::from_secs(30)));
    assert_eq!(wait(&[later]), None, "from when?");
    assert_eq!(wait(&[later, ("date", "Sun, 22 Nov 2026 10:01:00 GMT")]), None, "over");
    assert_eq!(wait(&[("retry-after", "soon")]), None);
}

#[test]
fn details() {
    let rate = read("openai/err-06-rate-limit");
    assert_eq!((rate.retry_after, rate.http_status), (Some(Duration::from_secs(20)), Some(429)));
    assert_eq!(rate.code.as_deref(), Some("rate_limit_exceeded"));
    let parameter = read("openai/err-04-unsupported-parameter");
    assert_eq!(parameter.param.as_deref(), Some("max_tokens"));
    assert_eq!(read("openai/err-01-bad-key").message, "Incorrect API key provided: [redacted].");
    assert_eq!(read("xai/err-01-bad-key-is-400").message, "Incorrect API key provided: [redacted].");
    assert_eq!(read("openai/generic-17-error-fastapi-detail").message, "body.messages: Field required");
    assert_eq!(read("openai/generic-14-error-vllm-int-code").code, None, "a status is no code");
    assert_eq!(read("openai/generic-02-azure-content-filter-error").retry_after, None);
    let page = read("perplexity/err-02-bad-key-html").message;
    assert_eq!(page, "the provider answered with a web page: 401 Authorization Required");
}

#[test]
fn shapes() {
    let read = |status, body: &str| {
        let adapter = OpenAiAdapter::new(Dialect::GENERIC);
        adapter.decode_error(Reply { status, headers: &HeaderMap::new(), body: body.as_bytes() })
    };
    let cases = [
        (
            "percent-encoded",
            400,
            r#"{"code":"x","error":"Incorrect%20API%20key%20provided"}"#,
            FailureClass::Credential,
        ),
        (
            "object error",
            400,
            r#"{"object":"error","message":"too bad","type":"t","code":"3280"}"#,
            FailureClass::Caller,
        ),
        (
            "argument in another spelling",
            400,
            r#"{"code":"Client specified an invalid argument","error":"Argument not supported on this model: presencePenalty."}"#,
            FailureClass::Caller,
        ),
        ("list of errors", 429, r#"[{"error":{"message":"slow"}}]"#, FailureClass::RateLimit),
        (
            "raw metadata",
            400,
            r#"{"error":{"metadata":{"raw":"maximum context length is 8"}}}"#,
            FailureClass::ContextLength,
        ),
        ("empty body", 502, "", FailureClass::ServerError),
        ("plain text", 503, "upstream connect error", FailureClass::Overload),
        ("cut JSON", 500, r#"{"error":{"mess"#, FailureClass::ServerError),
        ("JSON text", 529, r#""busy""#, FailureClass::Overload),
        ("null", 418, "null", FailureClass::Caller),
    ];
    for (name, status, body, class) in cases {
        let failure = read(status, body);
        assert_eq!(failure.class, class, "{name}: {failure:?}");
        assert!(!failure.message.is_empty(), "{name}");
    }
    let argument = read(400, r#"{"error":"Argument not supported on this model: presencePenalty."}"#);
    assert_eq!(
        (argument.code.as_deref(), argument.param.as_deref()),
        (Some("unsupported_parameter"), Some("presence_penalty"))
    );
    let sentence = read(400, r#"{"code":"Client specified an invalid argument","error":"too large"}"#);
    assert_eq!(sentence.code, None);
    assert_eq!(read(502, "").message, "the provider answered HTTP 502 without a message");
}

#[test]
fn errors_in_streams() {
    let text = "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"Tw\"}}]}\n\n";
    let cases = [
        ("numeric code", r#"data: {"error":{"code":502,"message":"bad"},"choices":[]}"#, FailureClass::ServerError),
        ("text", r#"data: {"error":"rate limit reached"}"#, FailureClass::RateLimit),
        ("object", r#"data: {"object":"error","message":"the model is overloaded"}"#, FailureClass::Overload),
        ("event", "event: error\ndata: {\"message\":\"m\",\"type\":\"server_error\"}", FailureClass::ServerError),
        ("no JSON", "data: Internal Server Error", FailureClass::BadResponse),
        ("half JSON", "data: {\"choices\":[{", FailureClass::BadResponse),
        ("reason", r#"data: {"choices":[{"delta":{},"finish_reason":"error"}]}"#, FailureClass::ServerError),
        (
            "resources",
            r#"data: {"choices":[{"finish_reason":"insufficient_system_resource"}]}"#,
            FailureClass::Overload,
        ),
    ];
    for (name, event, class) in cases {
        let (events, result) = run_text(Dialect::GENERIC, &format!("{text}{event}\n\ndata: [DONE]\n\n"));
        assert_eq!(result.as_ref().map_err(|failure| failure.class), Err(class), "{name}: {result:?}");
        assert_eq!(events.len(), 2, "{name}: what came before is kept: {events:?}");
    }
    let (_, falsy) = run_text(
        Dialect::GENERIC,
        "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
    );
    assert_eq!(falsy, Ok(()));
}
