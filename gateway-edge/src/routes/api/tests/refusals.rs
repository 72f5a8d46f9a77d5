//! What is refused: by the edge, and by the service.

use http::{Method, Request};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{answered, ask, ask_with, script};
use crate::test_support::{Fake, Step};

#[tokio::test]
async fn what_is_refused_before_the_service_is_asked() {
    for (method, path, body, status, param) in [
        ("DELETE", "/api/v1/provider-keys", "", 400, "provider_name"),
        ("POST", "/api/v1/provider-keys/import", "{}", 400, "content"),
        ("POST", "/api/v1/provider-keys/import", r#"{"content":5}"#, 400, "content"),
        ("GET", "/api/v1/keys?limit=0", "", 400, "limit"),
        ("GET", "/api/v1/provider-keys?colour=red", "", 400, "colour"),
        ("GET", "/api/v1/provider-keys/k1?x=1", "", 400, "x"),
        ("GET", "/api/v1/provider-keys?state=sleepy", "", 400, "state"),
        ("PATCH", "/api/v1/provider-keys/k1", "{}", 400, ""),
        ("PATCH", "/api/v1/provider-keys/k1", r#"{"id":"k2"}"#, 400, "id"),
        ("POST", "/api/v1/provider-keys/k1/test", r#"{"x":1}"#, 400, "x"),
        ("GET", "/api/v1/usage?group_by=colour", "", 400, "group_by"),
        ("GET", "/api/v1/activity-logs?from_date=yesterday", "", 400, "from_date"),
        ("GET", "/api/v1/activity-logs?action=EXPLODE", "", 400, "action"),
        ("POST", "/api/v1/provider-keys/", &"x".repeat(2001), 413, ""),
        ("PUT", "/api/v1/provider-keys/k1", "", 405, ""),
        ("GET", "/api/v1/provider-keys/import", "", 405, ""),
        ("POST", "/api/v1/provider-keys/k1/select?colour=red", "", 400, "colour"),
        ("POST", "/api/v1/provider-keys/k1/unselect", r#"{"colour":"red"}"#, 400, "colour"),
        ("GET", "/api/v1/provider-keys/k1/colour", "", 404, ""),
    ] {
        let (fake, answer) = answered(method, path, body, status).await;
        assert_eq!(answer.json()["param"].as_str().unwrap_or_default(), param, "{method} {path}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"), "{path}");
        assert!(answer.json()["detail"].is_string() && answer.json()["code"].is_string(), "{path}");
        assert!(fake.asked().is_empty(), "{path}");
    }
    let request = Request::post("/api/v1/keys").header("content-type", "text/plain");
    assert_eq!(ask_with(&Fake::default(), script, request, "{}").await.status, 415);
}

#[tokio::test]
async fn methods_are_told() {
    for (path, allow) in [
        ("/api/v1/provider-keys", "GET,HEAD,POST,DELETE,OPTIONS"),
        ("/api/v1/provider-keys/k1", "GET,HEAD,PATCH,DELETE,OPTIONS"),
        ("/api/v1/provider-keys/k1/select", "POST,OPTIONS"),
        ("/api/v1/keys/g1/", "GET,HEAD,PATCH,DELETE,OPTIONS"),
        ("/api/v1/usage", "GET,HEAD,OPTIONS"),
    ] {
        let answer = ask(&Fake::default(), "OPTIONS", path, "").await;
        assert_eq!((answer.status, answer.header("allow")), (204, allow), "{path}");
        let answer = ask(&Fake::default(), "PUT", path, "").await;
        let sorted = |list: &str| {
            let mut list: Vec<_> = list.split(',').map(str::to_owned).collect();
            list.sort();
            list
        };
        assert_eq!((answer.status, sorted(answer.header("allow"))), (405, sorted(allow)), "{path}");
    }
    for method in [Method::PATCH, Method::DELETE] {
        let request = Request::options("/api/v1/provider-keys/k1")
            .header("origin", "https://app.example")
            .header("access-control-request-method", method.as_str());
        let answer = ask_with(&Fake::default(), script, request, "").await;
        assert!(answer.header("access-control-allow-methods").contains(method.as_str()), "{method}");
    }
}

/// An error of the service, whose text begins with the field as the service's do.
fn status(code: Code, reason: &str, field: &str, retry_ms: u64) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, "aigateway", std::collections::HashMap::new());
    if !field.is_empty() {
        details.add_bad_request_violation(field, "is wrong");
    }
    if retry_ms > 0 {
        details.set_retry_info(Some(std::time::Duration::from_millis(retry_ms)));
    }
    Status::with_error_details(code, format!("{field} is what happened"), details)
}

/// Many fields have a second name.
#[tokio::test]
async fn a_field_is_told_by_the_name_that_was_written() {
    let keys = "/api/v1/provider-keys";
    for (method, path, body, field, param) in [
        ("POST", keys, r#"{"provider_name":"x","api_key":"s"}"#, "provider_key.provider", "provider_name"),
        ("POST", keys, r#"{"provider":"x","secret":"s"}"#, "provider_key.provider", "provider"),
        ("POST", keys, r#"{"provider":"x","secret":"s"}"#, "secret", "secret"),
        ("POST", keys, r#"{"provider":"x","api_key":"s"}"#, "secret", "api_key"),
        ("DELETE", "/api/v1/provider-keys?provider_name=x", "", "provider", "provider_name"),
        ("DELETE", "/api/v1/provider-keys?provider=x", "", "provider", "provider"),
        ("POST", "/api/v1/provider-keys/test?provider_name=x", "", "provider", "provider_name"),
        ("GET", "/api/v1/provider-keys/watch?provider_name=x", "", "provider", "provider_name"),
        ("POST", "/api/v1/provider-keys/import?provider_name=x", "[]", "default_provider", "provider_name"),
        ("POST", "/api/v1/provider-keys/import", r#"{"provider":"x","content":"k"}"#, "default_provider", "provider"),
        ("POST", "/api/v1/provider-keys/import", r#"{"provider":"x","content":"k"}"#, "content", "content"),
        ("POST", "/api/v1/provider-keys/import", "[]", "content", "file"),
        ("GET", "/api/v1/activity-logs?key=x", "", "filter.provider_key_id", "key"),
        ("GET", "/api/v1/activity-logs?limit=3", "", "page_size", "limit"),
    ] {
        let refusal = status(Code::InvalidArgument, "INVALID_REQUEST", field, 0);
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let answer = ask_with(&Fake::default(), move |_| vec![Step::End(refusal.clone())], request, body).await;
        let told = answer.json();
        assert_eq!((answer.status, told["param"].as_str().unwrap_or_default()), (400, param), "{method} {path}");
        assert_eq!(told["detail"], format!("{param} is what happened"), "{method} {path}");
    }
    let answer = ask(&Fake::default(), "GET", "/api/v1/provider-keys?selected=perhaps", "").await;
    assert_eq!(answer.json()["param"], "selected");
    assert_eq!(answer.json()["detail"], "Invalid 'selected': expected true or false.");
}

#[tokio::test]
async fn errors_of_the_service() {
    for (error, http, code, param, retry_after) in [
        (status(Code::Unauthenticated, "GATEWAY_KEY_INVALID", "", 0), 401, "invalid_api_key", "", ""),
        (status(Code::PermissionDenied, "NOT_ALLOWED", "", 0), 403, "permission_error", "", ""),
        (status(Code::NotFound, "NOT_FOUND", "", 0), 404, "not_found", "", ""),
        (status(Code::AlreadyExists, "ALREADY_EXISTS", "secret", 0), 409, "already_exists", "api_key", ""),
        (
            status(Code::InvalidArgument, "INVALID_REQUEST", "provider_key.name", 0),
            400,
            "invalid_request_error",
            "name",
            "",
        ),
        (
            status(Code::InvalidArgument, "INVALID_REQUEST", "gateway_key.expire_time", 0),
            400,
            "invalid_request_error",
            "expires_at",
            "",
        ),
        (
            status(Code::InvalidArgument, "INVALID_REQUEST", "provider_key.parameters.scope", 0),
            400,
            "invalid_request_error",
            "parameters.scope",
            "",
        ),
        (
            status(Code::InvalidArgument, "INVALID_REQUEST", "filter.actions[0]", 0),
            400,
            "invalid_request_error",
            "action",
            "",
        ),
        (status(Code::Unavailable, "STORAGE_UNAVAILABLE", "", 0), 503, "storage_unavailable", "", "1"),
        (status(Code::Unavailable, "PROVIDER_KEYS_EXHAUSTED", "", 41_500), 503, "provider_keys_exhausted", "", "42"),
        (Status::unimplemented("no"), 501, "not_implemented", "", ""),
    ] {
        let fake = Fake::default();
        let answer =
            ask_with(&fake, move |_| vec![Step::End(error.clone())], Request::get("/api/v1/keys/g1"), "").await;
        let body = answer.json();
        assert_eq!((answer.status, body["code"].as_str().unwrap()), (http, code));
        assert_eq!(
            (body["param"].as_str().unwrap_or_default(), answer.header("retry-after")),
            (param, retry_after),
            "{code}"
        );
    }
    // The same in the other style: a chat whose keys are all at rest.
    let error = status(Code::Unavailable, "PROVIDER_KEYS_EXHAUSTED", "", 2_500);
    let request = Request::post("/v1/chat/completions").header("content-type", "application/json");
    let chat = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
    let answer = ask_with(&Fake::default(), move |_| vec![Step::End(error.clone())], request, chat).await;
    assert_eq!((answer.status, answer.header("retry-after"), answer.header("retry-after-ms")), (503, "3", "2500"));
    assert_eq!(answer.json()["error"]["code"], "provider_keys_exhausted");
    assert!(!answer.headers.contains_key("x-should-retry"));
}

/// No name of the caller's is repeated at length.
#[tokio::test]
async fn long_names_are_not_repeated() {
    let name = "n".repeat(1500);
    for body in [
        format!(r#"{{"{name}":1}}"#),
        format!(r#"{{"parameters":{{"{name}":1}}}}"#),
        format!(r#"{{"parameters":"{name}"}}"#),
    ] {
        let answer = ask(&Fake::default(), "POST", "/api/v1/provider-keys", &body).await;
        assert!(answer.status == 400 && answer.body.len() < 500, "{:?}", answer.body);
    }
}
