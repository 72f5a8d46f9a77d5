//! The routes below `/api/v1` from outside, with a service that follows a script.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use prost::Message;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use crate::{
    EdgeSettings, pb, router,
    test_support::{Fake, Step, ok, send},
};

const KEYS: &str = "/aigateway.v1.KeyService/";

fn key(id: &str) -> pb::ProviderKey {
    pb::ProviderKey {
        id: id.into(),
        provider: "google".into(),
        name: "home".into(),
        active: Some(true),
        selected: true,
        state: pb::ProviderKeyState::Cooling.into(),
        state_end_time: Some(prost_types::Timestamp { seconds: 1_795_392_000, nanos: 500_000_000 }),
        state_reason: "too many requests; wait".into(),
        failure_class: Some(pb::FailureClass::RateLimit.into()),
        hint: "wxyz".into(),
        fingerprint: "ab12".into(),
        parameters: [("scope".to_owned(), "PERS".to_owned())].into(),
        ..Default::default()
    }
}

/// Answers every method as if it worked.
fn script(path: &str) -> Vec<Step> {
    let provider_key = Some(key("k1"));
    let gateway_key =
        Some(pb::GatewayKey { id: "g1".into(), name: "laptop".into(), scopes: vec![1], ..Default::default() });
    let result = pb::ProviderKeyTestResult {
        provider_key: provider_key.clone(),
        verdict: 2,
        failure_class: Some(1),
        http_status: Some(401),
        duration_ms: 12,
        message: "refused; replace it".into(),
        upstream_models: vec!["m".into()],
    };
    let row = pb::ImportRowResult { line: 2, verdict: 2, provider: "google".into(), ..Default::default() };
    let entry = pb::ActivityEntry {
        id: "e1".into(),
        action: pb::ActivityAction::Failover.into(),
        provider: "google".into(),
        provider_key_id: "k1".into(),
        message: "went on".into(),
        attempts: vec![pb::Attempt { key_alias: "home".into(), http_status: Some(429), ..Default::default() }],
        ..Default::default()
    };
    let usage = pb::UsageRow { request_count: 3, nano_usd: Some(5), model_id: "google/m".into(), ..Default::default() };
    let message = match path.rsplit('/').next().unwrap() {
        "CreateProviderKey" => send(&pb::CreateProviderKeyResponse { provider_key }),
        "ListProviderKeys" => send(&pb::ListProviderKeysResponse {
            provider_keys: vec![key("k1"), key("k2")],
            next_page_token: String::new(),
        }),
        "GetProviderKey" => send(&pb::GetProviderKeyResponse { provider_key }),
        "UpdateProviderKey" => send(&pb::UpdateProviderKeyResponse { provider_key }),
        "DeleteProviderKey" => send(&pb::DeleteProviderKeyResponse {}),
        "DeleteProviderKeys" => send(&pb::DeleteProviderKeysResponse { deleted_count: 2 }),
        "SelectProviderKey" => send(&pb::SelectProviderKeyResponse { provider_key }),
        "UnselectProviderKey" => send(&pb::UnselectProviderKeyResponse { provider_key }),
        "TestProviderKey" => send(&pb::TestProviderKeyResponse { result: Some(result) }),
        "TestProviderKeys" => send(&pb::TestProviderKeysResponse { results: vec![result] }),
        "ImportProviderKeys" => {
            send(&pb::ImportProviderKeysResponse { rows: vec![row], duplicate_count: 1, ..Default::default() })
        }
        "CreateGatewayKey" => send(&pb::CreateGatewayKeyResponse { gateway_key, plaintext: "sk-1-2".into() }),
        "ListGatewayKeys" => send(&pb::ListGatewayKeysResponse {
            gateway_keys: gateway_key.into_iter().collect(),
            next_page_token: String::new(),
        }),
        "GetGatewayKey" => send(&pb::GetGatewayKeyResponse { gateway_key }),
        "UpdateGatewayKey" => send(&pb::UpdateGatewayKeyResponse { gateway_key }),
        "DeleteGatewayKey" => send(&pb::DeleteGatewayKeyResponse {}),
        "ListActivity" => send(&pb::ListActivityResponse { entries: vec![entry], next_page_token: "older".into() }),
        "ListUsage" => send(&pb::ListUsageResponse { rows: vec![usage], next_page_token: String::new() }),
        _ => return vec![Step::End(Status::unimplemented("not there"))],
    };
    vec![message, ok()]
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask_with(
    fake: &Fake,
    script: impl Fn(&str) -> Vec<Step> + Clone + Send + Sync + 'static,
    request: http::request::Builder,
    body: &str,
) -> Answer {
    let request = request.body(Body::from(body.to_owned())).unwrap();
    // Where browsers of other origins are allowed, another layer answers OPTIONS.
    let cors_origins = if request.headers().contains_key("origin") { vec!["*".into()] } else { vec![] };
    let settings = EdgeSettings { max_body_bytes: 2000, cors_origins, ..EdgeSettings::default() };
    let (parts, body) = router(fake.transport(script), settings).oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn ask(fake: &Fake, method: &str, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = if body.is_empty() { request } else { request.header("content-type", "application/json") };
    ask_with(fake, script, request.header("authorization", "Bearer sk-1"), body).await
}

#[tokio::test]
async fn every_route_makes_its_call() {
    let new_key = r#"{"provider_name":"google","api_key":"s"}"#;
    for (method, path, body, status, call) in [
        ("POST", "/api/v1/provider-keys", new_key, 201, "CreateProviderKey"),
        ("POST", "/api/v1/provider-keys/", new_key, 201, "CreateProviderKey"),
        ("GET", "/api/v1/provider-keys", "", 200, "ListProviderKeys"),
        ("GET", "/api/v1/provider-keys/?provider=google", "", 200, "ListProviderKeys"),
        ("HEAD", "/api/v1/provider-keys", "", 200, "ListProviderKeys"),
        ("DELETE", "/api/v1/provider-keys?provider_name=google", "", 200, "DeleteProviderKeys"),
        ("GET", "/api/v1/provider-keys/k1", "", 200, "GetProviderKey"),
        ("GET", "/api/v1/provider-keys/k1/", "", 200, "GetProviderKey"),
        ("PATCH", "/api/v1/provider-keys/k1", r#"{"name":"n"}"#, 200, "UpdateProviderKey"),
        ("PATCH", "/api/v1/provider-keys/k1", r#"{"is_selected":true}"#, 200, "SelectProviderKey"),
        ("PATCH", "/api/v1/provider-keys/k1", r#"{"name":"n","is_selected":false}"#, 200, "UnselectProviderKey"),
        ("DELETE", "/api/v1/provider-keys/k1", "", 204, "DeleteProviderKey"),
        ("POST", "/api/v1/provider-keys/k1/select", "", 200, "SelectProviderKey"),
        ("POST", "/api/v1/provider-keys/k1/unselect", "{}", 200, "UnselectProviderKey"),
        ("POST", "/api/v1/provider-keys/k1/test", "", 200, "TestProviderKey"),
        ("POST", "/api/v1/provider-keys/test?provider=google", "", 200, "TestProviderKeys"),
        ("POST", "/api/v1/provider-keys/import", "[]", 200, "ImportProviderKeys"),
        ("POST", "/api/v1/keys", r#"{"name":"laptop"}"#, 201, "CreateGatewayKey"),
        ("GET", "/api/v1/keys?is_active=true", "", 200, "ListGatewayKeys"),
        ("GET", "/api/v1/keys/g1", "", 200, "GetGatewayKey"),
        ("PATCH", "/api/v1/keys/g1", r#"{"is_active":false}"#, 200, "UpdateGatewayKey"),
        ("DELETE", "/api/v1/keys/g1", "", 204, "DeleteGatewayKey"),
        ("GET", "/api/v1/activity-logs", "", 200, "ListActivity"),
        ("GET", "/api/v1/usage/", "", 200, "ListUsage"),
    ] {
        let fake = Fake::default();
        let answer = ask(&fake, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        let seen = fake.last();
        assert!(seen.path.ends_with(&format!("/{call}")), "{method} {path}: {}", seen.path);
        assert_eq!(seen.headers["authorization"], "Bearer sk-1", "{path}");
    }
}

#[tokio::test]
async fn what_is_sent_and_what_is_shown() {
    let fake = Fake::default();
    let answer = ask(&fake, "POST", "/api/v1/provider-keys", r#"{"provider":"google","secret":"s3cr3t"}"#).await;
    let sent = pb::CreateProviderKeyRequest::decode(fake.last().message).unwrap();
    assert_eq!((&*sent.secret, &*sent.provider_key.unwrap().provider), ("s3cr3t", "google"));
    assert_eq!(answer.header("location"), "/api/v1/provider-keys/k1");
    let shown = json!({
        "id": "k1", "provider_name": "google", "provider": "google", "name": "home", "key_hint": "wxyz", "hint": "wxyz",
        "fingerprint": "ab12", "is_active": true, "is_selected": true, "state": "cooling", "state_start_time": null,
        "state_end_time": "2026-11-23T00:00:00.500Z", "state_reason": "too many requests; wait",
        "failure_class": "rate_limit", "quota_owner": null, "parameters": {"scope": "PERS"}, "created_at": null,
        "updated_at": null, "last_used_at": null,
    });
    assert_eq!(answer.json(), shown);

    let answer = ask(&fake, "POST", "/api/v1/keys", r#"{"name":"laptop","scopes":["models","keys"]}"#).await;
    let sent = pb::CreateGatewayKeyRequest::decode(fake.last().message).unwrap().gateway_key.unwrap();
    assert_eq!((sent.scopes, sent.active), (vec![1, 2], None));
    assert_eq!((&answer.json()["api_key"], &answer.json()["scopes"]), (&json!("sk-1-2"), &json!(["models"])));
    let answer = ask(&fake, "GET", "/api/v1/keys/g1", "").await;
    assert!(answer.json().get("api_key").is_none());

    let answer = ask(&fake, "DELETE", "/api/v1/provider-keys?provider_name=google", "").await;
    assert_eq!(answer.json(), json!({"deleted_count": 2}));
    let answer = ask(&fake, "POST", "/api/v1/provider-keys/k1/test", "").await;
    let result = answer.json();
    assert_eq!((&result["verdict"], &result["failure_class"]), (&json!("failed"), &json!("credential")));
    assert_eq!((&result["duration_ms"], &result["provider_key"]["id"]), (&json!(12), &json!("k1")));
    let answer = ask(&fake, "POST", "/api/v1/provider-keys/test", "").await;
    assert_eq!(answer.json().as_array().unwrap().len(), 1);

    let path = "/api/v1/activity-logs?limit=7&action=failover,ADD&to_date=2026-11-23&key=k1&text=a%20b";
    let answer = ask(&fake, "GET", path, "").await;
    let sent = pb::ListActivityRequest::decode(fake.last().message).unwrap();
    let filter = sent.filter.unwrap();
    assert_eq!(
        (sent.page_size, filter.actions, &*filter.provider_key_id, &*filter.text),
        (7, vec![10, 1], "k1", "a b")
    );
    assert_eq!(sent.end_time.unwrap().to_string(), "2026-11-24T00:00:00Z");
    let entry = &answer.json()[0];
    assert_eq!(
        (&entry["action"], &entry["key_id"], &entry["description"]),
        (&json!("FAILOVER"), &json!("k1"), &json!("went on"))
    );
    assert_eq!(
        (&entry["attempts"][0]["key_name"], &entry["attempts"][0]["http_status"]),
        (&json!("home"), &json!(429))
    );
    assert_eq!(answer.header("x-next-page-token"), "older");
    let next =
        "</api/v1/activity-logs?limit=7&action=failover%2CADD&to_date=2026-11-23&key=k1&text=a+b&page_token=older>";
    assert_eq!(answer.header("link"), format!("{next}; rel=\"next\""));

    let answer = ask(&fake, "GET", "/api/v1/usage?group_by=day,key&group_by=model&key_id=g1", "").await;
    let sent = pb::ListUsageRequest::decode(fake.last().message).unwrap();
    assert_eq!((sent.group_by, &*sent.gateway_key_id, sent.page_size), (vec![4, 1, 3], "g1", 1000));
    let row = &answer.json()[0];
    assert_eq!(
        (&row["request_count"], &row["nano_usd"], &row["model"], &row["day"]),
        (&json!(3), &json!(5), &json!("google/m"), &Value::Null)
    );
}

#[tokio::test]
async fn a_list_without_a_limit_is_whole() {
    for (path, calls, next) in [
        ("/api/v1/provider-keys", 10, "more"),
        ("/api/v1/provider-keys?limit=2000", 1, "more"),
        ("/api/v1/activity-logs", 1, "older"),
    ] {
        let fake = Fake::default();
        let endless = |path: &str| match path {
            "/aigateway.v1.KeyService/ListProviderKeys" => {
                let provider_keys = vec![key("k1")];
                vec![send(&pb::ListProviderKeysResponse { provider_keys, next_page_token: "more".into() }), ok()]
            }
            other => script(other),
        };
        let answer = ask_with(&fake, endless, Request::get(path), "").await;
        assert_eq!((fake.calls.lock().unwrap().len(), answer.header("x-next-page-token")), (calls, next), "{path}");
        assert_eq!(answer.json().as_array().unwrap().len(), calls, "{path}");
        assert!(answer.header("link").ends_with("; rel=\"next\""), "{path}");
    }
    let fake = Fake::default();
    let answer = ask(&fake, "GET", "/api/v1/provider-keys?page_token=x", "").await;
    assert_eq!(pb::ListProviderKeysRequest::decode(fake.last().message).unwrap().page_token, "x");
    assert!(!answer.headers.contains_key("link") && !answer.headers.contains_key("x-next-page-token"));
}

fn form(parts: &[(&str, &str)]) -> String {
    let part =
        |(head, value): &(&str, &str)| format!("--XX\r\ncontent-disposition: form-data; {head}\r\n\r\n{value}\r\n");
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
}

#[tokio::test]
async fn imports_come_in_many_coats() {
    const FORM: &str = "multipart/form-data; boundary=XX";
    let whole = form(&[
        ("name=\"provider\"", "xai"),
        ("name=\"file\"; filename=\"keys.txt\"", "a\r\nb"),
        ("name=\"dry_run\"", "true"),
    ]);
    for (query, kind, body, want) in [
        ("", FORM, &*whole, Ok(("a\r\nb", 0, "xai", true))),
        ("?format=lines", FORM, &*whole, Ok(("a\r\nb", 4, "xai", true))),
        ("?provider=google", "text/csv; charset=utf-8", "secret\na", Ok(("secret\na", 1, "google", false))),
        ("", "text/plain", "XAI_API_KEY=a", Ok(("XAI_API_KEY=a", 0, "", false))),
        ("?dry_run=1", "application/json", "[]", Ok(("[]", 3, "", true))),
        ("", FORM, &*form(&[("name=\"file\"", "s3cr3t"), ("name=\"colour\"", "red")]), Err((400, "colour"))),
        ("", FORM, &*form(&[("name=\"provider\"", "xai")]), Err((400, "file"))),
        ("", FORM, "s3cr3t", Err((400, ""))),
        ("", "multipart/form-data", "x", Err((400, ""))),
        ("", "application/xml", "<a/>", Err((415, ""))),
        ("?colour=red", "text/plain", "a", Err((400, "colour"))),
    ] {
        let fake = Fake::default();
        let request = Request::post(format!("/api/v1/provider-keys/import{query}")).header("content-type", kind);
        let answer = ask_with(&fake, script, request, body).await;
        match want {
            Ok((content, format, provider, dry_run)) => {
                assert_eq!(answer.status, 200, "{kind}: {:?}", answer.body);
                let sent = pb::ImportProviderKeysRequest::decode(fake.last().message).unwrap();
                assert_eq!((&*sent.content, sent.format), (content.as_bytes(), format), "{kind} {query}");
                assert_eq!((&*sent.default_provider, sent.dry_run), (provider, dry_run), "{kind} {query}");
                assert_eq!(answer.json()["rows"][0]["verdict"], "duplicate");
                assert_eq!(
                    (&answer.json()["duplicate_count"], &answer.json()["created_count"]),
                    (&json!(1), &json!(0))
                );
            }
            Err((status, param)) => {
                assert_eq!(answer.status, status, "{kind}: {:?}", answer.body);
                assert_eq!(answer.json()["param"].as_str().unwrap_or_default(), param, "{:?}", answer.body);
                assert!(!String::from_utf8_lossy(&answer.body).contains("s3cr3t"));
                assert!(fake.calls.lock().unwrap().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn what_is_refused_before_the_service_is_asked() {
    for (method, path, body, status, param) in [
        ("DELETE", "/api/v1/provider-keys", "", 400, "provider_name"),
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
        ("GET", "/api/v1/provider-keys/k1/colour", "", 404, ""),
    ] {
        let fake = Fake::default();
        let answer = ask(&fake, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
        assert_eq!(answer.json()["param"].as_str().unwrap_or_default(), param, "{method} {path}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"), "{path}");
        assert!(answer.json()["detail"].is_string() && answer.json()["code"].is_string(), "{path}");
        assert!(fake.calls.lock().unwrap().is_empty(), "{path}");
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

#[tokio::test]
async fn errors_of_the_service() {
    let status = |code: Code, reason: &str, field: &str, retry_ms: u64| {
        let mut details = ErrorDetails::with_error_info(reason, "aigateway", std::collections::HashMap::new());
        if !field.is_empty() {
            details.add_bad_request_violation(field, "is wrong");
        }
        if retry_ms > 0 {
            details.set_retry_info(Some(std::time::Duration::from_millis(retry_ms)));
        }
        Status::with_error_details(code, "what happened", details)
    };
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

#[tokio::test(start_paused = true)]
async fn watching() {
    use pb::{watch_activity_response::Event as A, watch_provider_keys_response::Event as K};
    let change = |event| send(&pb::WatchProviderKeysResponse { sequence: 0, event: Some(event) });
    let happened = |event| send(&pb::WatchActivityResponse { sequence: 0, event: Some(event) });
    let steps = move |path: &str| {
        let silence = Step::Wait(std::time::Duration::from_secs(20));
        let end = Step::End(Status::unavailable("bye"));
        if path.starts_with(KEYS) {
            let deleted = pb::ProviderKeyDeleted { id: "k1".into(), provider: "google".into() };
            let synced = change(K::Synced(pb::ProviderKeysSynced {}));
            let alive = change(K::Heartbeat(pb::ProviderKeysHeartbeat {}));
            vec![change(K::ProviderKey(key("k1"))), synced, silence, change(K::Deleted(deleted)), alive, end]
        } else {
            let entry = pb::ActivityEntry { id: "e9".into(), ..Default::default() };
            vec![happened(A::Entry(entry)), happened(A::Gap(pb::ActivityGap { skipped_count: Some(2) })), end]
        }
    };
    let fake = Fake::default();
    let answer = ask_with(&fake, steps, Request::get("/api/v1/provider-keys/watch?provider=google"), "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    assert_eq!(pb::WatchProviderKeysRequest::decode(fake.last().message).unwrap().provider, "google");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let heads: Vec<_> = text.split_terminator("\n\n").map(|frame| frame.lines().next().unwrap()).collect();
    let alive = ": keep-alive";
    assert_eq!(heads, [alive, "event: provider_key", "event: synced", alive, "event: deleted", alive, "event: error"]);
    assert!(text.contains("data: {\"id\":\"k1\",\"provider_name\":\"google\",\"provider\":\"google\"}\n\n"), "{text}");
    assert!(text.contains(r#"data: {"detail":"bye","code":"service_unavailable","request_id":""#), "{text}");

    for (header, query, after) in [("", "", ""), ("", "?after_id=e1", "e1"), ("e5", "?after_id=e1", "e5")] {
        let fake = Fake::default();
        let request = Request::get(format!("/api/v1/activity-logs/watch{query}")).header("last-event-id", header);
        let answer = ask_with(&fake, steps, request, "").await;
        assert_eq!(pb::WatchActivityRequest::decode(fake.last().message).unwrap().after_id, after);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.contains("event: activity\nid: e9\ndata: {\"id\":\"e9\""), "{text}");
        assert!(text.contains("event: gap\ndata: {\"skipped_count\":2}\n\n"), "{text}");
    }
    // A refusal still has a status.
    let refused = |_: &str| vec![Step::End(Status::unauthenticated("no"))];
    assert_eq!(ask_with(&fake, refused, Request::get("/api/v1/activity-logs/watch"), "").await.status, 401);
}
