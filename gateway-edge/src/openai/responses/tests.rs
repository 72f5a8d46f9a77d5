//! The Responses vectors on both sides, and what they leave out.

use bytes::BytesMut;
use pb::{part::Content, stream_chat_completion_response::Event as E};
use serde_json::{Value, json};

use super::*;
use crate::{error::Failure, openai::EventWriter, pb};

fn vector(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn read(body: Value) -> Result<ResponseCall, Failure> {
    parse(&serde_json::to_vec(&body).unwrap())
}

fn with(extra: Value) -> Result<ResponseCall, Failure> {
    let mut body = json!({"model": "m", "input": "x"});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    read(body)
}

/// The request all response vectors answer.
fn call() -> ResponseCall {
    read(json!({"model": "gpt-4o-mini", "instructions": "Be brief.", "input": "x"})).unwrap()
}

fn usage() -> Option<pb::Usage> {
    let (input_tokens, output_tokens, total_tokens) = (Some(13), Some(3), Some(16));
    Some(pb::Usage { input_tokens, output_tokens, total_tokens, ..pb::Usage::default() })
}

fn started() -> E {
    let create_time = Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 });
    E::Started(pb::ChatStarted { create_time, provider: "google".into(), ..pb::ChatStarted::default() })
}

fn text(text: &str) -> E {
    E::TextDelta(pb::TextDelta { text: text.into(), logprobs: vec![] })
}

fn tool(index: u32, id: &str) -> E {
    E::ToolCallStarted(pb::ToolCallStarted {
        tool_call_index: index,
        id: id.into(),
        name: "get_weather".into(),
        kind: 1,
    })
}

fn arguments(index: u32, text: &str) -> E {
    E::ToolCallArgumentsDelta(pb::ToolCallArgumentsDelta { tool_call_index: index, arguments: text.into() })
}

fn finished(reason: pb::FinishReason) -> E {
    E::Finished(pb::ChatFinished { reason: reason.into(), usage: usage(), ..pb::ChatFinished::default() })
}

fn feed(writer: &mut ResponseWriter, events: Vec<E>) -> String {
    let mut out = BytesMut::new();
    for event in events {
        let event = pb::StreamChatCompletionResponse { sequence: 0, choice_index: 0, event: Some(event) };
        writer.feed(event, &mut out).unwrap();
    }
    String::from_utf8(out.to_vec()).unwrap()
}

fn run(events: Vec<E>) -> Vec<Value> {
    frames(&feed(&mut ResponseWriter::new(call().echo, "1".into()), events))
}

/// Splits a stream into its events and checks the framing: the name, one line of data, rising numbers.
fn frames(stream: &str) -> Vec<Value> {
    let frame = |(number, frame): (usize, &str)| {
        let (name, data) = frame.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let value: Value = serde_json::from_str(data).unwrap();
        assert!(!data.contains('\n') && value["type"] == name && value["sequence_number"] == number, "{frame}");
        value
    };
    stream.split_terminator("\n\n").enumerate().map(frame).collect()
}

