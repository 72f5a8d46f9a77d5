use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use tokio::task::JoinSet;

use super::{
    fakes::{Fake, TIMEOUTS, ask, in_time, key, png, request, target, text, upstreams},
    server::{Answer, Seen, Server},
};
use crate::{
    domain::{failure::FailureClass, key::ProviderKey},
    providers::registry::KeyStyle,
    routing::transport::{Delivery, Transport as _},
    upstream::{HttpUpstream, Upstreams, http_client, oauth::AccessTokens},
};

/// A provider that numbers its tokens and answers a chat with the credential it was shown.
async fn provider(lifetime_ms: u64, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> (Server, Upstreams) {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.path() {
        "/token" => {
            let number = tokens.fetch_add(1, Ordering::Relaxed) + 1;
            Answer { after: Duration::from_millis(30), ..Answer::json(200, format!("t{number} {lifetime_ms}")) }
        }
        _ => answer(seen),
    })
    .await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let url = format!("{}/token", server.http()).parse().unwrap();
    let upstream = upstream.with_tokens(Arc::new(Fake), url, http_client(TIMEOUTS).unwrap());
    (server, upstreams(upstream))
}

fn echo(seen: &Seen) -> Answer {
    Answer::json(200, seen.header("authorization"))
}

async fn chat(upstreams: &Upstreams, secret: &str) -> Result<String, FailureClass> {
    let events = ask(upstreams, &request(Vec::new(), 1), Delivery::Whole, secret).await;
    events.map(|events| text(&events)).map_err(|failure| failure.class)
}

#[tokio::test]
async fn a_hundred_requests_fetch_one_token() {
    let (server, upstreams) = provider(1_800_000, echo).await;
    let upstreams = Arc::new(upstreams);
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let upstreams = upstreams.clone();
        calls.spawn(async move { chat(&upstreams, "key").await });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| answer.as_deref() == Ok("Bearer t1")), "{answers:?}");
    assert_eq!(server.count("/token"), 1);
    let asked = server.seen().into_iter().find(|seen| seen.path() == "/token").unwrap();
    assert_eq!((asked.header("authorization").as_str(), asked.text().as_str()), ("Basic key", "scope=all"));
    assert_eq!(chat(&upstreams, "other").await.as_deref(), Ok("Bearer t2"), "a token belongs to its key");

    let parameters = [("scope".to_owned(), "some".to_owned())].into();
    let other = ProviderKey { parameters, ..key("key") };
    let prepared = upstreams.prepare(&target(), &request(Vec::new(), 1), Delivery::Whole).unwrap();
    for _ in 0..2 {
        assert!(upstreams.open(&prepared, Some(&other), in_time()).await.is_ok());
    }
    let bodies: Vec<_> = server.seen().iter().filter(|seen| seen.path() == "/token").map(Seen::text).collect();
    assert_eq!(bodies, ["scope=all", "scope=all", "scope=some"], "a token belongs to its key and scope");
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends() {
    // Half of a short life counts as its end.
    let (server, upstreams) = provider(1_000, echo).await;
    assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t1"));
    assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t1"));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t2"));
    assert_eq!(server.count("/token"), 2);
}

#[tokio::test]
async fn a_token_that_has_ended_on_arrival_is_used_all_the_same() {
    let (server, upstreams) = provider(0, echo).await;
    for _ in 0..3 {
        assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t1"));
    }
    assert_eq!(server.count("/token"), 1);
}

#[tokio::test]
async fn a_token_that_ends_early_is_replaced_once() {
    let refuse_first = |seen: &Seen| match seen.header("authorization").as_str() {
        "Bearer t1" => Answer::json(401, "Token has expired"),
        _ => echo(seen),
    };
    let (server, upstreams) = provider(1_800_000, refuse_first).await;
    assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t2"));
    assert_eq!(chat(&upstreams, "key").await.as_deref(), Ok("Bearer t2"));
    assert_eq!((server.count("/token"), server.count("/chat")), (2, 3));

    let (server, upstreams) = provider(1_800_000, |_| Answer::json(401, "Unauthorized")).await;
    assert_eq!(chat(&upstreams, "key").await, Err(FailureClass::Credential));
    assert_eq!((server.count("/token"), server.count("/chat")), (2, 2), "no more than once");
}

#[tokio::test]
async fn everything_an_attempt_sends_shows_a_token() {
    let answer = |seen: &Seen| match (seen.header("authorization").as_str(), seen.path()) {
        ("Bearer t1", "/files") => Answer::json(401, "Token has expired"),
        ("Bearer t2", "/files") => Answer::json(200, "f1"),
        ("Bearer t2", "/chat") => Answer::json(200, seen.text()),
        _ => Answer::json(400, "no"),
    };
    let (server, upstreams) = provider(1_800_000, answer).await;
    let events = ask(&upstreams, &request(vec![png(1)], 2), Delivery::Whole, "key").await.unwrap();
    assert_eq!(text(&events), "mf1mf1");
    assert_eq!([server.count("/token"), server.count("/files"), server.count("/chat")], [2, 2, 2]);
}

#[tokio::test]
async fn failures_have_the_class_of_their_cause_and_are_soon_forgotten() {
    for (status, want) in [
        (400, FailureClass::Credential),
        (401, FailureClass::Credential),
        (429, FailureClass::RateLimit),
        (503, FailureClass::ServerError),
    ] {
        let server = Server::start(move |_| Answer::json(status, "no")).await;
        let url = server.http().parse().unwrap();
        let tokens = AccessTokens::new(Arc::new(Fake), url, http_client(TIMEOUTS).unwrap(), "".into());
        let (tokens, key) = (Arc::new(tokens), key("s3cret"));
        assert!(!format!("{tokens:?}").contains("s3cret"));
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let (tokens, key) = (tokens.clone(), key.clone());
            calls.spawn(async move { tokens.get(&key, in_time()).await.map(|_| ()).unwrap_err().class });
        }
        assert!(calls.join_all().await.iter().all(|class| *class == want), "{status}");
        assert_eq!(server.seen().len(), 1, "one failure answers for all who waited");
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        assert!(tokens.get(&key, in_time()).await.is_err());
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_token_is_used_to_its_end_when_no_other_can_be_had() {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |_| match tokens.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::json(200, "t1 2000"),
        _ => Answer::json(503, "no"),
    })
    .await;
    let url = server.http().parse().unwrap();
    let tokens = AccessTokens::new(Arc::new(Fake), url, http_client(TIMEOUTS).unwrap(), "".into());
    assert!(tokens.get(&key("k"), in_time()).await.is_ok());
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(tokens.get(&key("k"), in_time()).await.is_ok(), "it is not the end yet");
    assert_eq!(server.seen().len(), 2);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(tokens.get(&key("k"), in_time()).await.is_err());
}
