//! Fixtures of failures: answers that are none, and answers that broke off.

use serde_json::json;

use super::support::{FAILED_STREAMS, adapter_of, decode, fixture, fold, run};
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::{
        openai::{self, OpenAiAdapter},
        responses::{Dialect, ResponsesAdapter},
        testing::streams::sse_body,
    },
};

const ERRORS: &[(&str, FailureClass)] = &[
    ("perplexity/agent-resp-03-failed-with-200", FailureClass::ServerError),
    ("perplexity/err-05-agent-unknown-field", FailureClass::Caller),
    ("perplexity/err-02-bad-key-html", FailureClass::Credential),
    ("responses/fail-resp-11-cancelled", FailureClass::ServerError),
    ("responses/fail-resp-12-unfinished", FailureClass::BadResponse),
    ("responses/fail-resp-13-flat-error", FailureClass::Overload),
    ("responses/fail-resp-14-agent-html-401", FailureClass::Credential),
    ("responses/fail-resp-15-agent-too-large", FailureClass::Caller),
    ("responses/fail-resp-16-agent-424", FailureClass::ServerError),
    ("responses/fail-resp-17-agent-rate", FailureClass::RateLimit),
    ("responses/fail-resp-18-agent-model", FailureClass::Model),
    ("responses/fail-resp-19-agent-404", FailureClass::Model),
];

/// Errors of chat completions; they look the same here.
const SAME_AS_CHAT: &[&str] = &[
    "xai/err-01-bad-key-is-400",
    "xai/err-02-missing-auth",
    "xai/err-03-live-search-gone",
    "xai/err-04-credits-or-rate-429",
    "xai/err-05-rate-429",
    "xai/err-06-permission-403",
    "xai/err-07-model-404",
    "xai/err-08-unsupported-arg",
    "xai/err-09-error-with-200",
    "xai/err-10-validation-422",
];

fn read(name: &str) -> UpstreamFailure {
    let side = fixture(name).provider;
    let failure = decode(&adapter_of(name), &side).expect_err(name);
    if side["status"] == 200 {
        // Who asked for a stream may get it, too.
        let (events, end) = run(&adapter_of(name), side["body"].to_string().as_bytes(), 11);
        assert_eq!((events, end), (Vec::new(), Err(failure.clone())), "{name}");
    }
    failure
}

#[test]
fn classes() {
    for (name, class) in ERRORS {
        let failure = read(name);
        assert_eq!(failure.class, *class, "{name}: {failure:?}");
        assert_eq!(failure.http_status.map(u64::from), fixture(name).provider["status"].as_u64(), "{name}");
        assert!(!failure.message.is_empty(), "{name}");
    }
    let unknown = read("perplexity/err-05-agent-unknown-field");
    assert_eq!(unknown.param.as_deref(), Some("stop"));
    let rate = read("responses/fail-resp-17-agent-rate");
    assert_eq!(rate.retry_after, Some(std::time::Duration::from_secs(2)));
    assert_eq!(read("perplexity/agent-resp-03-failed-with-200").code.as_deref(), Some("internal_error"));
}

#[test]
fn errors_of_chat_completions() {
    let chat = OpenAiAdapter::new(openai::Dialect::XAI);
    for name in SAME_AS_CHAT {
        assert_eq!(Some(read(name)), decode(&chat, &fixture(name).provider).err(), "{name}");
    }
}

#[test]
fn broken_streams() {
    for name in FAILED_STREAMS {
        let fixture = fixture(name);
        let class = match fixture.rest["class"].as_str() {
            Some("rate_limit") => FailureClass::RateLimit,
            _ => FailureClass::ServerError,
        };
        let (events, end) = run(&adapter_of(name), &sse_body(&fixture.provider).0, usize::MAX);
        let failure = end.expect_err(name);
        assert_eq!((failure.class, failure.http_status), (class, Some(200)), "{name}: {failure:?}");
        assert!(!failure.message.is_empty(), "{name}");
        assert_eq!(fold(&events), None, "{name}");
    }
}

#[test]
fn what_is_no_answer() {
    let adapter = ResponsesAdapter::new(Dialect::XAI);
    for body in ["", "{}", "[]", "null", "<html></html>", "{\"output\":", "{\"status\":\"in_progress\"}", "7"] {
        let side = json!({"status": 200, "body": body});
        decode(&adapter, &side).expect_err(body);
        run(&adapter, body.as_bytes(), 3).1.expect_err(body);
    }
    let nameless = json!({"status": 200, "body": {"output": [{"type": "function_call", "call_id": "a"}]}});
    assert_eq!(decode(&adapter, &nameless).expect_err("no name").class, FailureClass::BadResponse);
    let long = format!("{{\"error\":\"{}\"}}", "x".repeat(100_000));
    assert!(decode(&adapter, &json!({"status": 500, "body": long})).expect_err("long").message.len() < 2000);
}
