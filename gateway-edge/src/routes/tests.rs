//! The routes from outside: paths, methods, limits, headers, models, health and gRPC-Web.

use axum::body::{Body, Bytes};
use http::Request;
use http_body_util::BodyExt as _;
use prost::Message as _;
use serde_json::json;
use tonic::{Code, Status};

use super::*;
use crate::{
    RemoteSettings, pb,
    test_support::{Fake, Step, completion, ok, send},
};

mod cors;

const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;

fn script(path: &str) -> Vec<Step> {
    let model = |id: &str| pb::Model {
        id: id.into(),
        provider: "google".into(),
        context_window_tokens: Some(1000),
        ..pb::Model::default()
    };
    match path {
        "/aigateway.v1.ChatService/CreateChatCompletion" => vec![send(&completion("hi")), ok()],
        "/aigateway.v1.ModelService/ListModels" => {
            let models = vec![model("google/gemini-3.8-flash"), model("x-ai/grok-4.3")];
            vec![send(&pb::ListModelsResponse { models, ..Default::default() }), ok()]
        }
        "/aigateway.v1.ModelService/GetModel" => {
            vec![send(&pb::GetModelResponse { model: Some(model("google/gemini-3.8-flash")) }), ok()]
        }
        // status = SERVING
        "/grpc.health.v1.Health/Check" => vec![Step::Send(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1])), ok()],
        _ => vec![Step::End(Status::new(Code::Unimplemented, "no such method"))],
    }
}

fn settings() -> EdgeSettings {
    EdgeSettings { max_body_bytes: 1000, ..EdgeSettings::default() }
}

async fn ask(fake: &Fake, request: http::request::Builder, body: &str) -> (Response, String) {
    ask_with(fake, settings(), request, body).await
}

async fn ask_with(
    fake: &Fake,
    settings: EdgeSettings,
    request: http::request::Builder,
    body: &str,
) -> (Response, String) {
    let router = router(fake.transport(script), settings);
    let response = router.oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
    (Response::from_parts(parts, Body::empty()), text)
}

fn post(path: &str) -> http::request::Builder {
    Request::post(path).header("content-type", "application/json")
}

#[tokio::test]
async fn a_whole_answer_and_what_goes_along() {
    let fake = Fake::default();
    let request = post("/v1/chat/completions").header("authorization", "Bearer sk-1").header("x-request-id", "r-1");
    let (response, body) = ask(&fake, request.header("x-stainless-timeout", "30"), BODY).await;
    assert_eq!(response.status(), 200, "{body}");
    let headers = response.headers();
    assert_eq!(
        (&headers["content-type"], &headers["x-request-id"]),
        (&"application/json".parse().unwrap(), &"r-1".parse().unwrap())
    );
    assert_eq!(
        (&headers["x-gateway-provider"], &headers["x-gateway-attempts"]),
        (&"google".parse().unwrap(), &"1".parse().unwrap())
    );
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "hi");
    let seen = fake.last();
    assert_eq!(seen.path, "/aigateway.v1.ChatService/CreateChatCompletion");
    assert_eq!(
        (&seen.headers["authorization"], &seen.headers["x-request-id"]),
        (&"Bearer sk-1".parse().unwrap(), &"r-1".parse().unwrap())
    );
    assert_eq!(seen.headers["grpc-timeout"], "31000000u");
    let message = pb::CreateChatCompletionRequest::decode(seen.message).unwrap();
    assert_eq!(message.prompt.unwrap().model, "m");
}

#[tokio::test]
async fn careless_paths_are_forgiven() {
    let fake = Fake::default();
    for path in [
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/chat/completions",
        "/chat/completions/?x=1",
        "/v1/chat/completions?api-version=1",
    ] {
        let (response, body) = ask(&fake, post(path), BODY).await;
        assert_eq!(response.status(), 200, "{path}: {body}");
    }
    for path in [
        "/v1/models",
        "/v1/models/",
        "/models",
        "//v1//models",
        "/v1/models/google/gemini-3.8-flash",
        "/v1/models/google%2Fgemini-3.8-flash",
        "/models/google/gemini-3.8-flash/",
        "/livez",
        "/readyz",
        "/api/v1/health/",
    ] {
        let (response, body) = ask(&fake, Request::get(path), "").await;
        assert_eq!(response.status(), 200, "{path}: {body}");
    }
}

