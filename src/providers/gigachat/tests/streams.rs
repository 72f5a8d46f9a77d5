//! Streamed answers: every fixture, and what must hold for all of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    fixtures::{expected, fixtures, memo, summary},
    replies::decode,
};
use crate::{
    domain::{chat::Part, event::ChatEvent, failure::FailureClass},
    providers::{
        adapter::{Adapter, Memo, Reply, TokenExchange},
        gigachat::{GigaChatAdapter, GigaChatTokens},
        testing::{
            damage::damaged,
            streams::{self, Read, check_cuts, check_splits, fold},
        },
    },
};

pub fn read<'a>(memo: &Memo, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    streams::read(&GigaChatAdapter::default(), memo, pieces)
}

fn raw_sse(fixture: &Value) -> &[u8] {
    fixture["provider"]["raw_sse"].as_str().unwrap().as_bytes()
}

fn complete() -> impl Iterator<Item = (String, Value)> {
    let is_complete = |fixture: &Value| fixture["openai"]["chunks"].as_array().unwrap().last().unwrap() == "[DONE]";
    fixtures("stream_").into_iter().filter(move |(_, fixture)| is_complete(fixture))
}

#[test]
fn reads_every_stream() {
    for (name, fixture) in fixtures("stream_") {
        let (out, end) = read(&memo(&name), [raw_sse(&fixture)]);
        let (last, chunks) = fixture["openai"]["chunks"].as_array().unwrap().split_last().unwrap();
        if last == "[DONE]" {
            assert_eq!(end, Ok(()), "{name}");
            assert_eq!(summary(&fold(out).expect(&name)), expected(chunks, "delta"), "{name}");
            continue;
        }
        assert_eq!(last["error"]["code"], "stream_truncated", "{name}");
        let failure = end.expect_err(&name);
        assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::Network, Some("upstream_incomplete")));
        let text: String = out.iter().map(|e| if let ChatEvent::Text { text, .. } = e { text } else { "" }).collect();
        assert_eq!(text, expected(chunks, "delta")["text"], "{name}");
        assert_eq!(fold(out), None, "{name}");
    }
}

#[test]
fn any_split_gives_the_same_events() {
    for (name, fixture) in fixtures("stream_") {
        check_splits(&name, &GigaChatAdapter::default(), &memo(&name), raw_sse(&fixture));
        let pieces = fixture["provider"]["raw_pieces_base64"].as_array().into_iter().flatten();
        let pieces: Vec<_> = pieces.map(|piece| STANDARD.decode(piece.as_str().unwrap()).unwrap()).collect();
        if !pieces.is_empty() {
            let whole = read(&memo(&name), [raw_sse(&fixture)]);
            assert_eq!(read(&memo(&name), pieces.iter().map(Vec::as_slice)), whole, "{name} in its own pieces");
        }
    }
}

#[test]
fn a_cut_is_an_error() {
    for (name, fixture) in complete() {
        let sse = std::str::from_utf8(raw_sse(&fixture)).unwrap();
        let reason = sse.find("\"finish_reason\"").unwrap();
        // With the event that has the reason the answer is whole: `[DONE]` may be missing.
        let end = reason + sse[reason..].find('\n').unwrap();
        check_cuts(&name, &GigaChatAdapter::default(), &memo(&name), sse.as_bytes(), end);
    }
}

