//! Every route makes its call: what is sent, and what is shown.

use prost::Message as _;
use serde_json::{Value, json};

use super::{answered, ask};
use crate::{pb, test_support::Fake};

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
        let (fake, _) = answered(method, path, body, status).await;
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