/// Gives the items the ids the vectors have: made-up ones are free.
fn plain(value: &Value) -> Value {
    let mut text = value.to_string();
    for (ours, theirs) in [("msg_1_0", "msg_1"), ("fc_1_0", "fc_1")] {
        text = text.replace(ours, theirs);
    }
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_request_is_the_vector() {
    let prompt = read(vector("responses-01-request-to-chat")["openai"]["body"].clone()).unwrap().prompt;
    // What the provider gets is a chat request, so reading that one must give the same prompt.
    let chat = vector("responses-01-request-to-chat")["provider"]["body"].clone();
    let mut chat = crate::openai::parse(&serde_json::to_vec(&chat).unwrap()).unwrap().prompt;
    // Chat completions have no flag for the detail of `auto`, and both read it.
    chat.messages.iter_mut().for_each(|message| message.name.clear());
    assert_eq!(prompt, chat);
}

#[test]
fn a_whole_answer_is_the_vector() {
    let part = pb::Part { content: Some(Content::Text(pb::TextPart { text: "Two.".into() })) };
    let message = Some(pb::Message { role: 4, parts: vec![part], name: String::new() });
    let completion = pb::ChatCompletion {
        create_time: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        choices: vec![pb::Choice { message, finish_reason: 1, ..pb::Choice::default() }],
        usage: usage(),
        ..pb::ChatCompletion::default()
    };
    let body: Value = serde_json::from_slice(&write(completion, call().echo, "1").unwrap()).unwrap();
    assert_eq!(plain(&body), vector("responses-02-response-from-chat")["openai"]["body"]);
}

#[test]
fn streams_are_the_vectors() {
    use pb::FinishReason as F;
    let town = vec![started(), tool(0, "call_k1"), arguments(0, "{\"town\":"), arguments(0, "\"Oslo\"}")];
    let rows = [
        ("responses-03-stream-from-chat", vec![started(), text("Two"), text("."), finished(F::Stop)]),
        ("responses-04-stream-tool-call", town.into_iter().chain([finished(F::ToolCalls)]).collect()),
    ];
    for (name, events) in rows {
        let ours: Vec<Value> = run(events).iter().map(plain).collect();
        assert_eq!(Value::from(ours), vector(name)["openai"]["chunks"], "{name}");
    }
}

#[test]
fn a_failure_is_the_vector() {
    let mut out = BytesMut::new();
    let mut writer = ResponseWriter::new(call().echo, "1".into());
    let _ = feed(&mut writer, vec![started()]);
    writer.fail(&Failure::new(http::StatusCode::BAD_GATEWAY, "Upstream failed."), &mut out);
    let ours = frames(std::str::from_utf8(&out).unwrap());
    assert_eq!(Value::from(ours), vector("responses-05-stream-failed")["openai"]["chunks"]);
    // A stream that breaks by itself is an error of the transport.
    let mut out = BytesMut::new();
    let mut writer = ResponseWriter::new(call().echo, "1".into());
    writer.fail(&Failure::incomplete(), &mut out);
    let last = frames(std::str::from_utf8(&out).unwrap()).pop().unwrap();
    assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("upstream_incomplete")));
    assert!(writer.is_over());
}

#[test]
fn a_stream_folds_to_its_items_and_state_comes_back() {
    let state = pb::ProviderState {
        provider: "google".into(),
        key_scope: "k1".into(),
        kind: "thought_signature".into(),
        data: "opaque".into(),
        tool_call_id: "c1".into(),
    };
    let citation = pb::Citation { url: "https://w.example".into(), ..pb::Citation::default() };
    let frames = run(vec![
        started(),
        E::Citation(citation),
        E::ReasoningDelta(pb::ReasoningDelta { text: "hm".into() }),
        text("a\u{2028}"),
        E::RefusalDelta(pb::RefusalDelta { text: "no".into(), logprobs: vec![] }),
        tool(0, "c1"),
        tool(1, "c2"),
        arguments(1, "{}"),
        arguments(0, "{}"),
        E::ProviderState(state.clone()),
        finished(pb::FinishReason::Length),
    ]);
    let last = frames.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
    let output = last["response"]["output"].as_array().unwrap();
    let kinds: Vec<&str> = output.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call", "function_call", "reasoning"]);
    let content = output[1]["content"].as_array().unwrap();
    assert_eq!((content.len(), &content[0]["annotations"][0]["url"]), (2, &json!("https://w.example")));
    for (at, item) in output.iter().enumerate() {
        let of = |kind: &str| {
            let event = |frame: &&Value| frame["type"] == kind && frame["output_index"] == at;
            frames.iter().filter(event).map(|frame| frame["item"].clone()).collect::<Vec<_>>()
        };
        assert_eq!((of("response.output_item.added").len(), of("response.output_item.done")), (1, vec![item.clone()]));
    }
    // The next turn sends the items back as they are.
    let prompt = with(json!({"input": output})).unwrap().prompt;
    assert_eq!(prompt.messages.len(), 1);
    let has = |part: &pb::Part| part.content == Some(Content::ProviderState(state.clone()));
    assert_eq!(prompt.messages[0].parts.iter().filter(|part| has(part)).count(), 1);
}

