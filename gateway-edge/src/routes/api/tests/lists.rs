//! Lists: whole without a limit, else page by page.

use http::Request;
use prost::Message as _;

use super::{ask, ask_with, key, script};
use crate::{
    pb,
    test_support::{Fake, ok, send},
};

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