#[tokio::test]
async fn models_have_all_four_members() {
    let fake = Fake::default();
    let (_, body) = ask(&fake, Request::get("/v1/models"), "").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let first = json!({"id": "google/gemini-3.8-flash", "object": "model", "created": 0, "owned_by": "google", "context_window": 1000});
    assert_eq!(
        (&body["object"], &body["data"][0], body["data"].as_array().unwrap().len()),
        (&json!("list"), &first, 2)
    );
    for path in ["/v1/models/google/gemini-3.8-flash", "/v1/models/google%2Fgemini-3.8-flash"] {
        let (_, body) = ask(&fake, Request::get(path), "").await;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), first);
        let asked = pb::GetModelRequest::decode(fake.last().message).unwrap();
        assert_eq!(asked.id, "google/gemini-3.8-flash", "{path}");
    }
    let (response, body) = ask(&fake, Request::head("/v1/models"), "").await;
    assert_eq!((response.status().as_u16(), &*body), (200, ""));
}

#[tokio::test]
async fn an_escape_that_is_no_text_names_nothing() {
    let fake = Fake::default();
    ask(&fake, Request::get("/v1/models/%ff"), "").await;
    assert_eq!(pb::GetModelRequest::decode(fake.last().message).unwrap().id, "\u{fffd}");
    for path in ["/docs/%ff", "/proto/%ff", "/proto/aigateway/%ff"] {
        let (response, body) = ask(&fake, Request::get(path), "").await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (404, &"application/json".parse().unwrap()),
            "{path}"
        );
        assert!(body.starts_with(r#"{"error":"#), "{path}: {body}");
    }
}

#[tokio::test]
async fn refusals_speak_the_language_of_their_route() {
    let fake = Fake::default();
    let large = "x".repeat(1001);
    let get = |path| Request::get(path);
    #[rustfmt::skip]
    let rows: Vec<(http::request::Builder, &str, u16, &str)> = vec![
        (post("/v1/nothing"), BODY, 404, "Invalid URL (POST /v1/nothing); /docs shows every route"),
        (get("/nothing"), "", 404, "Invalid URL (GET /nothing); /docs shows every route"),
        (get("/v1/chat/completions"), "", 405, "Not allowed to GET on /v1/chat/completions; the header `allow` names the methods"),
        (post("/v1/chat/completions"), &large, 413, "The request body is larger than the limit of 1000 bytes."),
        (Request::post("/v1/chat/completions").header("content-type", "text/plain"), BODY, 415, "Unsupported content type: send the body as application/json."),
        (post("/v1/chat/completions").header("content-encoding", "gzip"), BODY, 415, "Unsupported content encoding: send the body without compression."),
        (post("/v1/chat/completions"), r#"{"model":"m"}"#, 400, "Missing required parameter: 'messages'."),
    ];
    for (request, body, status, message) in rows {
        let (response, body) = ask(&fake, request, body).await;
        assert_eq!(response.status(), status, "{message}");
        assert_eq!(response.headers()["content-type"], "application/json", "{message}");
        assert!(response.headers().contains_key("x-request-id"), "{message}");
        assert_eq!(response.headers().contains_key("allow"), status == 405, "{message}");
        let error = serde_json::from_str::<serde_json::Value>(&body).unwrap()["error"].clone();
        assert_eq!((&error["message"], &error["type"]), (&json!(message), &json!("invalid_request_error")));
    }
    assert!(fake.asked().is_empty(), "nothing of it reached the service");
    let (response, body) = ask(&fake, get("/api/v1/nothing").header("x-request-id", "r-2"), "").await;
    assert_eq!(response.status(), 404);
    let expected = json!({"detail": "Invalid URL (GET /api/v1/nothing); /docs shows every route", "code": "invalid_request_error", "request_id": "r-2"});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), expected);
}

#[tokio::test]
async fn json_in_its_many_names_is_accepted() {
    let fake = Fake::default();
    for kind in
        [Some("application/json; charset=utf-8"), Some("Application/JSON"), Some("application/vnd.x+json"), None]
    {
        let request = Request::post("/v1/chat/completions");
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        assert_eq!(ask(&fake, request, BODY).await.0.status(), 200, "{kind:?}");
    }
}

