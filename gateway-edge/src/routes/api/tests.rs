//! The routes below `/api/v1` from outside, with a service that follows a script.

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tonic::Status;
use tower::ServiceExt as _;

use crate::{
    EdgeSettings, pb, router,
    test_support::{Fake, Step, ok, send},
};

mod calls;
mod extract_text;
mod generate_text;
mod health;
mod imports;
mod lists;
mod refusals;
mod watching;

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

/// Asks with a key, of a service of its own, and holds the answer to what all answers have.
async fn answered(method: &str, path: &str, body: &str, status: u16) -> (Fake, Answer) {
    let fake = Fake::default();
    let answer = ask(&fake, method, path, body).await;
    assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    assert!(!answer.header("x-request-id").is_empty(), "{path}");
    (fake, answer)
}

fn form(parts: &[(&str, &str)]) -> String {
    let part =
        |(head, value): &(&str, &str)| format!("--XX\r\ncontent-disposition: form-data; {head}\r\n\r\n{value}\r\n");
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
}
