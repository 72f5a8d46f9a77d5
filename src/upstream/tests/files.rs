use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::HeaderMap;

use super::{
    fakes::{Fake, ask, png, request, upstreams},
    server::{Answer, Server},
};
use crate::{
    domain::failure::FailureClass, providers::registry::KeyStyle, routing::transport::Delivery, upstream::HttpUpstream,
};

async fn provider() -> Server {
    let files = AtomicUsize::new(0);
    Server::start(move |seen| match seen.path() {
        "/files" | "/elsewhere" => Answer::json(200, format!("f{}", files.fetch_add(1, Ordering::Relaxed) + 1)),
        _ if seen.text().contains("f4") => Answer::json(422, "no such file"),
        _ => Answer::json(200, seen.text()),
    })
    .await
}

#[tokio::test]
async fn files_are_sent_once_for_each_key() {
    let server = provider().await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let upstreams = upstreams(upstream);
    for (pictures, key, wanted) in [
        (vec![png(1), png(2)], "a", "mf1,f2"),
        (vec![png(2), png(1)], "a", "mf2,f1"),
        (vec![png(1)], "b", "mf3"),
        (vec![], "b", "m"),
    ] {
        let events = ask(&upstreams, &request(pictures, 1), Delivery::Whole, key).await.unwrap();
        assert_eq!(super::fakes::text(&events), wanted);
    }
    assert_eq!((server.count("/files"), server.count("/chat")), (3, 4));
    let upload = &server.seen()[0];
    assert_eq!(upload.header("authorization"), "Bearer a");
    assert!(upload.header("content-type").starts_with("multipart/form-data; boundary="));
    let form = upload.text();
    assert!(form.contains("name=\"purpose\"\r\n\r\ngeneral\r\n") && form.contains("content-type: image/png\r\n"));

    // A refused request forgets its files: one may be gone at the provider.
    for _ in 0..2 {
        let refused = ask(&upstreams, &request(vec![png(1)], 1), Delivery::Whole, "c").await;
        assert!(refused.is_ok() || refused.unwrap_err().class == FailureClass::Caller);
    }
    assert_eq!(server.count("/files"), 5);
}

#[tokio::test]
async fn the_operator_may_move_the_files() {
    let server = provider().await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let url = format!("{}/elsewhere", server.http()).parse().unwrap();
    let upstreams = upstreams(upstream.with_files_url(url));
    assert!(ask(&upstreams, &request(vec![png(1)], 1), Delivery::Whole, "a").await.is_ok());
    assert_eq!(server.count("/elsewhere"), 1);
}
