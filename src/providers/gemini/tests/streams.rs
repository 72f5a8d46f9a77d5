//! Streamed answers: every fixture, and what must hold for all of them.

use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixtures::{assert_same, expected, fixtures, fold, summary};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Adapter, Memo, Reply},
        gemini::GeminiAdapter,
        sse::SseParser,
    },
};

/// Reads a body that comes in pieces, as the driver does.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<ChatEvent>, Result<(), UpstreamFailure>) {
    let (mut parser, mut decoder) =
        (SseParser::new(1 << 20), GeminiAdapter::default().stream_decoder(&Memo::default()));
    let mut out = Vec::new();
    for piece in pieces {
        parser.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = parser.next_event().expect("under the limit") {
            if let Err(failure) = decoder.feed(&event, &mut out) {
                return (out, Err(failure));
            }
        }
    }
    if let Some(event) = parser.finish().expect("under the limit")
        && let Err(failure) = decoder.feed(&event, &mut out)
    {
        return (out, Err(failure));
    }
    let end = decoder.finish(parser.stray(), &mut out);
    (out, end)
}

fn raw_sse(fixture: &Value) -> &[u8] {
    fixture["provider"]["raw_sse"].as_str().unwrap().as_bytes()
}

fn is_success(fixture: &Value) -> bool {
    fixture["openai"]["chunks"].as_array().unwrap().last().unwrap() == "[DONE]"
}

#[test]
fn reads_every_stream() {
    for (name, fixture) in fixtures("stream_") {
        let (out, end) = read([raw_sse(&fixture)].into_iter());
        let chunks = fixture["openai"]["chunks"].as_array().unwrap();
        let (last, chunks) = chunks.split_last().unwrap();
        if is_success(&fixture) {
            let completion = fold(out).expect(&name);
            assert_same(&name, summary(&completion), expected(chunks, "delta"));
            continue;
        }
        let failure = end.expect_err(&name);
        let class = match last["error"]["code"].as_str().unwrap() {
            "stream_truncated" => FailureClass::Network,
            "overloaded" => FailureClass::Overload,
            other => panic!("unknown code {other}"),
        };
        assert_eq!(failure.class, class, "{name}");
        let text: String = out.iter().filter_map(text_of).collect();
        assert_eq!(text, expected(chunks, "delta")["text"], "{name}");
        assert!(matches!(out.last(), Some(ChatEvent::Usage(_))), "{name} tells what it consumed");
        assert_eq!(fold(out), None, "{name}");
    }
}

fn text_of(event: &ChatEvent) -> Option<&str> {
    match event {
        ChatEvent::Text { text, .. } => Some(text),
        _ => None,
    }
}

