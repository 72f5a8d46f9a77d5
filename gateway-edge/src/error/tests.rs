//! One row per reason: status, type, code, param and headers as clients see them.

use std::collections::HashMap;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    rows::{FAILURE_CLASSES, REASONS},
    *,
};

fn status(code: Code, reason: &str, metadata: &[(&str, &str)], violation: Option<&str>, retry_ms: u64) -> Status {
    let metadata: HashMap<String, String> = metadata.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let mut details = ErrorDetails::with_error_info(reason, "aigateway", metadata);
    if let Some(field) = violation {
        details.add_bad_request_violation(field, "is wrong");
    }
    if retry_ms > 0 {
        details.set_retry_info(Some(Duration::from_millis(retry_ms)));
    }
    Status::with_error_details(code, "what happened", details)
}

struct Seen {
    status: u16,
    body: Value,
    retry_after: Option<String>,
    should_retry: Option<String>,
}

async fn answer(status: Status, style: Style) -> Seen {
    let response = Failure::from(status).into_response(style, "req_1");
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let (retry_after, should_retry) = (header("retry-after"), header("x-should-retry"));
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Seen { status: code, body: serde_json::from_slice(&bytes).unwrap(), retry_after, should_retry }
}

#[tokio::test]
async fn every_reason_has_its_answer() {
    // reason, metadata, violation, retry ms -> status, type, code, param, retry-after, x-should-retry
    #[rustfmt::skip]
    #[expect(clippy::type_complexity, reason = "the columns of a table")]
    let rows: &[(&str, &[(&str, &str)], Option<&str>, u64, u16, &str, Value, Value, Option<&str>, Option<&str>)] = &[
        ("GATEWAY_KEY_INVALID", &[], None, 0, 401, "authentication_error", json!("invalid_api_key"), Value::Null, None, None),
        ("NOT_ALLOWED", &[], None, 0, 403, "permission_error", Value::Null, Value::Null, None, None),
        ("MODEL_NOT_FOUND", &[("closest", "a,b")], None, 0, 404, "invalid_request_error", json!("model_not_found"), json!("model"), None, None),
        ("INVALID_REQUEST", &[], Some("prompt.max_output_tokens"), 0, 400, "invalid_request_error", Value::Null, json!("max_completion_tokens"), None, None),
        ("INVALID_REQUEST", &[("param", "top_p"), ("code", "unsupported_value")], None, 0, 400, "invalid_request_error", json!("unsupported_value"), json!("top_p"), None, None),
        ("UNSUPPORTED_BY_PROVIDER", &[], Some("prompt.logit_bias"), 0, 400, "invalid_request_error", json!("unsupported_parameter"), json!("logit_bias"), None, None),
        ("CONTEXT_LENGTH_EXCEEDED", &[], None, 0, 400, "invalid_request_error", json!("context_length_exceeded"), json!("messages"), None, None),
        ("CONTENT_BLOCKED", &[], None, 0, 400, "invalid_request_error", json!("content_filter"), Value::Null, None, None),
        ("UNSUPPORTED_MEDIA_TYPE", &[], None, 0, 415, "invalid_request_error", Value::Null, Value::Null, None, None),
        ("TOO_LARGE", &[("limit_bytes", "1")], None, 0, 413, "invalid_request_error", Value::Null, Value::Null, None, None),
        ("RATE_LIMITED", &[], None, 20_000, 429, "requests", json!("rate_limit_exceeded"), Value::Null, Some("20"), None),
        ("RATE_LIMITED", &[], None, 1_200, 429, "requests", json!("rate_limit_exceeded"), Value::Null, Some("2"), None),
        ("PROVIDER_QUOTA_EXCEEDED", &[], None, 9_000, 429, "insufficient_quota", json!("insufficient_quota"), Value::Null, None, Some("false")),
        ("BUDGET_EXCEEDED", &[], None, 0, 402, "insufficient_quota", json!("insufficient_quota"), Value::Null, None, Some("false")),
        ("PROVIDER_KEYS_EXHAUSTED", &[], None, 7_000, 503, "server_error", json!("provider_keys_exhausted"), Value::Null, Some("7"), None),
        ("PROVIDER_KEYS_EXHAUSTED", &[], None, 0, 503, "server_error", json!("provider_keys_exhausted"), Value::Null, None, Some("false")),
        ("UPSTREAM_TIMEOUT", &[], None, 0, 504, "server_error", json!("timeout"), Value::Null, None, None),
        ("STORAGE_UNAVAILABLE", &[], None, 0, 503, "server_error", json!("storage_unavailable"), Value::Null, Some("1"), None),
        ("OVERLOADED", &[], None, 3_000, 503, "server_error", json!("server_is_overloaded"), Value::Null, Some("3"), None),
        ("SHUTTING_DOWN", &[], None, 0, 503, "server_error", json!("shutting_down"), Value::Null, Some("1"), None),
        ("STREAM_INTERRUPTED", &[], None, 0, 502, "server_error", json!("upstream_error"), Value::Null, None, None),
        ("STREAM_INTERRUPTED", &[("code", "upstream_incomplete")], None, 0, 502, "server_error", json!("upstream_incomplete"), Value::Null, None, None),
        ("NOT_IMPLEMENTED", &[], None, 0, 501, "server_error", json!("not_implemented"), Value::Null, None, Some("false")),
        ("NOT_FOUND", &[], None, 0, 404, "invalid_request_error", json!("not_found"), Value::Null, None, None),
        ("ALREADY_EXISTS", &[], None, 0, 409, "invalid_request_error", json!("already_exists"), Value::Null, None, Some("false")),
        ("CANCELLED", &[], None, 0, 499, "server_error", json!("cancelled"), Value::Null, None, None),
        ("SERVICE_UNAVAILABLE", &[], None, 0, 503, "server_error", json!("service_unavailable"), Value::Null, Some("1"), None),
        ("OUTCOME_UNKNOWN", &[], None, 0, 502, "server_error", json!("outcome_unknown"), Value::Null, None, Some("false")),
        ("INTERNAL", &[], None, 0, 500, "server_error", Value::Null, Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "CREDENTIAL")], None, 0, 502, "server_error", json!("upstream_auth"), Value::Null, None, Some("false")),
        ("UPSTREAM_ERROR", &[("failure_class", "QUOTA")], None, 0, 429, "insufficient_quota", json!("insufficient_quota"), Value::Null, None, Some("false")),
        ("UPSTREAM_ERROR", &[("failure_class", "RATE_LIMIT")], None, 0, 429, "requests", json!("rate_limit_exceeded"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "OVERLOAD")], None, 0, 503, "server_error", json!("server_is_overloaded"), Value::Null, Some("1"), None),
        ("UPSTREAM_ERROR", &[("failure_class", "SERVER_ERROR")], None, 0, 502, "server_error", json!("upstream_error"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "BAD_RESPONSE")], None, 0, 502, "server_error", json!("upstream_bad_response"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "NETWORK")], None, 0, 502, "server_error", json!("upstream_unreachable"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "TIMEOUT")], None, 0, 504, "server_error", json!("timeout"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[("failure_class", "BLOCKED")], None, 0, 400, "invalid_request_error", json!("content_filter"), Value::Null, None, None),
        ("UPSTREAM_ERROR", &[], None, 0, 502, "server_error", json!("upstream_error"), Value::Null, None, None),
    ];
    for (reason, metadata, violation, retry, http, kind, code, param, retry_after, should_retry) in rows {
        let seen = answer(status(Code::Unavailable, reason, metadata, *violation, *retry), Style::OpenAi).await;
        let name = format!("{reason} {metadata:?}");
        assert_eq!(seen.status, *http, "{name}");
        let error = &seen.body["error"];
        assert_eq!((&error["type"], &error["code"], &error["param"]), (&json!(kind), code, param), "{name}");
        assert_eq!(error.as_object().unwrap().len(), 4, "{name}: all four keys and no other");
        assert_eq!(seen.retry_after.as_deref(), *retry_after, "{name}");
        assert_eq!(seen.should_retry.as_deref(), *should_retry, "{name}");
    }
}

