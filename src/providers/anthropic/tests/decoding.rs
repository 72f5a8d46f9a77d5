//! Answers, whole and streamed.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    domain::{
        chat::Part,
        completion::ChatCompletion,
        event::{ChatEvent, FinishReason},
        failure::{FailureClass, UpstreamFailure},
        fold::Fold,
    },
    providers::{
        adapter::{Adapter as _, Memo, Reply},
        anthropic::AnthropicAdapter,
        sse::SseParser,
    },
};

fn fixture(path: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"))).unwrap()
}

/// The streams there are: the given one, and one with thinking, citations and the provider's own search.
fn streams() -> Vec<(&'static str, Vec<Value>)> {
    let files = ["openai/generic-22-anthropic-stream.json", "anthropic/stream-thinking-search.json"];
    files.map(|file| (file, fixture(file)["provider"]["chunks"].as_array().unwrap().clone())).into()
}

fn sse(chunks: &[Value]) -> Vec<u8> {
    let event = |chunk: &Value| format!("event: {}\ndata: {chunk}\n\n", chunk["type"].as_str().unwrap());
    chunks.iter().map(event).collect::<String>().into_bytes()
}

fn read<'a>(memo: &Memo, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<ChatEvent>, Result<(), UpstreamFailure>) {
    let (mut parser, mut decoder) = (SseParser::new(1 << 20), AnthropicAdapter.stream_decoder(memo));
    let mut out = Vec::new();
    for piece in pieces {
        parser.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = parser.next_event().expect("under the limit") {
            if let Err(failure) = decoder.feed(&event, &mut out) {
                return (out, Err(failure));
            }
        }
    }
    let end = decoder.finish(parser.stray(), &mut out);
    (out, end)
}

fn fold(events: Vec<ChatEvent>) -> Option<ChatCompletion> {
    let mut fold = Fold::default();
    events.into_iter().for_each(|event| fold.push(event));
    fold.into_completion()
}

fn decode(body: &Value) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    let body = body.to_string();
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() };
    AnthropicAdapter.decode(&Memo::default(), reply)
}

