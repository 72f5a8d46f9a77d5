//! What browsers of other origins are told.

use http::Request;

use super::{BODY, ask_with, post, settings};
use crate::{EdgeSettings, test_support::Fake};

#[tokio::test]
async fn cors_only_when_asked_for() {
    let fake = Fake::default();
    let preflight = || {
        Request::options("/v1/chat/completions")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,x-stainless-lang")
    };
    let allowed = EdgeSettings { cors_origins: vec!["https://app.example".into()], ..settings() };
    let (response, _) = ask_with(&fake, allowed.clone(), preflight(), "").await;
    assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(response.headers()["access-control-allow-headers"], "authorization,x-stainless-lang");
    let other = post("/v1/chat/completions").header("origin", "https://evil.example");
    let (response, _) = ask_with(&fake, allowed.clone(), other, BODY).await;
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    // What is no browser's question is answered as ever.
    for (path, status, allow) in [("/v1/chat/completions", 204, Some("POST,OPTIONS")), ("/v1/nothing", 404, None)] {
        let (response, _) = ask_with(&fake, allowed.clone(), Request::options(path), "").await;
        let named = response.headers().get("allow").map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), named), (status, allow), "{path}");
    }
}