#[test]
fn any_split_gives_the_same_events() {
    for (name, fixture) in fixtures("stream_") {
        let raw = raw_sse(&fixture);
        let whole = read([raw].into_iter());
        for size in 1..raw.len().min(300) {
            assert_eq!(read(raw.chunks(size)), whole, "{name} in pieces of {size}");
        }
        for at in 0..raw.len() {
            let (a, b) = raw.split_at(at);
            assert_eq!(read([a, b].into_iter()), whole, "{name} cut at {at}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_a_failure() {
    for (name, fixture) in fixtures("stream_").into_iter().filter(|(_, fixture)| is_success(fixture)) {
        let raw = raw_sse(&fixture);
        let end_of_last_event = raw.trim_ascii_end().len();
        for at in 0..end_of_last_event {
            let (out, end) = read([&raw[..at]].into_iter());
            let failure = end.expect_err(&format!("{name} cut at {at}"));
            assert!(matches!(failure.class, FailureClass::Network | FailureClass::BadResponse), "{name} cut at {at}");
            assert_eq!(fold(out), None, "{name} cut at {at}");
        }
    }
}

#[test]
fn a_stream_adds_up_to_the_unary_reply() {
    for (name, fixture) in fixtures("stream_").into_iter().filter(|(_, fixture)| is_success(fixture)) {
        let chunks = fixture["provider"]["chunks"].as_array().unwrap();
        // Written anew like the unary body, so that both have the key order of `Value`.
        let raw: String = chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect();
        let streamed = fold(read([raw.as_bytes()].into_iter()).0);
        let body = serde_json::to_vec_pretty(&unary(chunks)).unwrap();
        let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
        assert_eq!(fold(GeminiAdapter::default().decode(&Memo::default(), reply).expect(&name)), streamed, "{name}");
    }
}

/// Composes the unary reply that says the same as the chunks.
fn unary(chunks: &[Value]) -> Value {
    let mut body = json!({});
    let (mut candidate, mut parts) = (json!({}), Vec::new());
    for chunk in chunks {
        for (name, value) in chunk.as_object().unwrap().iter().filter(|(name, _)| *name != "candidates") {
            body[name] = value.clone();
        }
        for (name, value) in chunk["candidates"][0].as_object().into_iter().flatten() {
            candidate[name] = value.clone();
        }
        let more = chunk.pointer("/candidates/0/content/parts").and_then(Value::as_array);
        parts.extend(more.into_iter().flatten().cloned());
    }
    if candidate != json!({}) {
        candidate["content"] = json!({"role": "model", "parts": parts});
        body["candidates"] = json!([candidate]);
    }
    body
}

#[test]
fn reads_errors_in_every_dress() {
    let text = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Well\"}]}}]}\r\n\r\n";
    let error = r#"{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}"#;
    let indented = serde_json::to_string_pretty(&serde_json::from_str::<Value>(error).unwrap()).unwrap();
    for (name, dressed) in [
        ("an event", format!("data: {error}\r\n\r\n")),
        ("an event with an array", format!("data: [{error}]\r\n\r\n")),
        ("bare", error.to_owned()),
        ("bare and indented", indented.clone()),
        ("bare in an array", format!("[{indented}\n]")),
    ] {
        for before in ["", text] {
            let (_, end) = read([format!("{before}{dressed}").as_bytes()].into_iter());
            let failure = end.expect_err(name);
            assert_eq!((failure.class, failure.http_status), (FailureClass::Overload, Some(503)), "{name}");
        }
    }
    for (name, body) in [("html", "<html>\n<body>Error</body>"), ("nothing", ""), ("no json", "data: {oops}\n\n")] {
        let failure = read([body.as_bytes()].into_iter()).1.expect_err(name);
        assert_eq!(failure.class, FailureClass::BadResponse, "{name}");
    }
}

#[test]
fn a_finish_reason_in_every_chunk_ends_nothing_early() {
    let chunk = |text: &str, reason: &str| {
        let candidate = json!({"content": {"parts": [{"text": text}]}, "finishReason": reason});
        format!("data: {}\r\n\r\n", json!({"candidates": [candidate]}))
    };
    let raw = [chunk("a", "STOP"), chunk("b", "STOP"), chunk("c", "MAX_TOKENS")].concat();
    let completion = fold(read([raw.as_bytes()].into_iter()).0).unwrap();
    assert_eq!(completion.choices[0].native_finish_reason, "MAX_TOKENS");
    assert_eq!(summary(&completion)["text"], "abc");
}

#[test]
fn tells_usage_at_first_and_then_now_and_then() {
    let mut raw = String::new();
    for tokens in 1..=600 {
        let usage = json!({"promptTokenCount": 5, "candidatesTokenCount": tokens, "totalTokenCount": tokens + 5});
        raw += &format!("data: {}\n\n", json!({"candidates": [{"index": 0}], "usageMetadata": usage}));
    }
    raw += "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    let (out, _) = read([raw.as_bytes()].into_iter());
    let told: Vec<_> = out.iter().filter_map(output_of).collect();
    assert_eq!(told, [1, 257, 513]);
    assert_eq!(fold(out).unwrap().usage.unwrap().output_tokens, Some(600));
}

fn output_of(event: &ChatEvent) -> Option<u64> {
    match event {
        ChatEvent::Usage(usage) => usage.output_tokens,
        _ => None,
    }
}

/// Every body of the fixtures, to be damaged.
static BODIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut bodies: Vec<_> = fixtures("stream_").iter().map(|(_, fixture)| raw_sse(fixture).to_vec()).collect();
    for (_, fixture) in fixtures("resp_").iter().chain(&fixtures("err_")) {
        bodies.push(serde_json::to_vec(&fixture["provider"]["body"]).unwrap());
    }
    bodies
});

proptest! {
    #[test]
    fn damaged_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        piece in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
            "null", "[", "{", "}", "]", "\"", "-1", "1e99", "99999999999999999999", "true", ",", "\\u", "\n\ndata: ",
        ])), 0..3),
        size in 1usize..200,
    ) {
        let mut body = which.get(&BODIES).clone();
        for (at, byte) in damage {
            *at.get_mut(&mut body) = byte;
        }
        for (at, text) in piece {
            let at = at.index(body.len());
            body.splice(at..at, text.bytes());
        }
        let (out, end) = read(body.chunks(size));
        prop_assert_eq!(fold(out).is_some(), end.is_ok());
        let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
        let _ = GeminiAdapter::default().decode(&Memo::default(), reply).map(fold);
        let _ = GeminiAdapter::default().decode_error(reply);
    }
}