#[tokio::test]
async fn options_tells_the_methods() {
    let fake = Fake::default();
    for (path, allow) in [("/v1/models", "GET,HEAD,OPTIONS"), ("/v1/chat/completions", "POST,OPTIONS")] {
        let (response, _) = ask(&fake, Request::options(path), "").await;
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (204, &allow.parse().unwrap()));
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn health_tells_about_the_service() {
    let (_, body) = ask(&Fake::default(), Request::get("/api/v1/health"), "").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["status"], &body["service"]), (&json!("healthy"), &json!("serving")));
    // Nobody listens on the port of discard.
    let dead = router(Transport::remote(&RemoteSettings::new("http://127.0.0.1:9")).unwrap(), settings());
    let get = |path: &str| dead.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(get("/livez").await.unwrap().status(), 200);
    assert_eq!(get("/readyz").await.unwrap().status(), 503);
    let body = get("/api/v1/health").await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&body["status"], &body["service"]), (&json!("degraded"), &json!("unreachable")));
    let response = dead.clone().oneshot(post("/v1/chat/completions").body(Body::from(BODY)).unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
}

#[tokio::test]
async fn grpc_web_reaches_the_service() {
    let fake = Fake::default();
    let call = |path: &str| Request::post(path).header("content-type", "application/grpc-web+proto");
    let request =
        call("/aigateway.v1.ModelService/ListModels").header("cookie", "c").header("connection", "keep-alive");
    let (response, body) = ask(&fake, request.header("authorization", "Bearer sk-1"), "\0\0\0\0\0").await;
    assert_eq!(response.headers()["content-type"], "application/grpc-web+proto");
    assert!(body.contains("google/gemini-3.8-flash") && body.contains("grpc-status:0"), "{body}");
    let seen = fake.last();
    assert!(!seen.headers.contains_key("cookie") && !seen.headers.contains_key("connection"));
    assert_eq!(seen.headers["authorization"], "Bearer sk-1");

    for path in ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/other.v1.X/Y", "/aigateway.v1"] {
        assert_eq!(ask(&fake, call(path), "\0\0\0\0\0").await.0.status(), 404, "{path}");
    }
    let plain = Request::post("/aigateway.v1.ModelService/ListModels").header("content-type", "application/grpc");
    assert_eq!(ask(&fake, plain, "").await.0.status(), 404);

    let dead = router(Transport::remote(&RemoteSettings::new("http://127.0.0.1:9")).unwrap(), settings());
    let request = call("/aigateway.v1.ModelService/ListModels").body(Body::from("\0\0\0\0\0")).unwrap();
    let response = dead.oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["grpc-status"]), (200, &"14".parse().unwrap()));
}

