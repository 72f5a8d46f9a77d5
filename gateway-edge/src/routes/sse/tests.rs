//! Streams over a scripted service: the held head, heartbeats, broken streams, and callers who hang up.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::time::{Instant, advance, timeout};
use tonic::{Code, Status};
use tower::ServiceExt as _;

use crate::{
    EdgeSettings, router,
    test_support::{Fake, Step, attempt, finished, ok, started, text},
};

const SECOND: Duration = Duration::from_secs(1);

async fn post(fake: &Fake, script: Vec<Step>) -> Response<Body> {
    let settings = EdgeSettings { heartbeat: 15 * SECOND, ..EdgeSettings::default() };
    let router = router(fake.transport(move |_| script.clone()), settings);
    let body = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;
    let request = Request::post("/v1/chat/completions")
        .header("authorization", "Bearer sk-1")
        .header("content-type", "application/json");
    router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

async fn rest(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn unavailable() -> Status {
    Status::new(Code::Unavailable, "gone")
}

/// The error object of the last frame.
fn error(stream: &str) -> Value {
    let frame = stream.trim_end().rsplit("\n\n").next().unwrap().strip_prefix("data: ").unwrap();
    serde_json::from_str::<Value>(frame).unwrap()["error"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_whole_stream() {
    let fake = Fake::default();
    let response = post(&fake, vec![attempt(), started(), text("Two"), text("."), finished(), ok()]).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("x-gateway-provider", "google"),
        ("x-gateway-attempts", "2"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert!(response.headers().contains_key("x-request-id") && !response.headers().contains_key("content-length"));
    let stream = rest(response).await;
    assert_eq!(stream.matches("data: ").count(), 5, "{stream}");
    assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");
    // The trailers were taken, so the service does not see a caller who hung up.
    assert!(fake.read_to_end.load(std::sync::atomic::Ordering::SeqCst) && fake.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn failures_before_the_first_visible_event_have_a_status() {
    let cases: Vec<(&str, Vec<Step>, u16)> = vec![
        ("in the head", vec![Step::End(unavailable())], 503),
        ("in the head, late", vec![Step::Wait(14 * SECOND), Step::End(unavailable())], 503),
        ("after silent events", vec![attempt(), started(), Step::Wait(14 * SECOND), Step::End(unavailable())], 503),
        ("cut after silent events", vec![started(), Step::Cut], 502),
        ("ended after silent events", vec![started(), ok()], 502),
    ];
    for (name, script, status) in cases {
        let response = post(&Fake::default(), script).await;
        assert_eq!(response.status(), status, "{name}");
        assert_eq!(response.headers()["content-type"], "application/json", "{name}");
        assert!(error(&format!("data: {}", rest(response).await))["message"].is_string(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_after_it_are_one_frame_without_done() {
    for (name, end, code) in [
        ("status", Step::End(unavailable()), "service_unavailable"),
        ("cut", Step::Cut, "upstream_incomplete"),
        ("ends without finished", ok(), "upstream_incomplete"),
    ] {
        let fake = Fake::default();
        let response = post(&fake, vec![started(), text("Tw"), Step::Wait(SECOND), end]).await;
        assert_eq!(response.status(), 200, "{name}");
        let stream = rest(response).await;
        assert_eq!(error(&stream)["code"], code, "{name}");
        assert_eq!(error(&stream).as_object().unwrap().len(), 4, "{name}");
        assert!(!stream.contains("[DONE]") && !stream.contains("\"finish_reason\":\""), "{name}: {stream}");
        assert_eq!(stream.matches("\"error\"").count(), 1, "{name}");
        assert!(fake.is_dropped(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_waits_one_heartbeat_at_most() {
    for silent in [vec![Step::Wait(40 * SECOND)], vec![started(), Step::Wait(40 * SECOND)]] {
        let begin = Instant::now();
        let script = [silent, vec![started(), text("late"), Step::Wait(31 * SECOND), finished(), ok()]].concat();
        let response = post(&Fake::default(), script).await;
        assert_eq!((response.status().as_u16(), begin.elapsed().as_secs()), (200, 15));
        let stream = rest(response).await;
        let (before, after) = stream.split_once("data: ").unwrap();
        assert_eq!(before, ": keep-alive\n\n".repeat(2), "at 15 and 30 seconds");
        assert_eq!(after.matches(": keep-alive\n\n").count(), 2, "15 and 30 seconds after the text");
        assert!(stream.ends_with("data: [DONE]\n\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_a_heartbeat_is_a_frame() {
    let response = post(&Fake::default(), vec![Step::Wait(20 * SECOND), Step::End(unavailable())]).await;
    assert_eq!(response.status(), 200);
    let stream = rest(response).await;
    assert!(stream.starts_with(": keep-alive\n\ndata: {\"error\""), "{stream}");
}

#[tokio::test(start_paused = true)]
async fn a_talking_stream_gets_no_heartbeats() {
    let mut script = vec![started()];
    for _ in 0..10 {
        script.extend([text("a"), Step::Wait(10 * SECOND)]);
    }
    script.extend([finished(), ok()]);
    let stream = rest(post(&Fake::default(), script).await).await;
    assert!(!stream.contains("keep-alive"), "{stream}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_body_drops_the_call() {
    let fake = Fake::default();
    let mut response = post(&fake, vec![started(), text("a"), Step::Wait(1000 * SECOND)]).await;
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(timeout(SECOND, response.body_mut().frame()).await.is_err());
    assert!(!fake.is_dropped());
    drop(response);
    assert!(fake.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_ends_its_stream_is_let_go() {
    let fake = Fake::default();
    let response = post(&fake, vec![started(), text("a"), finished(), Step::Wait(1000 * SECOND)]).await;
    let begin = Instant::now();
    assert!(rest(response).await.ends_with("[DONE]\n\n"));
    assert!(begin.elapsed() <= 15 * SECOND && fake.is_dropped());
    advance(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn ready_events_share_a_frame() {
    let mut script = vec![started()];
    script.extend(std::iter::repeat_n(text("token"), 500));
    script.extend([finished(), ok()]);
    let mut body = post(&Fake::default(), script).await.into_body();
    let mut sizes = Vec::new();
    while let Some(frame) = body.frame().await {
        sizes.push(frame.unwrap().into_data().unwrap().len());
    }
    assert!(sizes.len() < 20 && sizes.iter().all(|size| *size < 9 << 10), "{sizes:?}");
}
