//! What is sent again, and what never is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Request;
use tokio::time::sleep;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use super::replica::*;
use crate::{
    EdgeSettings, RemoteSettings, Transport,
    pb::{
        self, chat_service_client::ChatServiceClient, key_service_client::KeyServiceClient,
        vision_service_client::VisionServiceClient,
    },
    router,
    test_support::{Step, completion, ok, send, text},
};

#[derive(Clone, Copy, Debug)]
enum Call {
    Read,
    Chat,
    Create,
    Upload,
}

use Call::{Chat, Create, Read, Upload};

async fn make(transport: &Transport, call: Call) -> Result<(), Status> {
    match call {
        Read => list(transport).await,
        Chat => {
            let mut client = ChatServiceClient::new(transport.clone());
            client.create_chat_completion(pb::CreateChatCompletionRequest::default()).await.map(drop)
        }
        Create => {
            let request = pb::CreateProviderKeyRequest { secret: "x".into(), ..Default::default() };
            KeyServiceClient::new(transport.clone()).create_provider_key(request).await.map(drop)
        }
        Upload => {
            let pieces = futures_util::stream::iter(vec![pb::UploadAndExtractTextRequest::default(); 3]);
            VisionServiceClient::new(transport.clone()).upload_and_extract_text(pieces).await.map(drop)
        }
    }
}

fn refused(code: Code, reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "aigateway", []);
    if reason.is_empty() { Status::new(code, "x") } else { Status::with_error_details(code, "x", details) }
}

/// Two replicas: whichever is asked first does `first`, every call after it is answered well.
async fn pair(first: Vec<Step>) -> (Vec<Replica>, Transport) {
    let asked = Arc::new(AtomicUsize::default());
    let script = move |path: &str| match (asked.fetch_add(1, Ordering::SeqCst), path) {
        (0, _) => first.clone(),
        (_, path) if path.ends_with("CreateChatCompletion") => vec![send(&completion("hi")), ok()],
        _ => vec![send(&pb::ListModelsResponse::default()), ok()],
    };
    let replicas = vec![Replica::start(script.clone()).await, Replica::start(script).await];
    let transport = Transport::remote(&settings(replicas.iter().map(Replica::url))).unwrap();
    until_healthy(&transport, 2).await;
    (replicas, transport)
}

