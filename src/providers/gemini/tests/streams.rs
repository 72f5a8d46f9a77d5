//! Streamed answers: every fixture, and what must hold for all of them.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixtures::{assert_same, expected, fixtures, summary};
use crate::{
    domain::{event::ChatEvent, failure::FailureClass},
    providers::{
        adapter::{Adapter, Memo, Reply},
        gemini::GeminiAdapter,
        testing::{
            damage::damaged,
            streams::{self, Read, check_cuts, check_splits, fold},
        },
    },
};

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    streams::read(&GeminiAdapter::default(), &Memo::default(), pieces)
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
        let (out, end) = read([raw_sse(&fixture)]);
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
        check_splits(&name, &GeminiAdapter::default(), &Memo::default(), raw_sse(&fixture));
    }
}

#[test]
fn a_stream_that_is_cut_is_a_failure() {
    for (name, fixture) in fixtures("stream_").into_iter().filter(|(_, fixture)| is_success(fixture)) {
        let raw = raw_sse(&fixture);
        let end_of_last_event = raw.trim_ascii_end().len();
        check_cuts(&name, &GeminiAdapter::default(), &Memo::default(), raw, end_of_last_event);
    }
}

#[test]
fn a_stream_adds_up_to_the_unary_reply() {
    for (name, fixture) in fixtures("stream_").into_iter().filter(|(_, fixture)| is_success(fixture)) {
        let chunks = fixture["provider"]["chunks"].as_array().unwrap();
        // Written anew like the unary body, so that both have the key order of `Value`.
        let raw: String = chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect();
        let streamed = fold(read([raw.as_bytes()]).0);
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
            let (_, end) = read([format!("{before}{dressed}").as_bytes()]);
            let failure = end.expect_err(name);
            assert_eq!((failure.class, failure.http_status), (FailureClass::Overload, Some(503)), "{name}");
        }
    }
    for (name, body) in [("html", "<html>\n<body>Error</body>"), ("nothing", ""), ("no json", "data: {oops}\n\n")] {
        let failure = read([body.as_bytes()]).1.expect_err(name);
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
    let completion = fold(read([raw.as_bytes()]).0).unwrap();
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
    let (out, _) = read([raw.as_bytes()]);
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

/// Returns every body of the fixtures, to be damaged.
fn bodies() -> Vec<Vec<u8>> {
    let streams = fixtures("stream_").into_iter().map(|(_, fixture)| raw_sse(&fixture).to_vec());
    let others = fixtures("resp_").into_iter().chain(fixtures("err_"));
    streams.chain(others.map(|(_, fixture)| fixture["provider"]["body"].to_string().into_bytes())).collect()
}

proptest! {
    #[test]
    fn damaged_bytes_never_panic(
        mut body in damaged(bodies()),
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        size in 1usize..200,
    ) {
        if !body.is_empty() {
            bytes.into_iter().for_each(|(at, byte)| *at.get_mut(&mut body) = byte);
        }
        let (out, end) = read(body.chunks(size));
        prop_assert_eq!(fold(out).is_some(), end.is_ok());
        let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
        let _ = GeminiAdapter::default().decode(&Memo::default(), reply).map(fold);
        let _ = GeminiAdapter::default().decode_error(reply);
    }
}