/// HTTP/2 counts what a request announced, so this needs a service behind a socket.
#[tokio::test]
async fn grpc_web_reaches_a_remote_service() {
    let fake = Fake::default();
    let service = fake.transport(script);
    let service = Router::new().fallback(move |request: axum::extract::Request| async move {
        service.oneshot(request.map(tonic::body::Body::new)).await.unwrap().map(Body::new)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut server = tokio::task::JoinSet::new();
    let drain = std::time::Duration::ZERO;
    server.spawn(crate::serve(service, listener, settings(), std::future::pending(), drain));
    let edge = router(Transport::remote(&RemoteSettings::new(url)).unwrap(), settings());
    for (kind, body) in [
        ("application/grpc-web+proto", "\0\0\0\0\0"),
        ("application/grpc-web-text", "AAAAAAA="),
        ("application/grpc-web-text+proto", "AAAAAAA="),
    ] {
        let request = Request::post("/aigateway.v1.ModelService/ListModels")
            .header("content-type", kind)
            .header("accept", kind)
            .header("content-length", body.len());
        let response = edge.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        assert!(!response.headers().contains_key("grpc-status"), "{kind}: {:?}", response.headers());
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!answer.is_empty(), "{kind}");
    }
    // Questions for health come beside them.
    let calls: Vec<_> =
        fake.calls.lock().unwrap().iter().filter(|seen| seen.path.contains("Models")).cloned().collect();
    assert!(calls.len() == 3 && calls.iter().all(|seen| seen.message.is_empty()));

    let dead = router(Transport::remote(&RemoteSettings::new("http://127.0.0.1:9")).unwrap(), settings());
    let request =
        Request::post("/aigateway.v1.ModelService/ListModels").header("content-type", "application/grpc-web-text");
    let response = dead.oneshot(request.body(Body::from("AAAAAAA=")).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/grpc-web-text+proto");
}

#[tokio::test]
async fn strict_is_a_header_too() {
    let fake = Fake::default();
    let strict = |value: &str| post("/v1/chat/completions").header("x-gateway-strict", value);
    for (value, expected) in [("true", true), ("1", true), ("false", false)] {
        assert_eq!(ask(&fake, strict(value), BODY).await.0.status(), 200);
        let message = pb::CreateChatCompletionRequest::decode(fake.last().message).unwrap();
        assert_eq!(message.prompt.unwrap().strict, expected, "{value}");
    }
    let (response, body) = ask(&fake, strict("maybe"), BODY).await;
    assert_eq!(response.status(), 400);
    assert!(body.contains(r#""param":"x-gateway-strict""#), "{body}");
}

#[tokio::test]
async fn the_other_faces_of_a_chat() {
    let fake = Fake::default();
    for (path, body, pointer) in [
        ("/v1/responses", r#"{"model":"m","input":"x"}"#, "/output/0/content/0/text"),
        ("/responses/", r#"{"model":"m","input":"x"}"#, "/output/0/content/0/text"),
        ("/v1/completions", r#"{"model":"m","prompt":["x","y"]}"#, "/choices/1/text"),
        ("/completions", r#"{"model":"m","prompt":"x"}"#, "/choices/0/text"),
    ] {
        let (response, answer) = ask(&fake, post(path), body).await;
        assert_eq!(response.status(), 200, "{path}: {answer}");
        assert_eq!(response.headers()["x-gateway-provider"], "google", "{path}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer.pointer(pointer).unwrap(), "hi", "{path}");
    }
    assert_eq!(fake.asked().len(), 5, "one call for each prompt");
    let (response, body) = ask(&fake, post("/v1/responses"), r#"{"model":"m"}"#).await;
    assert_eq!(response.status(), 400);
    assert!(body.contains(r#""param":"input""#), "{body}");
}

#[tokio::test]
async fn streams_of_the_other_faces() {
    use crate::test_support::{finished, started, text};

    let settings = || EdgeSettings::default();
    for (path, body, end) in [
        ("/v1/responses", r#"{"model":"m","input":"x","stream":true}"#, "event: response.completed"),
        ("/v1/completions", r#"{"model":"m","prompt":["x","y"],"stream":true}"#, "data: [DONE]"),
    ] {
        let fake = Fake::default();
        let transport = fake.transport(|_| vec![started(), text("hi"), finished(), ok()]);
        let request = post(path).body(Body::from(body)).unwrap();
        let response = router(transport, settings()).oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8", "{path}");
        let stream = response.into_body().collect().await.unwrap().to_bytes();
        let stream = String::from_utf8_lossy(&stream).into_owned();
        assert!(stream.trim_end().rsplit("\n\n").next().unwrap().starts_with(end), "{path}: {stream}");
        // The second prompt is asked for when the first one is answered.
        let calls = if path == "/v1/completions" { 2 } else { 1 };
        assert_eq!(fake.asked().len(), calls, "{path}");
    }
    // Before the first word there is still a status, and the field is told in the words of the interface.
    let fake = Fake::default();
    let transport = fake.transport(|_| vec![Step::End(Status::new(Code::Unavailable, "gone"))]);
    let request = post("/v1/responses").body(Body::from(r#"{"model":"m","input":"x","stream":true}"#)).unwrap();
    assert_eq!(router(transport, settings()).oneshot(request).await.unwrap().status(), 503);
}

#[tokio::test]
async fn embeddings_are_counted() {
    let reply = |count: usize| {
        let embeddings = vec![pb::Embedding { values: vec![1.0] }; count];
        pb::CreateEmbeddingsResponse { embeddings, provider: "google".into(), ..Default::default() }
    };
    for (count, status) in [(2, 200), (1, 502)] {
        let transport = Fake::default().transport(move |_| vec![send(&reply(count)), ok()]);
        let request = post("/v1/embeddings").body(Body::from(r#"{"model":"m","input":["a","b"]}"#)).unwrap();
        let response = router(transport, settings()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("x-gateway-provider"), status == 200);
    }
}

#[tokio::test]
async fn models_can_be_filtered() {
    let fake = Fake::default();
    let (response, _) = ask(&fake, Request::get("/v1/models?capabilities=tools,vision&provider=google&x=1"), "").await;
    assert_eq!(response.status(), 200);
    let asked = pb::ListModelsRequest::decode(fake.last().message).unwrap();
    assert_eq!((asked.capabilities, &*asked.provider), (vec![3, 5], "google"));
    let (response, body) = ask(&fake, Request::get("/v1/models?capabilities=magic"), "").await;
    assert!(response.status() == 400 && body.contains(r#""param":"capabilities""#), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_only_drips_is_not_waited_for() {
    let drips = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        Some((Ok::<_, std::convert::Infallible>(" "), ()))
    });
    let request = post("/v1/chat/completions").body(Body::from_stream(drips)).unwrap();
    let response = router(Fake::default().transport(script), settings()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 408);
}