#[tokio::test]
async fn what_the_service_says_decides() {
    let end = |code, reason| vec![Step::End(refused(code, reason))];
    for (call, first, calls, code) in [
        (Read, end(Code::Unavailable, "SHUTTING_DOWN"), 2, Code::Ok),
        (Create, end(Code::Unavailable, "SHUTTING_DOWN"), 2, Code::Ok),
        (Upload, end(Code::Unavailable, "SHUTTING_DOWN"), 2, Code::Ok),
        // The gateway has tried again itself.
        (Chat, end(Code::Unavailable, "PROVIDER_KEYS_EXHAUSTED"), 1, Code::Unavailable),
        (Chat, end(Code::Unavailable, "UPSTREAM_ERROR"), 1, Code::Unavailable),
        (Read, end(Code::Unavailable, "STORAGE_UNAVAILABLE"), 1, Code::Unavailable),
        (Read, end(Code::ResourceExhausted, "OVERLOADED"), 1, Code::ResourceExhausted),
        (Read, end(Code::Internal, ""), 1, Code::Internal),
        // Somebody on the way: a mesh that lost the replica.
        (Chat, end(Code::Unavailable, ""), 2, Code::Ok),
        (Create, end(Code::Unavailable, ""), 1, Code::Aborted),
    ] {
        let (replicas, transport) = pair(first.clone()).await;
        let result = make(&transport, call).await;
        assert_eq!(result.map_or_else(|status| status.code(), |()| Code::Ok), code, "{call:?}");
        let seen: Vec<_> = replicas.iter().map(Replica::calls).collect();
        assert_eq!(seen.iter().sum::<usize>(), calls, "{call:?}");
        assert!(seen.iter().all(|seen| *seen < 2), "{call:?} was sent to the same replica again: {seen:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_repeats_what_may_be_repeated() {
    for (call, calls, code) in
        [(Read, 2, Code::Ok), (Chat, 2, Code::Ok), (Upload, 2, Code::Ok), (Create, 1, Code::Aborted)]
    {
        let (mut replicas, transport) = pair(vec![Step::Wait(Duration::from_secs(60))]).await;
        let mut under_way = tokio::task::JoinSet::new();
        under_way.spawn(async move { make(&transport, call).await });
        while replicas.iter().all(|replica| replica.calls() == 0) {
            sleep(Duration::from_millis(5)).await;
        }
        let asked = replicas.iter().position(|replica| replica.calls() == 1).unwrap();
        replicas[asked].kill().await;
        let result = under_way.join_next().await.unwrap().unwrap();
        assert_eq!(result.map_or_else(|status| status.code(), |()| Code::Ok), code, "{call:?}");
        assert_eq!(replicas.iter().map(Replica::calls).sum::<usize>(), calls, "{call:?}");
    }
}

#[tokio::test]
async fn a_whole_answer_that_breaks_in_the_middle_is_none() {
    let half = vec![send(&completion("hi")), Step::Wait(Duration::from_secs(60))];
    let (mut replicas, transport) = pair(half).await;
    let mut under_way = tokio::task::JoinSet::new();
    under_way.spawn(async move { make(&transport, Chat).await });
    while replicas.iter().all(|replica| replica.calls() == 0) {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(30)).await;
    let asked = replicas.iter().position(|replica| replica.calls() == 1).unwrap();
    replicas[asked].kill().await;
    assert!(under_way.join_next().await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_stream_is_repeated_before_its_first_message_only() {
    let wait = || Step::Wait(Duration::from_secs(60));
    for (first, messages, code) in [(vec![wait()], 1, Code::Ok), (vec![text("a"), text("b"), wait()], 2, Code::Aborted)]
    {
        let (mut replicas, transport) = pair(first).await;
        let mut client = ChatServiceClient::new(transport);
        let mut under_way = tokio::task::JoinSet::new();
        under_way.spawn(async move {
            let request = pb::StreamChatCompletionRequest::default();
            let mut stream = client.stream_chat_completion(request).await.unwrap().into_inner();
            let mut seen = 0;
            loop {
                match stream.message().await {
                    Ok(Some(_)) => seen += 1,
                    Ok(None) => break (seen, Code::Ok),
                    Err(status) => break (seen, status.code()),
                }
            }
        });
        while replicas.iter().all(|replica| replica.calls() == 0) {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(30)).await;
        let asked = replicas.iter().position(|replica| replica.calls() == 1).unwrap();
        replicas[asked].kill().await;
        assert_eq!(under_way.join_next().await.unwrap().unwrap(), (messages, code));
    }
}

#[tokio::test]
async fn a_service_that_breaks_every_call_is_asked_three_times() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broken = || vec![Step::End(Status::unavailable(""))];
    drop(listener);
    let replica = Replica::start(move |_| broken()).await;
    let transport = Transport::remote(&settings([replica.url()])).unwrap();
    until_healthy(&transport, 1).await;
    assert_eq!(list(&transport).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(replica.calls(), 3);
}

#[tokio::test]
async fn the_deadline_holds_over_all_attempts() {
    let (replicas, transport) =
        pair(vec![Step::Wait(Duration::from_millis(200)), Step::End(refused(Code::Unavailable, "SHUTTING_DOWN"))])
            .await;
    let mut request = tonic::Request::new(pb::ListModelsRequest::default());
    request.set_timeout(Duration::from_secs(5));
    let mut client = pb::model_service_client::ModelServiceClient::new(transport);
    client.list_models(request).await.unwrap();
    let timeouts: Vec<u64> = replicas
        .iter()
        .flat_map(|replica| replica.fake.calls.lock().unwrap().clone())
        .filter_map(|seen| seen.headers.get("grpc-timeout")?.to_str().ok()?.strip_suffix('m')?.parse().ok())
        .collect();
    assert!(timeouts.iter().any(|millis| (4000..=4800).contains(millis)), "{timeouts:?}");
}

async fn ask(url: String) -> http::Response<axum::body::Body> {
    let settings = EdgeSettings { request_timeout: Duration::from_millis(200), ..EdgeSettings::default() };
    let router = router(Transport::remote(&RemoteSettings::new(url)).unwrap(), settings);
    let body = axum::body::Body::from(r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#);
    router.oneshot(Request::post("/v1/chat/completions").body(body).unwrap()).await.unwrap()
}

#[tokio::test]
async fn rest_tells_a_silent_service_from_a_dead_one() {
    let silent = Replica::start(|_| vec![Step::Wait(Duration::from_secs(60))]).await;
    assert_eq!(ask(silent.url()).await.status(), 504);
    let mut dead = Replica::start(models).await;
    dead.kill().await;
    let answer = ask(dead.url()).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    // One that takes connections and closes them.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    assert_eq!(ask(url).await.status(), 503);
}
