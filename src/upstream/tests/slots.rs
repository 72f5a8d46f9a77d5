use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use http::HeaderMap;

use super::{
    fakes::{Fake, ask, open, request, upstreams},
    server::{Answer, Server},
};
use crate::{
    domain::failure::FailureClass, providers::registry::KeyStyle, routing::transport::Delivery, upstream::HttpUpstream,
};

const STREAM: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";

#[tokio::test]
async fn a_place_is_held_until_the_stream_is_dropped_or_ends() {
    let server = Server::start(|_| Answer { hangs: true, ..Answer::sse(STREAM) }).await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let upstreams = upstreams(upstream.with_limit(1, Duration::from_millis(100)));
    let request = request(Vec::new(), 1);

    let mut first = open(&upstreams, &request, Delivery::Streamed, "a").await.unwrap();
    assert!(first.next().await.unwrap().is_ok());
    let busy = open(&upstreams, &request, Delivery::Streamed, "a").await.map(|_| ()).unwrap_err();
    assert_eq!((busy.class, busy.retry_after), (FailureClass::RateLimit, Some(Duration::from_secs(1))));
    assert_eq!(server.seen().len(), 1, "nothing was sent without a place");
    assert!(open(&upstreams, &request, Delivery::Streamed, "b").await.is_ok(), "another key has places of its own");
    drop(first);
    let _third = open(&upstreams, &request, Delivery::Streamed, "a").await.unwrap();
}

#[tokio::test]
async fn places_come_back_after_ends_and_failures() {
    let server = Server::start(|seen| match seen.header("authorization").as_str() {
        "Bearer bad" => Answer::json(500, "no"),
        _ => Answer::json(200, "hi"),
    })
    .await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let upstreams = upstreams(upstream.with_limit(1, Duration::from_millis(50)));
    for _ in 0..20 {
        assert!(ask(&upstreams, &request(Vec::new(), 1), Delivery::Whole, "good").await.is_ok());
        let failure = ask(&upstreams, &request(Vec::new(), 1), Delivery::Whole, "bad").await.unwrap_err();
        assert_eq!(failure.class, FailureClass::ServerError);
    }
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded() {
    use crate::upstream::{
        key_hash::KeyHash,
        slots::{Patience, Slots},
    };
    let slots = Arc::new(Slots::new(1, Duration::from_secs(30)));
    let key = KeyHash::of(None);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let held = slots.take(key, Patience::Short, deadline).await.map_err(|e| e.message).unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let slots = slots.clone();
        waiting.spawn(async move {
            let begun = tokio::time::Instant::now();
            (slots.take(key, Patience::Short, deadline).await.is_ok(), begun.elapsed())
        });
    }
    let outcomes = waiting.join_all().await;
    let at_once = outcomes.iter().filter(|(_, waited)| waited.is_zero()).count();
    assert_eq!((outcomes.iter().filter(|(ok, _)| *ok).count(), at_once), (0, 36));
    drop(held);
    assert!(slots.take(key, Patience::Long, deadline + Duration::from_secs(1)).await.is_ok());
}
