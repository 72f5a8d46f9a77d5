//! Who is refused before anything else is said, and what is not read for them.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tonic::Status;
use tower::{BoxError, ServiceExt as _};

use crate::{
    EdgeSettings, router,
    test_support::{Fake, Step},
};

/// A service that knows one key.
async fn ask(fake: &Fake, request: http::request::Builder, body: Body) -> (u16, Value) {
    let key = request.headers_ref().unwrap().get("authorization").cloned();
    let is_good = key.is_some_and(|key| key == "Bearer sk-good");
    let status = if is_good { Status::not_found("nothing") } else { Status::unauthenticated("no such key") };
    let transport = fake.transport(move |_| vec![Step::End(status.clone())]);
    let settings = EdgeSettings { max_body_bytes: 3 << 20, ..EdgeSettings::default() };
    let (parts, body) = router(transport, settings).oneshot(request.body(body).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
}

/// A body of which nothing is to be read.
fn endless(begin: usize) -> Body {
    let first = Ok::<_, BoxError>(Bytes::from(vec![b' '; begin]));
    Body::from_stream(stream::iter([first]).chain(stream::pending()))
}

#[tokio::test]
async fn a_caller_without_a_good_key_learns_nothing_else() {
    for (path, body) in [
        ("/v1/chat/completions", "{"),
        ("/v1/embeddings", "[]"),
        ("/api/v1/keys", r#"{"colour":"red"}"#),
        ("/api/v1/keys?colour=red", "{}"),
        ("/api/v1/chat/generate-text/", "{}"),
        ("//api/v1/vision/extract-text", "no form"),
        ("/v1/chat/completions", " "),
    ] {
        for (key, wanted) in
            [(None, 401), (Some("Bearer sk-bad"), 401), (Some("Basic x"), 401), (Some("Bearer sk-good"), 0)]
        {
            let mut request = Request::post(path).header("content-type", "application/json");
            if let Some(key) = key {
                request = request.header("authorization", key);
            }
            let fake = Fake::default();
            let (status, told) = ask(&fake, request, Body::from(body)).await;
            if wanted == 401 {
                assert_eq!((status, fake.asked().len()), (401, 0), "{path} {key:?}: {told}");
                assert!(told.to_string().contains("no such key"), "{told}");
            } else {
                assert!(matches!(status, 400 | 415), "{path}: {told}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_large_is_not_read_for_somebody_without_a_key() {
    for (key, size) in [("", None), ("Bearer sk-bad", None), ("Bearer sk-bad", Some(2 << 20)), ("Basic x", None)] {
        let mut request = Request::post("/v1/chat/completions").header("content-type", "application/json");
        if !key.is_empty() {
            request = request.header("authorization", key);
        }
        let body = match size {
            Some(size) => Body::from(vec![b' '; size]),
            None => endless(1),
        };
        let started = tokio::time::Instant::now();
        let (status, _) = ask(&Fake::default(), request, body).await;
        assert_eq!(status, 401, "{key:?} {size:?}");
        assert!(started.elapsed().is_zero(), "the body was waited for");
    }
}

#[tokio::test]
async fn what_anybody_may_know_needs_no_key() {
    for (method, path, wanted) in [
        ("POST", "/v1/nothing", 404),
        ("POST", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/keys", 405),
        ("PUT", "/v1/models", 405),
        ("OPTIONS", "/v1/models", 204),
        ("OPTIONS", "/api/v1/keys", 204),
        ("GET", "/livez", 200),
        ("GET", "/api/v1/health", 200),
    ] {
        let (status, told) = ask(&Fake::default(), Request::builder().method(method).uri(path), Body::empty()).await;
        assert_eq!(status, wanted, "{method} {path}: {told}");
    }
}
