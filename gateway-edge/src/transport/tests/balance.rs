//! Several replicas: who is asked, what happens when one dies, comes back, or leaves the name.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::time::sleep;
use tonic::Code;

use super::{LONG, replica::*};
use crate::{
    RemoteSettings, Replicas, Resolver, Transport,
    test_support::{Step, ok},
};

fn slowly(path: &str) -> Vec<Step> {
    [vec![Step::Wait(Duration::from_millis(20))], models(path)].concat()
}

#[tokio::test]
async fn calls_are_shared_by_three() {
    let replicas = [Replica::start(slowly).await, Replica::start(slowly).await, Replica::start(slowly).await];
    let transport = Transport::remote(&settings(replicas.iter().map(Replica::url))).unwrap();
    until_healthy(&transport, 3).await;
    for at_a_time in [1, 30] {
        assert_eq!(many(&transport, 90, at_a_time).await.len(), 0);
        let shares: Vec<_> = replicas.iter().map(Replica::new_calls).collect();
        assert!(shares.iter().all(|share| (20..=40).contains(share)), "{at_a_time} at a time: {shares:?}");
    }
}

#[tokio::test]
async fn a_slow_replica_gets_less() {
    let slow = Replica::start(|path| [vec![Step::Wait(Duration::from_millis(300))], models(path)].concat()).await;
    let fast = Replica::start(models).await;
    let transport = Transport::remote(&settings([slow.url(), fast.url()])).unwrap();
    until_healthy(&transport, 2).await;
    assert_eq!(many(&transport, 200, 8).await.len(), 0);
    assert!(slow.calls() * 4 < fast.calls(), "{} of 200", slow.calls());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_notices_a_replica_that_dies_again_and_again() {
    let mut dying = Replica::start(slowly).await;
    let other = Replica::start(slowly).await;
    let settings = RemoteSettings { timing: patient(), ..settings([dying.url(), other.url()]) };
    let transport = Transport::remote(&settings).unwrap();
    until_healthy(&transport, 2).await;
    let load = tokio::task::JoinSet::from_iter([many_boxed(transport.clone(), 6000, 60)]);
    let mut died = 0;
    // It dies with work in hand; when no more comes, the load is over.
    while died < 10 && until_called(&dying).await {
        dying.kill().await;
        died += 1;
        sleep(Duration::from_millis(40)).await;
        dying = Replica::start_at(dying.address, slowly).await;
    }
    let failures = load.join_all().await.concat();
    assert!(failures.is_empty(), "{} of 6000 failed, such as {:?}", failures.len(), failures[0]);
    assert!(died >= 5, "it died {died} times");
}

/// The other one came back while the edge still leaves it alone; then the last one that it knows of dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_came_back_unnoticed_takes_over() {
    let mut timing = patient();
    (timing.first_rest, timing.longest_rest) = (Duration::from_secs(60), Duration::from_secs(60));
    for round in 0..10 {
        let (mut first, mut second) = (Replica::start(slowly).await, Replica::start(slowly).await);
        let settings = RemoteSettings { timing, connections: 8, ..settings([first.url(), second.url()]) };
        let transport = Transport::remote(&settings).unwrap();
        until_healthy(&transport, 2).await;
        first.kill().await;
        until_healthy(&transport, 1).await;
        let _back = Replica::start_at(first.address, slowly).await;
        let load = tokio::task::JoinSet::from_iter([many_boxed(transport.clone(), 40, 20)]);
        assert!(until_called(&second).await);
        second.kill().await;
        let failures = load.join_all().await.concat();
        assert!(failures.is_empty(), "round {round}: {} of 40 failed, such as {:?}", failures.len(), failures[0]);
    }
}

/// Waits for the next call of a replica, as long as a rest lasts at most and then some.
async fn until_called(replica: &Replica) -> bool {
    for _ in 0..500 {
        if replica.new_calls() > 0 {
            return true;
        }
        sleep(Duration::from_millis(10)).await;
    }
    false
}

async fn many_boxed(transport: Transport, calls: usize, at_a_time: usize) -> Vec<tonic::Status> {
    many(&transport, calls, at_a_time).await
}

