//! What a remote service that is dead or silent looks like to callers.

use axum::body::Body as HttpBody;
use tokio::net::TcpListener;

use crate::{EdgeSettings, Transport, router};

use super::*;

async fn ask(url: String) -> u16 {
    let settings = EdgeSettings { request_timeout: Duration::from_millis(200), ..EdgeSettings::default() };
    let router = router(Transport::remote(url, 2).unwrap(), settings);
    let body = HttpBody::from(r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#);
    let request = Request::post("/v1/chat/completions").body(body).unwrap();
    router.oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_silent_service_ends_in_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(ask(url).await, 504);
}

#[tokio::test]
async fn a_dead_service_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(ask(url).await, 503);
}

#[tokio::test]
async fn a_connection_that_closes_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    assert_eq!(ask(url).await, 503);
}

#[test]
fn addresses_are_checked_when_they_are_given() {
    assert!(Transport::remote("not a url", 1).is_err());
}

#[tokio::test]
async fn tls_needs_no_further_setting() {
    assert!(Transport::remote("https://gateway.example:443", 1).is_ok());
}