#[test]
fn every_reason_and_class_of_the_contract_has_a_row() {
    for number in 1..=26 {
        let reason = crate::pb::ErrorReason::try_from(number).unwrap();
        let name = reason.as_str_name().strip_prefix("ERROR_REASON_").unwrap();
        let known =
            ["UPSTREAM_ERROR", "STREAM_INTERRUPTED"].contains(&name) || REASONS.iter().any(|row| row.reason == name);
        assert!(known, "{name}");
    }
    for number in 1..=12 {
        let class = crate::pb::FailureClass::try_from(number).unwrap();
        let name = class.as_str_name().strip_prefix("FAILURE_CLASS_").unwrap();
        assert!(FAILURE_CLASSES.iter().any(|row| row.reason == name), "{name}");
    }
}

#[tokio::test]
async fn a_status_without_details_goes_by_its_code() {
    for (code, http) in [
        (Code::Unavailable, 503),
        (Code::DeadlineExceeded, 504),
        (Code::Unauthenticated, 401),
        (Code::InvalidArgument, 400),
        (Code::ResourceExhausted, 429),
        (Code::Unknown, 500),
        (Code::Internal, 500),
        (Code::Cancelled, 499),
    ] {
        assert_eq!(answer(Status::new(code, "x"), Style::OpenAi).await.status, http, "{code:?}");
    }
    // A defect's text stays inside; a reason of somebody else's domain does not count.
    let seen = answer(Status::internal("panicked at src/secret.rs"), Style::OpenAi).await;
    assert_eq!(seen.body["error"]["message"], "internal error");
    let details = ErrorDetails::with_error_info("RATE_LIMITED", "googleapis.com", HashMap::new());
    let foreign = Status::with_error_details(Code::Unavailable, "x", details);
    assert_eq!(answer(foreign, Style::OpenAi).await.status, 503);
}