#[tokio::test]
async fn without_a_replica_the_answer_is_quick_and_it_recovers() {
    let mut replica = Replica::start(models).await;
    let transport = Transport::remote(&settings([replica.url()])).unwrap();
    assert!(list(&transport).await.is_ok(), "the first call waits for the first connection");
    replica.kill().await;
    until_healthy(&transport, 0).await;
    for _ in 0..20 {
        let begin = Instant::now();
        assert_eq!(list(&transport).await.unwrap_err().code(), Code::Unavailable);
        // Far less than any wait for a connection.
        assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    }
    assert_eq!(transport.replicas(), Some(Replicas { known: 1, healthy: 0 }));
    let _back = Replica::start_at(replica.address, models).await;
    // Long before the longest rest is over for somebody who does not ask.
    let begin = Instant::now();
    while list(&transport).await.is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_replica_that_says_it_does_not_serve_is_left_out() {
    let not_serving = Replica::start(models).await;
    let address = not_serving.address;
    drop(not_serving);
    sleep(Duration::from_millis(20)).await;
    // A listener of its own: the script cannot answer the question for health.
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let body = || Step::Send(bytes::Bytes::from_static(&[0, 0, 0, 0, 2, 8, 2]));
    let fake = crate::test_support::Fake::default();
    let service = fake.transport(move |_| vec![body(), ok()]);
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| async move {
        let answer = tower::ServiceExt::oneshot(service, request.map(tonic::body::Body::new)).await.unwrap();
        answer.map(axum::body::Body::new)
    });
    let mut server = tokio::task::JoinSet::new();
    server.spawn(crate::serve(router, listener, Default::default(), std::future::pending(), Duration::ZERO));

    let good = Replica::start(models).await;
    let transport = Transport::remote(&settings([format!("http://{address}"), good.url()])).unwrap();
    until_healthy(&transport, 1).await;
    assert_eq!(many(&transport, 20, 4).await.len(), 0);
    assert_eq!(good.calls(), 20);
}

#[tokio::test]
async fn a_name_is_followed_without_cutting_streams() {
    let stream = |_: &str| {
        let slow = Step::Wait(Duration::from_millis(200));
        vec![crate::test_support::text("a"), slow.clone(), crate::test_support::text("b"), slow, ok()]
    };
    let (old, new) = (Replica::start(stream).await, Replica::start(models).await);
    let addresses: Arc<Mutex<Vec<SocketAddr>>> = Arc::new(Mutex::new(vec![old.address]));
    let resolver: Resolver = {
        let addresses = addresses.clone();
        Arc::new(move |host, port| {
            assert_eq!((&*host, port), ("gateways.example", 50051));
            let found = addresses.lock().unwrap().clone();
            Box::pin(async move { Ok(found) })
        })
    };
    let transport = Transport::remote_by(&settings(["http://gateways.example:50051".into()]), &resolver).unwrap();
    until_healthy(&transport, 1).await;
    let mut client = crate::pb::chat_service_client::ChatServiceClient::new(transport.clone());
    let mut answer =
        client.stream_chat_completion(crate::pb::StreamChatCompletionRequest::default()).await.unwrap().into_inner();
    assert!(answer.message().await.unwrap().is_some());

    *addresses.lock().unwrap() = vec![new.address];
    let begin = Instant::now();
    while new.calls() == 0 && begin.elapsed() < LONG {
        let _ = list(&transport).await;
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(many(&transport, 10, 2).await.len(), 0);
    assert_eq!(transport.replicas(), Some(Replicas { known: 1, healthy: 1 }));
    assert!(answer.message().await.unwrap().is_some(), "the stream on the old one goes on");
    assert!(answer.message().await.unwrap().is_none());

    // A name that has no address any more, or cannot be looked up, changes nothing.
    addresses.lock().unwrap().clear();
    sleep(Duration::from_millis(120)).await;
    assert!(list(&transport).await.is_ok());
    // The old connection has ended with its last call.
    assert!(!old.fake.is_dropped() || old.fake.read_to_end.load(std::sync::atomic::Ordering::SeqCst));
}

#[tokio::test]
async fn a_name_without_an_address_is_told_quickly() {
    let resolver: Resolver = Arc::new(|_, _| Box::pin(async { Err(std::io::Error::other("no such name")) }));
    let transport = Transport::remote_by(&settings(["http://nowhere.example:1".into()]), &resolver).unwrap();
    let begin = Instant::now();
    assert_eq!(list(&transport).await.unwrap_err().code(), Code::Unavailable);
    // Far less than any wait for a connection.
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    assert_eq!(transport.replicas(), Some(Replicas { known: 0, healthy: 0 }));
}
