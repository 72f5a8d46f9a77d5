//! Answers, whole and streamed.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    domain::{
        chat::Part,
        completion::ChatCompletion,
        event::{ChatEvent, FinishReason},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Adapter as _, Memo, Reply},
        anthropic::AnthropicAdapter,
        testing::{
            files::fixture,
            streams::{self, check_cuts, check_splits, fold, sse_body},
        },
    },
};

/// The streams there are: the given one, and one with thinking, citations and the provider's own search.
const STREAMS: [&str; 2] = ["openai/generic-22-anthropic-stream", "anthropic/stream-thinking-search"];

fn raw_sse(name: &str) -> Vec<u8> {
    sse_body(&fixture(name)["provider"]).0
}

fn read(name: &str) -> ChatCompletion {
    let (events, end) = streams::read(&AnthropicAdapter, &Memo::default(), [&raw_sse(name)[..]]);
    end.unwrap();
    fold(events).unwrap()
}

fn decode(body: &Value) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    let body = body.to_string();
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() };
    AnthropicAdapter.decode(&Memo::default(), reply)
}

#[test]
fn reads_the_whole_answer_of_the_vector() {
    let vector = fixture("openai/generic-21-anthropic-response");
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
    let completion = read(STREAMS[0]);
    assert_eq!(completion.id, "msg_02");
    let usage = completion.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (Some(10), Some(25), Some(35)));
    let parts = &completion.choices[0].message.parts;
    assert!(matches!(&parts[..], [Part::Text(text), Part::ToolCall(call)]
        if text == "Hm." && call.arguments == r#"{"town":"Oslo"}"# && call.id == "toolu_1"));
}

#[test]
fn citations_span_their_block_and_searching_is_hidden() {
    let completion = read(STREAMS[1]);
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
    for name in STREAMS {
        check_splits(name, &AnthropicAdapter, &Memo::default(), &raw_sse(name));
    }
}

#[test]
fn a_stream_that_is_cut_is_a_failure() {
    for name in STREAMS {
        let (raw, ends) = sse_body(&fixture(name)["provider"]);
        // With the reason to stop everything has been said; only `message_stop` follows.
        let end = ends[ends.len() - 2];
        check_cuts(name, &AnthropicAdapter, &Memo::default(), &raw[..end], end);
    }
}

#[test]
fn a_stream_adds_up_to_the_whole_answer() {
    for name in STREAMS {
        let side = &fixture(name)["provider"];
        let body = whole(side["chunks"].as_array().unwrap());
        assert_eq!(fold(decode(&body).unwrap()), Some(read(name)), "{name}");
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
    let vector = fixture("openai/generic-23-anthropic-error");
    let body = vector["provider"]["body"].to_string();
    let reply = Reply { status: 529, headers: &HeaderMap::new(), body: body.as_bytes() };
    assert_eq!(AnthropicAdapter.decode_error(reply).class, Overload);
    let event = format!("event: error\ndata: {body}\n\n");
    let (_, end) = streams::read(&AnthropicAdapter, &Memo::default(), [event.as_bytes()]);
    assert_eq!(end.unwrap_err().class, Overload, "the same inside a stream");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..2000) {
        let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
        let _ = AnthropicAdapter.decode(&Memo::default(), reply);
        let mut raw = raw_sse(STREAMS[1]);
        raw.truncate(at % raw.len());
        raw.extend(&body);
        let _ = streams::read(&AnthropicAdapter, &Memo::default(), [&raw[..]]);
    }
}
