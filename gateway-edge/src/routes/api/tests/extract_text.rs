//! Reading pictures: the form in, messages of an upload out.

use std::collections::HashMap;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::{BoxError, ServiceExt as _, service_fn};

use super::{Answer, form};
use crate::{
    EdgeSettings, Transport,
    pb::{self, UploadAndExtractTextRequest as Message, upload_and_extract_text_request::Payload},
    router,
    test_support::{Fake, Step, ok, send},
};

const PATH: &str = "/api/v1/vision/extract-text";
const FORM: &str = "multipart/form-data; boundary=XX";
const LIMIT: usize = 3 << 20;
const FILE: (&str, &str) = ("name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png", "\u{89}PNG");
const PROMPT: (&str, &str) = ("name=\"prompt\"", "What is it?");
const MODEL: (&str, &str) = ("name=\"model\"", "google/m");

fn extraction() -> Vec<Step> {
    let extraction = pb::TextExtraction {
        id: "vis-1".into(),
        text: "Hello".into(),
        model: "m-1".into(),
        provider: "google".into(),
        finish_reason: pb::FinishReason::Length.into(),
        attempts: vec![pb::Attempt { provider: "google".into(), ..Default::default() }],
        ..Default::default()
    };
    vec![send(&pb::UploadAndExtractTextResponse { extraction: Some(extraction) }), ok()]
}

async fn post(transport: Transport, kind: &str, body: Body) -> Answer {
    let request = Request::post(PATH).header("authorization", "Bearer sk-1").header("content-type", kind);
    let settings = EdgeSettings {
        max_body_bytes: LIMIT,
        body_read_timeout: std::time::Duration::from_millis(300),
        ..EdgeSettings::default()
    };
    let answer = router(transport, settings).oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
}

/// Posts a form in pieces of so many bytes.
async fn post_pieces(fake: &Fake, body: &str, size: usize) -> Answer {
    let pieces: Vec<_> = body.as_bytes().chunks(size).map(Bytes::copy_from_slice).map(Ok::<_, BoxError>).collect();
    post(fake.transport(|_| extraction()), FORM, Body::from_stream(stream::iter(pieces))).await
}

/// Returns the header, with the options that may have come later, and the bytes that were sent.
fn sent(fake: &Fake) -> (pb::ExtractionUploadHeader, Vec<u8>) {
    let mut messages = fake.last().messages::<Message>().into_iter().map(|message| message.payload.unwrap());
    let Some(Payload::Header(mut header)) = messages.next() else { panic!("no header") };
    let mut picture = Vec::new();
    for payload in messages {
        match payload {
            Payload::Chunk(bytes) => picture.extend(bytes),
            Payload::LateOptions(options) => assert_eq!(header.options.replace(options), None),
            Payload::Header(header) => panic!("{header:?}"),
        }
    }
    (header, picture)
}

#[tokio::test]
async fn fields_come_in_any_order() {
    let large = "x".repeat(2_500_000);
    let other = (FILE.0, large.as_str());
    for (parts, model, prompt) in [
        (vec![PROMPT, MODEL, FILE], "google/m", "What is it?"),
        (vec![FILE, MODEL, PROMPT], "google/m", "What is it?"),
        (vec![MODEL, FILE, PROMPT], "google/m", "What is it?"),
        (vec![FILE], "", ""),
        (vec![("name=\"prompt\"", ""), ("name=\"model\"", " "), FILE], "", ""),
        (vec![PROMPT, MODEL, other], "google/m", "What is it?"),
        (vec![other], "", ""),
    ] {
        for piece in [1, 7, 4096, 1 << 24] {
            if piece < 100 && parts.contains(&other) {
                continue;
            }
            let fake = Fake::default();
            let answer = post_pieces(&fake, &form(&parts), piece).await;
            assert_eq!(answer.status, 200, "{:?}", answer.body);
            let (header, bytes) = sent(&fake);
            let options = header.options.unwrap();
            assert_eq!((&*options.model, &*options.prompt), (model, prompt), "{piece}");
            assert_eq!((&*header.filename, &*header.mime_type), ("a.png", "image/png"));
            let whole = parts.iter().find(|part| part.0 == FILE.0).unwrap().1;
            assert!(bytes == whole.as_bytes(), "{} bytes in pieces of {piece}", bytes.len());
            let messages = fake.last().messages::<Message>();
            let largest = messages.iter().map(prost::Message::encoded_len).max().unwrap();
            assert!(largest <= (1 << 20) + 16, "{largest}");
        }
    }
}