#[test]
fn the_other_options() {
    let prompt = with(json!({
        "tools": [{"type": "web_search_preview", "search_context_size": "low",
            "user_location": {"type": "approximate", "city": "Oslo"}}, {"type": "custom", "name": "sql"}],
        "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "sql"}]},
        "reasoning": {"effort": "high", "summary": "auto"}, "text": {"verbosity": "low"}, "vendor_knob": 1,
        "include": ["message.output_text.logprobs"], "gateway": {"strict": true}, "truncation": "auto", "store": true,
        "safety_identifier": "s", "user": null, "metadata": null, "previous_response_id": null, "background": false,
        "input": [
            {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "assistant", "content": "c"},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "foreign"},
            {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "1"}]},
            {"type": "web_search_call", "id": "w"},
        ],
    }))
    .unwrap()
    .prompt;
    let search = prompt.web_search.unwrap();
    assert_eq!((&*search.context_size, &*search.user_location.unwrap().city), ("low", "Oslo"));
    let choice = prompt.tool_choice.unwrap();
    assert_eq!((choice.mode(), choice.kind()), (pb::ToolChoiceMode::Required, pb::ToolKind::Custom));
    assert_eq!((prompt.tools.len(), prompt.reasoning.unwrap().include), (1, Some(true)));
    assert_eq!((prompt.logprobs, prompt.strict, prompt.store), (Some(true), true, None));
    assert_eq!((&*prompt.provider_options, prompt.end_user_id.as_deref()), (r#"{"vendor_knob":1}"#, Some("s")));
    let lengths: Vec<usize> = prompt.messages.iter().map(|message| message.parts.len()).collect();
    assert_eq!(lengths, [1, 1, 3, 1], "user, assistant, assistant with state and call, tool");
    let Some(Content::ProviderState(state)) = &prompt.messages[2].parts[1].content else { panic!() };
    assert_eq!((&*state.kind, &state.data[..]), ("encrypted_reasoning", &b"foreign"[..]));
}

#[test]
fn functions_are_told_back_with_every_member_a_reply_has() {
    for (asked, told) in [
        (
            json!({"type": "function", "name": "f"}),
            json!({"type": "function", "name": "f", "parameters": null, "strict": null}),
        ),
        (
            json!({"type": "function", "name": "f", "parameters": {}, "strict": true}),
            json!({"type": "function", "name": "f", "parameters": {}, "strict": true}),
        ),
        (json!({"type": "web_search"}), json!({"type": "web_search"})),
    ] {
        let echo = serde_json::to_value(with(json!({"tools": [asked]})).unwrap().echo).unwrap();
        assert_eq!(echo["tools"], json!([told]));
    }
}

#[test]
fn refusals_name_their_parameter() {
    #[rustfmt::skip]
    let rows = [
        (json!({"previous_response_id": "resp_1"}), "unsupported_parameter", "previous_response_id"),
        (json!({"conversation": {"id": "c"}}), "unsupported_parameter", "conversation"),
        (json!({"prompt": {"id": "p"}}), "unsupported_parameter", "prompt"),
        (json!({"background": true}), "unsupported_parameter", "background"),
        (json!({"tools": [{"type": "file_search"}]}), "unsupported_parameter", "tools[0].type"),
        (json!({"tool_choice": {"type": "mcp"}}), "unsupported_parameter", "tool_choice"),
        (json!({"input": [{"type": "item_reference", "id": "msg_1"}]}), "unsupported_parameter", "input[0]"),
        (json!({"input": [{"type": "computer_call"}]}), "unsupported_parameter", "input[0].type"),
        (json!({"input": [{"role": "user", "content": [{"type": "video"}]}]}), "unsupported_parameter", "input[0].content[0].type"),
        (json!({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}), "missing_required_parameter", "input[0].content[0].image_url.url"),
        (json!({"input": []}), "empty_array", "input"),
        (json!({"input": 5}), "invalid_value", "input"),
        (json!({"input": null}), "missing_required_parameter", "input"),
        (json!({"reasoning": {"effort": "huge"}}), "invalid_value", "reasoning.effort"),
        (json!({"text": {"format": {"type": "json_schema"}}}), "missing_required_parameter", "text.format.name"),
        (json!({"gateway": {"strct": true}}), "invalid_value", "gateway.strct"),
    ];
    for (extra, code, param) in rows {
        let failure = with(extra.clone()).unwrap_err();
        assert_eq!((failure.code(), failure.param()), (Some(code), Some(param)), "{extra}");
    }
}