#[tokio::test]
async fn our_own_interface_has_its_own_shape() {
    let seen = answer(status(Code::NotFound, "NOT_FOUND", &[], None, 0), Style::Api).await;
    assert_eq!(seen.body, json!({"detail": "what happened", "code": "not_found", "request_id": "req_1"}));
    let seen = answer(status(Code::PermissionDenied, "NOT_ALLOWED", &[], None, 0), Style::Api).await;
    assert_eq!(seen.body["code"], "permission_error");
}

#[test]
fn fields_are_told_in_openai_names() {
    for (ours, theirs) in [
        ("prompt.max_output_tokens", Some("max_completion_tokens")),
        ("prompt.choice_count", Some("n")),
        ("prompt.messages[2].parts[0].image.source.data", Some("messages[2].content[0].image_url")),
        ("prompt.messages[2].parts[0].file.source.mime_type", Some("messages[2].content[0].file")),
        ("prompt.messages[2].parts[0].file.filename", Some("messages[2].content[0].file.filename")),
        ("prompt.messages[2].parts[0].text.text", Some("messages[2].content[0].text.text")),
        ("prompt.messages[1].role", Some("messages[1].role")),
        ("prompt.messages", Some("messages")),
        ("messages", Some("messages")),
        ("prompt.reasoning.effort", Some("reasoning_effort")),
        ("prompt.web_search.context_size", Some("web_search_options.search_context_size")),
        ("prompt.web_search.user_location", Some("web_search_options")),
        ("prompt.tools[3].function.parameters_schema", Some("tools[3].function.parameters")),
        ("prompt.tool_choice.allowed_names[0]", Some("tool_choice")),
        ("prompt.provider_options.foo", Some("foo")),
        ("prompt.provider_options", None),
        ("prompt", None),
        ("", None),
        ("prompt.audio.voice", Some("audio.voice")),
        ("prompt.end_user_id", Some("user")),
    ] {
        assert_eq!(field::to_openai(ours).as_deref(), theirs, "{ours}");
    }
}
