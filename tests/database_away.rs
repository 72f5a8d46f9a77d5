//! The request path needs no database: it goes on while the database is away, and tells the truth about keys it
//! cannot look up.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and starts what it tests")]

#[path = "support/pg.rs"]
mod pg;
mod support;

use std::time::Duration;

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
    let status = |key: &str| {
        let request = gateway.post_as(key, "/v1/chat/completions", "application/json");
        let body = r#"{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}]}"#;
        request.body(body).send()
    };
    assert_eq!(status(KEY).await.unwrap().status(), 200);
    let unknown = status("sk-nobody-knows-this-key-0123456789").await.unwrap();
    assert_eq!(unknown.status(), 503, "not 401: the key may be good");
    assert!(unknown.headers().contains_key("retry-after"));

    pg::open_again(&url);
    tokio::time::sleep(Duration::from_millis(3000)).await;
    assert_eq!(status("sk-nobody-knows-this-key-0123456789").await.unwrap().status(), 401);
    gateway.stop().await;
}
