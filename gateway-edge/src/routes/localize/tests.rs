//! Every kind of failure in Vietnamese: of the edge and of the service, in both shapes, whole and in streams.

use std::collections::HashMap;

use axum::body::Body;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use crate::{
    EdgeSettings, router,
    test_support::{Fake, Step, started, text},
};

/// Whether a text has a letter that only Vietnamese has.
fn is_vietnamese(text: &str) -> bool {
    text.contains(|letter| ('\u{1ea0}'..='\u{1ef9}').contains(&letter))
}

struct Seen {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(script: Vec<Step>, method: Method, path: &str, language: &str, body: &str) -> Seen {
    let settings = EdgeSettings { max_body_bytes: 1 << 20, ..EdgeSettings::default() };
    let router = router(Fake::default().transport(move |_| script.clone()), settings);
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.header("x-request-id", "r-1").header("accept-language", language);
    let response = router.oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Seen { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn refused(code: Code, reason: &str, metadata: &[(&str, &str)], field: Option<&str>) -> Status {
    let metadata: HashMap<_, _> =
        metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut details = ErrorDetails::with_error_info(reason, "aigateway", metadata);
    if let Some(field) = field {
        details.add_bad_request_violation(field, "is wrong");
    }
    Status::with_error_details(code, "what happened", details)
}

/// A chat that is right.
const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
const STREAMED: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;

#[tokio::test]
async fn no_failure_of_the_edge_stays_english() {
    let large = "x".repeat((1 << 20) + 1);
    let (post, get) = (Method::POST, Method::GET);
    // What the sentence must hold beside being Vietnamese: the field and the exact text.
    let rows: &[(&Method, &str, &str, u16, &[&str])] = &[
        (&get, "/v1/nothing", "", 404, &["Invalid URL (GET /v1/nothing)"]),
        (&get, "/api/v1/nothing", "", 404, &["Invalid URL"]),
        (&get, "/v1/chat/completions", "", 405, &["`allow`"]),
        (&post, "/api/v1/usage", "", 405, &["`allow`"]),
        (&post, "/v1/chat/completions", &large, 413, &["1 MiB", "1048576 bytes"]),
        (&post, "/v1/chat/completions", "{", 400, &["We could not parse the JSON body"]),
        (&post, "/v1/chat/completions", "{}", 400, &["`model`", "Missing required parameter: 'model'"]),
        (&post, "/v1/chat/completions", r#"{"model":"m","messages":[]}"#, 400, &["`messages`"]),
        (&post, "/v1/chat/completions", r#"{"model":1}"#, 400, &["`model`", "Invalid 'model'"]),
        (
            &post,
            "/v1/responses",
            r#"{"model":"m","input":"x","previous_response_id":"r"}"#,
            400,
            &["previous_response_id"],
        ),
        (&post, "/v1/embeddings", r#"{"model":"m","input":[]}"#, 400, &["`input`"]),
        (&post, "/v1/completions", r#"{"model":"m"}"#, 400, &["`prompt`"]),
        (&post, "/api/v1/provider-keys", "[]", 400, &["expected a JSON object"]),
        (&post, "/api/v1/provider-keys", "{}", 400, &["`provider_name`"]),
        (&post, "/api/v1/provider-keys", r#"{"api":1}"#, 400, &["`api`", "Unknown member"]),
        (&get, "/api/v1/usage?what=1", "", 400, &["`what`", "Unknown query parameter"]),
        (&get, "/api/v1/activity-logs?limit=0", "", 400, &["`limit`"]),
    ];
    for (method, path, body, status, parts) in rows {
        let exact = ask(vec![], (*method).clone(), path, "en", body).await;
        let seen = ask(vec![], (*method).clone(), path, "vi-VN,vi;q=0.9,en;q=0.5", body).await;
        let name = format!("{method} {path} {}", body.get(..40).unwrap_or(body));
        assert_eq!((seen.status, exact.status), (*status, *status), "{name}");
        assert_eq!((seen.header(header::CONTENT_LANGUAGE), exact.header(header::CONTENT_LANGUAGE)), ("vi", "en"));
        assert_eq!((seen.header(header::VARY), exact.header(header::VARY)), ("accept-language", "accept-language"));
        assert_eq!(seen.header(header::ALLOW), exact.header(header::ALLOW), "{name}");
        let (mut seen, mut exact) = (seen.json(), exact.json());
        let pointer = if path.starts_with("/api") { "/detail" } else { "/error/message" };
        let told = |json: &mut Value| json.pointer_mut(pointer).map(Value::take);
        let (sentence, english) = (told(&mut seen).unwrap(), told(&mut exact).unwrap());
        assert_eq!(seen, exact, "{name}: nothing but the sentence changes");
        let sentence = sentence.as_str().unwrap();
        assert!(is_vietnamese(sentence), "{name}: {sentence}");
        assert!(!is_vietnamese(english.as_str().unwrap()), "{name}: {english}");
        for part in *parts {
            assert!(sentence.contains(part), "{name}: {part} in {sentence}");
        }
    }
}

#[tokio::test]
async fn failures_of_the_service_are_told_with_their_facts() {
    let facts = &[("provider", "xai"), ("failure_class", "CREDENTIAL")][..];
    #[rustfmt::skip]
    let rows = [
        (refused(Code::InvalidArgument, "INVALID_REQUEST", &[], Some("prompt.max_output_tokens")),
         "Yêu cầu không hợp lệ: trường `max_completion_tokens` bị thiếu hoặc có giá trị sai. Vui lòng sửa rồi gửi lại. Chi tiết: what happened"),
        (refused(Code::NotFound, "MODEL_NOT_FOUND", &[("model", "gpt"), ("closest", "a, b")], None),
         "Mô hình `gpt` không tồn tại hoặc không còn được cung cấp. Có phải bạn muốn dùng: a, b? Gọi GET /v1/models để xem các mô hình hiện có."),
        (refused(Code::ResourceExhausted, "TOO_LARGE", &[("limit_bytes", "33554432")], None),
         "Dữ liệu gửi lên vượt quá giới hạn 32 MiB. Vui lòng gửi ít hơn, hoặc gửi địa chỉ (URL) thay cho dữ liệu. Chi tiết: what happened"),
        (refused(Code::Unavailable, "UPSTREAM_ERROR", facts, None),
         "Nhà cung cấp xai từ chối khóa được dùng. Vui lòng kiểm tra khóa của nhà cung cấp rồi gửi lại. Chi tiết: what happened"),
        (refused(Code::Unavailable, "OVERLOADED", &[], None),
         "Gateway đang xử lý số yêu cầu tối đa. Vui lòng thử lại sau 1 giây."),
        (refused(Code::Internal, "INTERNAL", &[("request_id", "r-1")], None),
         "Gateway gặp lỗi nội bộ. Vui lòng báo lỗi kèm mã yêu cầu r-1."),
        // Of a library or a proxy, without a reason.
        (Status::new(Code::Unavailable, "gone"),
         "Không kết nối được tới dịch vụ phía sau địa chỉ này. Vui lòng thử lại sau 1 giây."),
    ];
    for (status, wanted) in rows {
        for body in [CHAT, STREAMED] {
            let seen = ask(vec![Step::End(status.clone())], Method::POST, "/v1/chat/completions", "vi", body).await;
            assert_eq!(seen.json()["error"]["message"], wanted);
        }
        let seen = ask(vec![Step::End(status)], Method::GET, "/api/v1/provider-keys/k1", "vi", "").await;
        assert_eq!((&seen.json()["request_id"], seen.header(header::CONTENT_LANGUAGE)), (&json!("r-1"), "vi"));
        assert!(is_vietnamese(seen.json()["detail"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_newer_service_speaks_for_itself() {
    let mut details = ErrorDetails::with_error_info("NEW_REASON", "aigateway", HashMap::new());
    details.set_localized_message("vi", "Điều mới.");
    let status = Status::with_error_details(Code::FailedPrecondition, "something new", details);
    let seen = ask(vec![Step::End(status)], Method::POST, "/v1/chat/completions", "vi", CHAT).await;
    assert_eq!(seen.json()["error"]["message"], "Điều mới.");
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_in_vietnamese() {
    let broken = refused(Code::Aborted, "STREAM_INTERRUPTED", &[("failure_class", "NETWORK")], None);
    for (path, language, end, pointer) in [
        ("/v1/chat/completions", "vi", Step::End(broken.clone()), "/error/message"),
        ("/v1/chat/completions", "vi", Step::Cut, "/error/message"),
        ("/v1/responses", "vi", Step::End(broken.clone()), "/response/error/message"),
        ("/v1/responses", "vi", Step::Cut, "/message"),
        ("/v1/completions", "vi", Step::End(broken.clone()), "/error/message"),
        ("/v1/chat/completions", "fr", Step::End(broken), "/error/message"),
    ] {
        let body = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;
        let body = match path {
            "/v1/responses" => r#"{"model":"m","stream":true,"input":"x"}"#,
            "/v1/completions" => r#"{"model":"m","stream":true,"prompt":"x"}"#,
            _ => body,
        };
        let seen = ask(vec![started(), text("Two"), end], Method::POST, path, language, body).await;
        let frame = seen.body.lines().rfind(|line| line.starts_with("data: {")).unwrap();
        let frame: Value = serde_json::from_str(&frame["data: ".len()..]).unwrap();
        let sentence = frame.pointer(pointer).unwrap_or_else(|| panic!("{path}: {frame}")).as_str().unwrap();
        assert_eq!(is_vietnamese(sentence), language == "vi", "{path}: {sentence}");
        assert_eq!(seen.header(header::CONTENT_LANGUAGE), "", "the head of a stream says nothing of a language");
    }
}

#[tokio::test]
async fn watches_that_end_say_so_in_vietnamese() {
    let end = Step::End(refused(Code::Unavailable, "SHUTTING_DOWN", &[], None));
    let wait = Step::Wait(std::time::Duration::from_millis(1));
    let first = crate::test_support::send(&crate::pb::WatchProviderKeysResponse::default());
    let seen = ask(vec![first, wait, end], Method::GET, "/api/v1/provider-keys/watch", "vi", "").await;
    assert!(seen.body.contains("Gateway đang dừng và yêu cầu chưa được xử lý."), "{}", seen.body);
}

#[tokio::test]
async fn a_head_has_the_length_of_the_sentence_that_a_get_has() {
    let of = async |method| ask(vec![], method, "/v1/nothing", "vi", "").await;
    let (head, get) = (of(Method::HEAD).await, of(Method::GET).await);
    assert_eq!((head.body.as_str(), head.header(header::CONTENT_LANGUAGE)), ("", "vi"));
    assert_ne!(head.header(header::CONTENT_LENGTH), "");
    // HEAD instead of GET is one letter more in the sentence.
    assert_eq!(head.header(header::CONTENT_LENGTH), (get.body.len() + 1).to_string());
}

#[tokio::test]
async fn answers_that_are_no_failures_have_no_language() {
    let done = vec![crate::test_support::send(&crate::test_support::completion("hi")), crate::test_support::ok()];
    let seen = ask(done, Method::POST, "/v1/chat/completions", "vi", CHAT).await;
    assert_eq!((seen.status, seen.header(header::CONTENT_LANGUAGE), seen.header(header::VARY)), (200, "", ""));
}