#[test]
fn reads_the_whole_answer_of_the_vector() {
    let vector = fixture("openai/generic-21-anthropic-response.json");
    let completion = fold(decode(&vector["provider"]["body"]).unwrap()).unwrap();
    let choice = &completion.choices[0];
    assert_eq!(choice.finish_reason, FinishReason::ToolCalls);
    assert!(choice.message.parts.contains(&Part::Reasoning("Need weather.".into())));
    assert!(choice.message.parts.contains(&Part::Text("Checking.".into())));
    let call = choice.message.parts.iter().find_map(|part| match part {
        Part::ToolCall(call) => Some((call.id.as_str(), call.name.as_str(), call.arguments.replace(' ', ""))),
        _ => None,
    });
    assert_eq!(call, Some(("toolu_1", "get_weather", r#"{"town":"Oslo"}"#.to_owned())));
    let state = choice.message.parts.iter().find_map(|part| match part {
        Part::ProviderState(state) => Some(state),
        _ => None,
    });
    let state = state.expect("the signature is kept");
    assert_eq!((state.kind.as_str(), state.tool_call_id.as_str()), ("thinking_block", "toolu_1"));
    assert_eq!(&state.data[..], br#"{"type":"thinking","thinking":"Need weather.","signature":"EqQB"}"#);
    let usage = completion.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (Some(115), Some(40), Some(155)));
    assert_eq!((usage.cached_input_tokens, usage.cache_write_input_tokens), (Some(100), Some(5)));
}

#[test]
fn reads_the_stream_of_the_vector() {
    let (_, chunks) = streams().remove(0);
    let (events, end) = read(&Memo::default(), [&sse(&chunks)[..]].into_iter());
    end.unwrap();
    let completion = fold(events).unwrap();
    assert_eq!(completion.id, "msg_02");
    let usage = completion.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (Some(10), Some(25), Some(35)));
    let parts = &completion.choices[0].message.parts;
    assert!(matches!(&parts[..], [Part::Text(text), Part::ToolCall(call)]
        if text == "Hm." && call.arguments == r#"{"town":"Oslo"}"# && call.id == "toolu_1"));
}

#[test]
fn citations_span_their_block_and_searching_is_hidden() {
    let (_, chunks) = streams().remove(1);
    let (events, end) = read(&Memo::default(), [&sse(&chunks)[..]].into_iter());
    end.unwrap();
    let completion = fold(events).unwrap();
    let choice = &completion.choices[0];
    assert_eq!(choice.finish_reason, FinishReason::Stop);
    let citation = &choice.citations[0];
    assert_eq!((citation.url.as_str(), citation.span), ("https://a.example/oslo", Some((4, 17))));
    assert!(!choice.message.parts.iter().any(|part| matches!(part, Part::ToolCall(_))));
    let states = choice.message.parts.iter().filter(|part| matches!(part, Part::ProviderState(_))).count();
    assert_eq!(states, 2, "signed and redacted thinking");
    assert_eq!(completion.usage.unwrap().reasoning_tokens, Some(7));
}

#[test]
fn any_split_gives_the_same_events() {
    for (name, chunks) in streams() {
        let raw = sse(&chunks);
        let whole = read(&Memo::default(), [&raw[..]].into_iter());
        for size in 1..raw.len().min(200) {
            assert_eq!(read(&Memo::default(), raw.chunks(size)), whole, "{name} in pieces of {size}");
        }
        for at in 0..raw.len() {
            let (a, b) = raw.split_at(at);
            assert_eq!(read(&Memo::default(), [a, b].into_iter()), whole, "{name} split at {at}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_a_failure() {
    for (name, chunks) in streams() {
        // With the reason to stop everything has been said.
        let said = sse(&chunks[..chunks.len() - 1]).len() - 1;
        let raw = sse(&chunks);
        for at in 0..said {
            let (out, end) = read(&Memo::default(), [&raw[..at]].into_iter());
            assert_eq!(end.expect_err(name).class, FailureClass::Network, "{name} cut at {at}");
            assert_eq!(fold(out), None, "{name} cut at {at}");
        }
    }
}

#[test]
fn a_stream_adds_up_to_the_whole_answer() {
    for (name, chunks) in streams() {
        let (events, end) = read(&Memo::default(), [&sse(&chunks)[..]].into_iter());
        end.unwrap();
        assert_eq!(fold(decode(&whole(&chunks)).unwrap()), fold(events), "{name}");
    }
}

/// Composes the whole answer that says the same as the events.
fn whole(chunks: &[Value]) -> Value {
    let mut message = chunks[0]["message"].clone();
    let mut blocks: Vec<Value> = Vec::new();
    for chunk in chunks {
        let delta = &chunk["delta"];
        match chunk["type"].as_str().unwrap() {
            "content_block_start" => {
                blocks.push(chunk["content_block"].clone());
            }
            "content_block_delta" => add(blocks.last_mut().unwrap(), delta),
            "message_delta" => {
                message["stop_reason"] = delta["stop_reason"].clone();
                for (name, value) in chunk["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
            }
            _ => {}
        }
    }
    for block in &mut blocks {
        if let Some(json) = block["input_text"].take().as_str().filter(|json| !json.is_empty()) {
            block["input"] = serde_json::from_str(json).unwrap();
        }
    }
    message["content"] = blocks.into();
    message
}

fn add(block: &mut Value, delta: &Value) {
    let more = |name: &str, text: &Value| format!("{}{}", block_text(block, name), text.as_str().unwrap());
    match delta["type"].as_str().unwrap() {
        "text_delta" => block["text"] = more("text", &delta["text"]).into(),
        "thinking_delta" => block["thinking"] = more("thinking", &delta["thinking"]).into(),
        "signature_delta" => block["signature"] = more("signature", &delta["signature"]).into(),
        "input_json_delta" => block["input_text"] = more("input_text", &delta["partial_json"]).into(),
        "citations_delta" => {
            if !block["citations"].is_array() {
                block["citations"] = json!([]);
            }
            block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
        }
        other => panic!("unknown delta {other}"),
    }
}

fn block_text<'a>(block: &'a Value, name: &str) -> &'a str {
    block[name].as_str().unwrap_or_default()
}

#[test]
fn a_tool_that_stands_for_the_answer_is_text() {
    let memo = Memo { answer_tool: Some("out".into()), ..Memo::default() };
    let body =
        json!({"id": "m", "model": "c", "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2},
        "content": [{"type": "tool_use", "id": "t", "name": "out", "input": {"n": 3}}]})
        .to_string();
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() };
    let completion = fold(AnthropicAdapter.decode(&memo, reply).unwrap()).unwrap();
    assert_eq!(completion.choices[0].message.parts, [Part::Text(r#"{"n":3}"#.into())]);
    assert_eq!(completion.choices[0].finish_reason, FinishReason::Stop);
}

#[test]
fn errors_have_classes() {
    use FailureClass::{Caller, Credential, Model, Overload, Quota, RateLimit, ServerError, Timeout};
    let rows = [
        (400, "invalid_request_error", "messages: at least one message is required", Caller),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", Quota),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            FailureClass::ContextLength,
        ),
        (401, "authentication_error", "invalid x-api-key", Credential),
        (402, "billing_error", "billing", Quota),
        (403, "permission_error", "not allowed", Credential),
        (404, "not_found_error", "model: claude-9", Model),
        (413, "request_too_large", "Request exceeds the maximum size", Caller),
        (429, "rate_limit_error", "too fast", RateLimit),
        (500, "api_error", "Internal server error", ServerError),
        (504, "timeout_error", "timed out", Timeout),
        (529, "overloaded_error", "Overloaded", Overload),
    ];
    for (status, kind, message, class) in rows {
        let body = json!({"type": "error", "error": {"type": kind, "message": message}}).to_string();
        let reply = Reply { status, headers: &HeaderMap::new(), body: body.as_bytes() };
        let failure = AnthropicAdapter.decode_error(reply);
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(kind)), "{status} {message}");
    }
    let vector = fixture("openai/generic-23-anthropic-error.json");
    let body = vector["provider"]["body"].to_string();
    let reply = Reply { status: 529, headers: &HeaderMap::new(), body: body.as_bytes() };
    assert_eq!(AnthropicAdapter.decode_error(reply).class, Overload);
    let (_, end) = read(&Memo::default(), [format!("event: error\ndata: {body}\n\n").as_bytes()].into_iter());
    assert_eq!(end.unwrap_err().class, Overload, "the same inside a stream");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..2000) {
        let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
        let _ = AnthropicAdapter.decode(&Memo::default(), reply);
        let (_, chunks) = streams().remove(1);
        let mut raw = sse(&chunks);
        raw.truncate(at % raw.len());
        raw.extend(&body);
        let _ = read(&Memo::default(), [&raw[..]].into_iter());
    }
}
