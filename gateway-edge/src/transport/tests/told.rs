//! Every status that the edge makes itself, as callers of both its faces read it.

use std::time::Duration;

use axum::{Router, body::Body};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt as _;
use tokio::time::sleep;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;

use super::replica::*;
use crate::{
    EdgeSettings, Transport, draining, pb, router,
    test_support::{Step, send, started, text},
    transport::probe::CHECK,
};

/// What happens to the replica.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Lives,
    DiesBefore,
    /// While the call is under way.
    Dies,
}

use Fate::{Dies, DiesBefore, Lives};

struct Row {
    case: &'static str,
    rpc: &'static str,
    rest: (Method, &'static str, &'static str),
    script: Vec<Step>,
    fate: Fate,
    wanted: (Code, &'static str),
    /// Status and code over REST; a stream has its 200 by then.
    told: (u16, &'static str),
    retry: bool,
}

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
const STREAM: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;
const KEY: &str = r#"{"provider_name":"google","api_key":"AIzaSy-of-a-test"}"#;

fn rows() -> Vec<Row> {
    let wait = || Step::Wait(Duration::from_secs(60));
    let nobody = || vec![Step::End(Status::unavailable("upstream connect error"))];
    let silent = || Row {
        case: "a service that is silent",
        rpc: "/aigateway.v1.ChatService/CreateChatCompletion",
        rest: (Method::POST, "/v1/chat/completions", CHAT),
        script: vec![wait()],
        fate: Lives,
        wanted: (Code::DeadlineExceeded, "UPSTREAM_TIMEOUT"),
        told: (504, "timeout"),
        retry: false,
    };
    let away = || Row {
        case: "a service that is away",
        fate: DiesBefore,
        wanted: (Code::Unavailable, "SERVICE_UNAVAILABLE"),
        told: (503, "service_unavailable"),
        retry: true,
        ..silent()
    };
    let lost = || Row {
        case: "a service that dies with a change",
        rpc: "/aigateway.v1.KeyService/CreateProviderKey",
        rest: (Method::POST, "/api/v1/provider-keys", KEY),
        fate: Dies,
        wanted: (Code::Aborted, "OUTCOME_UNKNOWN"),
        told: (502, "outcome_unknown"),
        ..silent()
    };
    let stream = Row {
        case: "a stream that breaks",
        rpc: "/aigateway.v1.ChatService/StreamChatCompletion",
        rest: (Method::POST, "/v1/chat/completions", STREAM),
        script: vec![started(), text("a"), wait()],
        fate: Dies,
        wanted: (Code::Aborted, "STREAM_INTERRUPTED"),
        told: (200, "upstream_error"),
        retry: false,
    };
    let watch = Row {
        case: "a watch that breaks",
        rpc: "/aigateway.v1.KeyService/WatchProviderKeys",
        rest: (Method::GET, "/api/v1/provider-keys/watch", ""),
        script: vec![send(&pb::WatchProviderKeysResponse::default()), wait()],
        fate: Dies,
        wanted: (Code::Unavailable, "SHUTTING_DOWN"),
        told: (200, "shutting_down"),
        retry: true,
    };
    let speaks = |case, row| Row { case, script: nobody(), fate: Lives, ..row };
    vec![
        speaks("somebody on the way who reaches no service", away()),
        speaks("the same for a change", lost()),
        silent(),
        away(),
        lost(),
        stream,
        watch,
    ]
}

fn grpc_web(rpc: &str, kind: &str, body: &'static [u8]) -> Request<Body> {
    let request = Request::post(rpc).header("content-type", kind).header("grpc-timeout", "300m");
    request.body(Body::from(body)).unwrap()
}

/// Has the call made at a replica that meets its fate, and returns the answer with its body.
async fn answer(row: &Row, mut request: Request<Body>, language: Option<&'static str>) -> (Response<()>, Vec<u8>) {
    let script = row.script.clone();
    let mut replica = Replica::start(move |_| script.clone()).await;
    let transport = Transport::remote(&settings([replica.url()])).unwrap();
    until_healthy(&transport, 1).await;
    if row.fate == DiesBefore {
        replica.kill().await;
        until_healthy(&transport, 0).await;
    }
    // Only a row about the end of the time needs it to be soon.
    let is_late = row.wanted.0 == Code::DeadlineExceeded;
    let patience = if is_late { Duration::from_millis(300) } else { Duration::from_secs(60) };
    if !is_late {
        request.headers_mut().remove("grpc-timeout");
    }
    let edge = router(transport, EdgeSettings { request_timeout: patience, ..EdgeSettings::default() });
    let mut call = tokio::task::JoinSet::new();
    call.spawn(seen(edge, request, language));
    if row.fate == Dies {
        while replica.calls() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(30)).await;
        replica.kill().await;
    }
    call.join_next().await.unwrap().unwrap()
}

async fn seen(edge: Router, mut request: Request<Body>, language: Option<&'static str>) -> (Response<()>, Vec<u8>) {
    request.headers_mut().insert("x-request-id", HeaderValue::from_static("r-1"));
    if let Some(language) = language {
        request.headers_mut().insert("accept-language", HeaderValue::from_static(language));
    }
    let (head, body) = edge.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (Response::from_parts(head, ()), body)
}

/// Reads the status of a gRPC-Web answer, from its head or from the last frame of its body.
fn status(head: &Response<()>, body: &[u8]) -> Status {
    if let Some(status) = Status::from_header_map(head.headers()) {
        return status;
    }
    let mut rest = body;
    while let [flag, a, b, c, d, after @ ..] = rest {
        let (frame, next) = after.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        if flag & 0x80 != 0 {
            let text = String::from_utf8(frame.to_vec()).unwrap();
            let line = |line: &str| {
                let (name, value) = line.split_once(':').unwrap();
                (name.parse::<HeaderName>().unwrap(), value.trim().parse::<HeaderValue>().unwrap())
            };
            let trailers: HeaderMap = text.lines().map(line).collect();
            return Status::from_header_map(&trailers).unwrap();
        }
        rest = next;
    }
    panic!("no status in {head:?} {body:?}");
}

/// Holds a status against the promises of errors.proto.
fn check(case: &str, status: &Status, wanted: (Code, &str), retry: bool, language: Option<&str>) {
    assert_eq!(status.code(), wanted.0, "{case}: {status:?}");
    let details = status.get_error_details_vec();
    let of = |kind: fn(&tonic_types::ErrorDetail) -> bool| details.iter().filter(|detail| kind(detail)).count();
    assert_eq!(of(|detail| matches!(detail, tonic_types::ErrorDetail::ErrorInfo(_))), 1, "{case}: {details:?}");
    assert_eq!(of(|detail| matches!(detail, tonic_types::ErrorDetail::RetryInfo(_))), usize::from(retry), "{case}");
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("aigateway", wanted.1), "{case}");
    assert_eq!(info.metadata.get("request_id").map(String::as_str), Some("r-1"), "{case}");
    let told = status.get_details_localized_message();
    assert_eq!(told.as_ref().map(|told| told.locale.as_str()), language, "{case}");
    assert!(told.is_none_or(|told| !told.message.is_empty()) && status.message().is_ascii(), "{case}");
}

