//! The request path needs no database: it goes on while the database is away, and tells the truth about keys it
//! cannot look up.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and starts what it tests")]

#[path = "support/pg.rs"]
mod pg;
mod support;

use std::{sync::Arc, time::Duration};

use ai_model_gateway::{
    access::{Directory, OWNER_ID},
    admin::gateway_keys::{CreateKey, GatewayKeys},
    storage::{DatabaseUrl, Store},
};
use support::gateway::{Gateway, KEY, over_grpc, over_sse};

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_while_the_database_is_away() {
    let Some(url) = pg::database() else { return };
    let gateway = Gateway::start(&[("DATABASE_URL", &url)]).await;
    assert!(over_sse(&gateway, "sandbox/echo").await.finished);

    pg::close_to_everybody(&url);
    tokio::time::sleep(Duration::from_millis(1500)).await;

    let mut client = gateway.client().await;
    for _ in 0..20 {
        assert!(over_sse(&gateway, "sandbox/echo").await.finished);
        assert!(over_grpc(&mut client, "sandbox/echo").await.finished);
    }
    let unknown = "sk-nobody-knows-this-key-0123456789";
    assert_eq!(chat(&gateway, KEY).await.status(), 200);
    let unavailable = chat(&gateway, unknown).await;
    assert_eq!(unavailable.status(), 503, "not 401: the key may be good");
    assert!(unavailable.headers().contains_key("retry-after"));

    pg::open_again(&url);
    tokio::time::sleep(Duration::from_millis(3000)).await;
    assert_eq!(chat(&gateway, unknown).await.status(), 401);
    gateway.stop().await;
}

async fn chat(gateway: &Gateway, key: &str) -> reqwest::Response {
    let body = r#"{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}]}"#;
    gateway.post_as(key, "/v1/chat/completions", "application/json").body(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fall_silent_are_left() {
    let Some(url) = pg::database() else { return };
    let gateway = Gateway::start(&[("DATABASE_URL", &url)]).await;
    let silenced = pg::silence(&url);
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), 2).await.unwrap();
    let keys = GatewayKeys::new(store, Arc::new(Directory::new()));
    let (_, secret) = keys.issue(OWNER_ID, CreateKey::named("new"), 1).await.unwrap();
    // The pool has several connections, and each of them is found out by somebody who waits for it.
    let known = async {
        while chat(&gateway, secret.expose()).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), known).await.expect("the gateway finds its way back to the database");
    drop(silenced);
    gateway.stop().await;
}