/// Composes the whole answer the service would have given instead of these chunks.
fn whole(chunks: &[Value]) -> Value {
    let (mut message, mut body) = (json!({"role": "assistant", "content": ""}), json!({}));
    for chunk in chunks.iter().filter(|chunk| chunk.is_object()) {
        for (name, value) in chunk.as_object().unwrap() {
            body[name] = value.clone();
        }
        let delta = chunk["choices"][0]["delta"].as_object().unwrap();
        let of_the_model = delta.get("role").is_none_or(|role| role == "assistant");
        for (name, value) in delta.iter().filter(|(name, _)| *name != "role" && of_the_model) {
            message[name] = match (&message[name], value) {
                (Value::String(before), Value::String(more)) => json!(format!("{before}{more}")),
                (_, value) => value.clone(),
            };
        }
    }
    let finish_reason = &body["choices"][0]["finish_reason"];
    body["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish_reason}]);
    body
}

#[test]
fn a_stream_adds_up_to_its_whole_answer() {
    for (name, fixture) in complete() {
        let streamed = fold(read(&memo(&name), [raw_sse(&fixture)]).0);
        let body = whole(fixture["provider"]["chunks"].as_array().unwrap()).to_string();
        assert_eq!(streamed, fold(decode(&memo(&name), body.as_bytes()).expect(&name)), "{name}");
    }
}

#[test]
fn reads_what_else_comes_for_a_stream() {
    let sse = |events: &[&str]| events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>();
    let check = |name: &str, body: &str, want: Result<&str, FailureClass>| {
        let (out, end) = read(&Memo::default(), [body.as_bytes()]);
        let got = end.map(|()| summary(&fold(out).expect(name))["text"].as_str().unwrap().to_owned());
        assert_eq!(got.map_err(|failure| failure.class), want.map(str::to_owned), "{name}");
    };
    let text = r#"{"choices":[{"delta":{"content":"a"},"index":0}]}"#;
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let whole = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#;
    let error = r#"{"status":500,"message":"Internal Server Error"}"#;
    check("an end mark for a reason", &sse(&[text, "[DONE]"]), Ok("a"));
    check("a whole answer", whole, Ok("a"));
    check("an error for an answer", error, Err(FailureClass::ServerError));
    check("an error midway", &sse(&[text, error]), Err(FailureClass::ServerError));
    check("half an event", &sse(&[text, "{\"choices\":"]), Err(FailureClass::BadResponse));
    check("noise behind the end", &sse(&[text, end, "noise", "[DONE]"]), Ok("a"));
    check("another choice", &sse(&[text, r#"{"choices":[{"delta":{"content":"b"},"index":1}]}"#, end]), Ok("a"));
    check("half a tag", &sse(&[r#"{"choices":[{"delta":{"content":"<thi"}}]}"#, end]), Ok("<thi"));
    check("nothing", "", Err(FailureClass::Network));
    check("an end mark alone", &sse(&["[DONE]"]), Err(FailureClass::Network));
}

#[test]
fn nothing_is_seen_of_an_answer_that_is_none() {
    let memo = Memo { answer_tool: Some("out".to_owned()), bare_json: true, ..Memo::default() };
    for content in ["text beside the call", "<thi", "```json"] {
        let event = format!("data: {}\n\n", json!({"choices": [{"delta": {"content": content}}]}));
        let (out, end) = read(&memo, [event.as_bytes()]);
        assert!(end.is_err() && !out.iter().any(ChatEvent::is_visible), "{content}: {out:?}");
    }
}

#[test]
fn a_state_may_come_apart_from_its_call() {
    let state = json!({"choices": [{"delta": {"functions_state_id": "s"}}]});
    let call = json!({"choices": [{"delta": {"function_call": {"name": "f"}}, "finish_reason": "function_call"}]});
    for (events, of_call) in [([&state, &call], true), ([&call, &state], false)] {
        let sse: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let parts = fold(read(&Memo::default(), [sse.as_bytes()]).0).unwrap().choices[0].message.parts.clone();
        let [Part::ToolCall(call), Part::ProviderState(state)] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!(state.tool_call_id == call.id, of_call);
    }
}

fn bodies() -> Vec<Vec<u8>> {
    let wholes = complete().map(|(_, f)| whole(f["provider"]["chunks"].as_array().unwrap()).to_string().into_bytes());
    let errors = fixtures("err_").into_iter().map(|(_, f)| f["provider"]["body"].to_string().into_bytes());
    let streams = fixtures("stream_").into_iter().map(|(_, fixture)| raw_sse(&fixture).to_vec());
    let others = fixtures("resp_").into_iter().map(|(_, f)| f["provider"]["body"].to_string().into_bytes());
    streams.chain(wholes).chain(errors).chain(others).collect()
}

/// Reads the bytes in every way there is. Nothing may panic, and an answer has an end exactly when it is one.
fn read_all_ways(body: &[u8], size: usize, status: u16) {
    let memos = [
        Memo::default(),
        Memo { answer_tool: Some("out".to_owned()), ..Memo::default() },
        Memo { bare_json: true, ..Memo::default() },
    ];
    let (headers, adapter) = (HeaderMap::new(), GigaChatAdapter::default());
    let reply = Reply { status, headers: &headers, body };
    for memo in &memos {
        let (out, end) = read(memo, body.chunks(size));
        assert_eq!(fold(out).is_some(), end.is_ok());
        if let Ok(events) = adapter.decode(memo, reply) {
            assert!(fold(events).is_some());
        }
    }
    let tokens = GigaChatTokens::default();
    let _ = (adapter.decode_error(reply), tokens.decode_error(reply));
    let _ = tokens.decode_token(reply, std::time::UNIX_EPOCH);
    let _ = adapter.embeddings().map(|embeddings| embeddings.decode_embeddings(reply));
    let _ = adapter.model_list().map(|list| list.decode_models(reply));
    let _ = adapter.files().map(|files| files.decode_upload(reply));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics_on_damaged_answers(
        body in damaged(bodies()),
        size in 1usize..200,
        status in 100u16..600,
    ) {
        read_all_ways(&body, size, status);
    }

    #[test]
    fn nothing_panics_on_any_bytes(body in prop::collection::vec(any::<u8>(), 0..400), size in 1usize..50) {
        read_all_ways(&body, size, 200);
    }
}
