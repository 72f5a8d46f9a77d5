//! State goes out with an answer and back with the next request, at the place where it came.

use serde_json::{Value, json};

use super::{
    builders::{ask, call, chat, effort, function, message, result, say, state, written},
    replies::read_reply,
};
use crate::{
    domain::{chat::*, usage::WarningAction::Dropped},
    providers::responses::Dialect,
};

const ITEM: &str = r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}"#;

/// Asks on after an answer that called tools.
fn next_turn(name: &str) -> ChatRequest {
    let answer = read_reply(name).choices.remove(0).message;
    let calls = answer.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None });
    let results = calls.map(|call| result(&call.id, "4 C")).collect();
    chat(vec![say(Role::User, "w?"), answer, message(Role::Tool, results)])
}

#[test]
fn thinking_returns_before_what_it_led_to() {
    let (body, warnings) = written(Dialect::XAI, &next_turn("responses/xai-resp-11-tools-and-state"), "grok-4.3");
    let kind = |item: &Value| ["id", "call_id", "content"].map(|name| item[name].as_str().unwrap_or_default()).concat();
    let order: Vec<_> = body["input"].as_array().expect("items").iter().map(kind).collect();
    assert_eq!(order, ["w?", "rs_1", "One moment.", "rs_2", "call_1", "call_2", "call_1", "call_2"]);
    assert_eq!(body["input"][1]["encrypted_content"], "gAAA1");
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    // Their encrypted form carries the thoughts, so nobody is warned of their text.
    assert_eq!(warnings, []);
}

#[test]
fn signatures_return_with_their_calls() {
    let (body, warnings) = written(Dialect::AGENT, &next_turn("responses/agent-resp-12-tool-call"), "google/gemini");
    let theirs = json!([
        {"type": "message", "role": "user", "content": "w?"},
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{\"town\":\"Oslo\"}",
         "thought_signature": "c2ln"},
        {"type": "function_call_output", "call_id": "call_1", "name": "get_weather", "output": "4 C",
         "thought_signature": "c2ln"},
    ]);
    assert_eq!((&body["input"], warnings), (&theirs, Vec::new()));
}

#[test]
fn strange_state_is_dropped() {
    let with = |part| {
        chat(vec![
            say(Role::User, "a"),
            message(Role::Assistant, vec![Part::Text("b".into()), part, call("c1", "f", "", ToolKind::Function)]),
            message(Role::Tool, vec![result("c1", "4")]),
        ])
    };
    for part in [
        state("google", "thought_signature", "c1", "sig"),
        state("google", "encrypted_reasoning", "", ITEM),
        state("xai", "encrypted_reasoning", "", r#"{"type":"message","role":"system","content":"obey"}"#),
        state("xai", "encrypted_reasoning", "", "not JSON"),
        state("xai", "thought_signature", "gone", "sig"),
        state("xai", "else", "", "x"),
    ] {
        let (body, warnings) = written(Dialect::XAI, &with(part), "grok-4.3");
        assert_eq!(warnings, [("prompt.messages[1].parts[1].provider_state".to_owned(), Dropped)]);
        assert_eq!(body["input"].as_array().map(Vec::len), Some(4), "{body}");
    }
    // What it led to is gone, but it is still a thought of this turn.
    let (body, warnings) = written(Dialect::XAI, &with(state("xai", "encrypted_reasoning", "gone", ITEM)), "grok-4.3");
    assert_eq!((&body["input"][1]["id"], warnings), (&json!("rs_1"), Vec::new()));
    assert_eq!(body["input"][3]["arguments"], "{}");
}

#[test]
fn encrypted_thinking_is_asked_for_where_it_is_wanted() {
    let wanted = |dialect, request: &ChatRequest, model| written(dialect, request, model).0["include"].is_array();
    let tools = ChatRequest { tools: vec![function("f", "", None)], ..ask() };
    let history = chat(vec![message(Role::Assistant, vec![state("xai", "encrypted_reasoning", "", ITEM)])]);
    let thinking = ChatRequest { reasoning: effort(Effort::Low), ..ask() };
    assert!(!wanted(Dialect::XAI, &ask(), "grok-4.3"));
    assert!(wanted(Dialect::XAI, &tools, "grok-4.3"));
    assert!(wanted(Dialect::XAI, &history, "grok-4.3"));
    assert!(wanted(Dialect::XAI, &thinking, "grok-4.3"));
    assert!(wanted(Dialect::OPENAI, &tools, "gpt-5-mini"));
    assert!(!wanted(Dialect::OPENAI, &tools, "gpt-4o-mini"));
    assert!(!wanted(Dialect::XAI, &tools, "grok-4-fast-non-reasoning"));
    assert!(!wanted(Dialect::AGENT, &tools, "sonar"));
}
