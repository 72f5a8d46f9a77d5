use std::{sync::Arc, time::Duration};

use http::HeaderMap;

use super::{
    fakes::{Fake, TIMEOUTS, in_time, key, target, upstreams},
    server::{Answer, Server},
};
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingRequest},
        failure::FailureClass,
    },
    providers::registry::KeyStyle,
    routing::transport::{EmbeddingTransport, ModelLists as _},
    upstream::{HttpUpstream, http_client},
};

#[tokio::test]
async fn embeddings_and_lists_share_tokens_and_places() {
    let server = Server::start(|seen| match (seen.path(), seen.header("authorization").as_str()) {
        ("/token", _) => Answer::json(200, "t1 60000"),
        ("/embeddings", "Bearer t1") if seen.text() == "m: a" => Answer::json(200, "0.5"),
        ("/models", "Bearer t1") if seen.head.starts_with("GET ") => Answer::json(200, "one two"),
        _ => Answer::json(400, "no"),
    })
    .await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let url = format!("{}/token", server.http()).parse().unwrap();
    let upstream = upstream.with_limit(1, Duration::from_millis(50));
    let upstreams = upstreams(upstream.with_tokens(Arc::new(Fake), url, http_client(TIMEOUTS).unwrap()));
    let request = |text: &str| EmbeddingRequest {
        inputs: vec![EmbeddingInput::Text(text.into())],
        ..EmbeddingRequest::default()
    };
    let key = key("k");
    for _ in 0..2 {
        let prepared = EmbeddingTransport::prepare(&upstreams, &target(), &request("a")).unwrap();
        let reply = upstreams.embed(&prepared, Some(&key), in_time()).await.unwrap();
        assert_eq!(reply.vectors, [[0.5]]);
        let models = upstreams.list("p", Some(&key), in_time()).await.unwrap();
        assert_eq!(models.iter().map(|m| &m.upstream_name).collect::<Vec<_>>(), ["one", "two"]);
    }
    assert_eq!(server.count("/token"), 1);
    let prepared = EmbeddingTransport::prepare(&upstreams, &target(), &request("b")).unwrap();
    let failure = upstreams.embed(&prepared, Some(&key), in_time()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Caller);
    assert!(!upstreams.has_list("other"));
}