#[tokio::test]
async fn grpc_web_reads_a_reason_whatever_happens() {
    let rows = rows();
    let calls = rows.iter().flat_map(|row| [None, Some("vi"), Some("en")].map(|language| (row, language)));
    join_all(calls.map(|(row, language)| async move {
        let request = grpc_web(row.rpc, "application/grpc-web+proto", &[0; 5]);
        let (head, body) = answer(row, request, language).await;
        check(row.case, &status(&head, &body), row.wanted, row.retry, language);
    }))
    .await;
}

#[tokio::test]
async fn rest_reads_the_same_as_documented() {
    let rows = rows();
    let calls = rows.iter().flat_map(|row| [None, Some("vi")].map(|language| (row, language)));
    join_all(calls.map(|(row, language)| async move {
        let (method, path, body) = row.rest.clone();
        let request = Request::builder().method(method).uri(path).header("authorization", "Bearer sk-x");
        let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
        let (head, body) = answer(row, request, language).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(head.status(), row.told.0, "{}: {body}", row.case);
        assert!(body.contains(&format!(r#""code":"{}""#, row.told.1)), "{}: {body}", row.case);
        let speaks_vietnamese = body.contains(|letter| ('\u{1ea0}'..='\u{1ef9}').contains(&letter));
        assert_eq!(speaks_vietnamese, language == Some("vi"), "{}: {body}", row.case);
        if row.told.0 != 200 {
            assert_eq!(head.headers().contains_key("retry-after"), row.retry, "{}", row.case);
        }
    }))
    .await;
}

#[tokio::test]
async fn a_call_that_cannot_be_read_is_the_callers_matter() {
    let replica = Replica::start(models).await;
    let transport = Transport::remote(&settings([replica.url()])).unwrap();
    until_healthy(&transport, 1).await;
    let edge = router(transport, EdgeSettings::default());
    let request = grpc_web("/aigateway.v1.ModelService/ListModels", "application/grpc-web-text+proto", b"A*!?");
    let (head, body) = seen(edge, request, Some("vi")).await;
    check("no base64", &status(&head, &body), (Code::InvalidArgument, "INVALID_REQUEST"), false, Some("vi"));
}

#[tokio::test]
async fn an_edge_that_stops_says_so_to_every_face() {
    for (rpc, kind) in [(CHECK, "application/grpc-web"), ("/aigateway.v1.X/Y", "application/grpc-web-text+proto")] {
        let (head, body) = seen(draining::router(), grpc_web(rpc, kind, &[0; 5]), Some("vi")).await;
        assert_eq!((head.status().as_u16(), &head.headers()["connection"]), (200, &"close".parse().unwrap()));
        check(rpc, &status(&head, &body), (Code::Unavailable, "SHUTTING_DOWN"), true, Some("vi"));
    }
    let (head, _) = seen(draining::router(), Request::get("/v1/models").body(Body::empty()).unwrap(), None).await;
    assert_eq!((head.status().as_u16(), &head.headers()["retry-after"]), (503, &"1".parse().unwrap()));
}