#[tokio::test]
async fn what_is_shown() {
    let fake = Fake::default();
    let answer = post_pieces(&fake, &form(&[FILE]), 4096).await;
    let wanted = json!({
        "filename": "a.png", "content_type": "image/png", "extracted_text": "Hello", "model_used": "m-1", "id": "vis-1",
        "provider": "google", "finish_reason": "length", "usage": null, "cost": null,
        "attempts": [{
            "provider": "google", "model": "", "key_name": null, "failure_class": null, "http_status": null,
            "duration_ms": 0, "message": null,
        }],
        "warnings": [],
    });
    assert_eq!(answer.json(), wanted);
    assert_eq!((answer.header("x-gateway-provider"), answer.header("cache-control")), ("google", "no-store"));
    let answer = post_pieces(&fake, &form(&[("name=\"file\"", "x")]), 4096).await;
    assert_eq!((&answer.json()["filename"], &answer.json()["content_type"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn fields_of_the_service_are_told_in_the_names_of_the_form() {
    for (field, param) in [
        ("header.options.model", "model"),
        ("header.options.prompt", "prompt"),
        ("header.mime_type", "file"),
        ("header.size_bytes", "file"),
        ("header", "file"),
        ("chunk", "file"),
    ] {
        let mut details = ErrorDetails::with_error_info("UNSUPPORTED_MEDIA_TYPE", "aigateway", HashMap::new());
        details.add_bad_request_violation(field, "is wrong");
        let refusal = Status::with_error_details(Code::InvalidArgument, "is wrong", details);
        let transport = Fake::default().transport(move |_| vec![Step::End(refusal.clone())]);
        let answer = post(transport, FORM, Body::from(form(&[FILE]))).await;
        assert_eq!((answer.status, answer.json()["param"].as_str().unwrap()), (415, param), "{field}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let long = "s3cr3t".repeat(200_000);
    let huge = "s3cr3t".repeat(LIMIT / 6);
    let head = "x".repeat(100_000);
    for (kind, body, status, param) in [
        (FORM, form(&[PROMPT]), 400, "file"),
        (FORM, form(&[]), 400, "file"),
        (FORM, form(&[FILE, FILE]), 400, "file"),
        (FORM, form(&[PROMPT, PROMPT, FILE]), 400, "prompt"),
        (FORM, form(&[("name=\"colour\"", "s3cr3t"), FILE]), 400, "colour"),
        (FORM, form(&[FILE, ("name=\"colour\"", "s3cr3t")]), 400, "colour"),
        // A picture under another name.
        (FORM, form(&[("name=\"image\"; filename=\"a.png\"", &long)]), 400, "image"),
        (FORM, form(&[PROMPT, MODEL, FILE, ("name=\"colour\"", "s3cr3t")]), 400, "colour"),
        (FORM, form(&[("name=\"prompt\"", &long), FILE]), 413, "prompt"),
        (FORM, form(&[(FILE.0, &huge)]), 413, ""),
        (FORM, form(&[PROMPT, MODEL, (FILE.0, &huge)]), 413, ""),
        (FORM, form(&[(&format!("name=\"{head}\""), "")]), 400, ""),
        (FORM, head.clone(), 400, ""),
        (FORM, String::new(), 400, ""),
        ("multipart/form-data", form(&[FILE]), 400, ""),
        ("application/json", "{}".into(), 415, ""),
        ("", "{}".into(), 415, ""),
    ] {
        let fake = Fake::default();
        let pieces: Vec<_> = body.as_bytes().chunks(8192).map(Bytes::copy_from_slice).map(Ok::<_, BoxError>).collect();
        let body = Body::from_stream(stream::iter(pieces));
        let answer = post(fake.transport(|_| extraction()), kind, body).await;
        let told = answer.json();
        assert_eq!((answer.status, told["param"].as_str().unwrap_or_default()), (status, param), "{told}");
        assert!(!told.to_string().contains("s3cr3t") && told["detail"].is_string(), "{told}");
        if answer.status == 413 {
            let limit = if param == "prompt" { 1 << 20 } else { LIMIT };
            assert!(told["detail"].as_str().unwrap().contains(&limit.to_string()), "{told}");
        }
        assert!(fake.asked().is_empty(), "half a picture was taken for a whole one: {told}");
    }
}

/// A form that ends at any byte before its last line is no form.
#[tokio::test]
async fn a_form_that_breaks_off_is_refused() {
    for parts in [vec![FILE], vec![PROMPT, MODEL, FILE], vec![PROMPT, MODEL, FILE, ("name=\"x\"", "")]] {
        let whole = form(&parts);
        for end in 0..whole.len() - "--\r\n".len() {
            let Some(part) = whole.get(..end) else { continue };
            let fake = Fake::default();
            let answer = post_pieces(&fake, part, 4096).await;
            assert_eq!(answer.status, 400, "{part:?}");
            assert!(fake.asked().is_empty(), "{part:?}");
        }
        // The same when the connection breaks rather than ends.
        let broken = Err(BoxError::from("reset"));
        let pieces = vec![Ok(Bytes::from(whole.clone().into_bytes()).slice(..whole.len() - 10)), broken];
        let fake = Fake::default();
        let answer = post(fake.transport(|_| extraction()), FORM, Body::from_stream(stream::iter(pieces))).await;
        assert_eq!(answer.status, 400);
        assert!(fake.asked().is_empty());
    }
}

/// A form's button without a chosen file sends one without a name and bytes.
#[tokio::test]
async fn an_empty_file_is_told_in_words_of_the_form() {
    for file in [("name=\"file\"; filename=\"\"", ""), ("name=\"file\"; filename=\"a.png\"", "")] {
        let fake = Fake::default();
        let answer = post_pieces(&fake, &form(&[PROMPT, file, MODEL]), 4096).await;
        assert_eq!((answer.status, answer.json()["param"].as_str()), (400, Some("file")));
        assert_eq!(answer.json()["detail"], "Invalid 'file': it is empty; send a picture or a PDF.");
        assert!(fake.asked().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_is_not_waited_for() {
    for parts in [vec![FILE], vec![PROMPT, MODEL, FILE]] {
        let begun = Bytes::from(form(&parts).into_bytes());
        let begun = begun.slice(..begun.len() - 12);
        let body = Body::from_stream(stream::iter([Ok::<_, BoxError>(begun)]).chain(stream::pending()));
        let fake = Fake::default();
        let answer = post(fake.transport(|_| extraction()), FORM, body).await;
        assert_eq!(answer.status, 408);
        assert!(fake.asked().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_refuses_early_is_not_read_on() {
    let refusing = || {
        let refuse = |_| async { Ok::<_, BoxError>(Status::unauthenticated("no such key").into_http()) };
        Transport::in_memory(service_fn(refuse))
    };
    let begun = Bytes::from(form(&[PROMPT, MODEL, FILE]).into_bytes());
    let begun = begun.slice(..begun.len() - 12);
    let body = Body::from_stream(stream::iter([Ok::<_, BoxError>(begun)]).chain(stream::pending()));
    let started = tokio::time::Instant::now();
    assert_eq!(post(refusing(), FORM, body).await.status, 401);
    assert!(started.elapsed().is_zero());
}
