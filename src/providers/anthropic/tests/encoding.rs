//! Requests.

use serde_json::{Value, json};

use crate::{
    domain::chat::{
        ChatRequest, Effort, Image, MediaSource, Message, Part, ProviderState, Reasoning, ReasoningAmount,
        ResponseFormat, Role, Tool, ToolCall, ToolChoice, ToolChoiceMode, ToolKind, ToolResult,
    },
    providers::{
        adapter::{Adapter as _, Encoded, Mode},
        anthropic::AnthropicAdapter,
    },
};

fn say(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

fn encode(request: &ChatRequest, model: &str) -> Encoded {
    AnthropicAdapter.encode(request, model, Mode::Unary).expect("a request the provider can take")
}

fn body(encoded: &Encoded) -> Value {
    serde_json::from_slice(&encoded.body).expect("JSON")
}

fn messages(messages: Vec<Message>) -> Value {
    let request = ChatRequest { messages, ..ChatRequest::default() };
    body(&encode(&request, "claude-sonnet-4-5"))
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.into(), "weather".into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, kind: ToolKind::Function })
}

fn result(id: &str, words: &str) -> Part {
    let (tool_call_id, name) = (id.into(), String::new());
    Part::ToolResult(ToolResult { tool_call_id, name, parts: vec![text(words)], is_error: false })
}

fn thought(id: &str) -> Part {
    let data = r#"{"type":"thinking","thinking":"hm","signature":"c2ln"}"#;
    let state = ProviderState {
        kind: "thinking_block".into(),
        data: data.into(),
        tool_call_id: id.into(),
        ..ProviderState::default()
    };
    Part::ProviderState(state)
}

#[test]
fn a_plain_question_names_the_version_and_a_limit() {
    let request = ChatRequest { messages: vec![say(Role::User, vec![text("hi")])], ..ChatRequest::default() };
    let encoded = encode(&request, "claude-sonnet-4-5");
    assert_eq!(encoded.path, "/v1/messages");
    assert_eq!(encoded.headers[0].0, "anthropic-version");
    let expected = json!({"model": "claude-sonnet-4-5", "max_tokens": 64000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
    assert_eq!(body(&encoded), expected);
    assert!(encoded.warnings.is_empty());
}

#[test]
fn instructions_become_one_text_and_neighbours_one_turn() {
    let body = messages(vec![
        say(Role::System, vec![text("be short")]),
        say(Role::Developer, vec![text("be kind")]),
        say(Role::User, vec![text("a")]),
        say(Role::User, vec![text("b")]),
    ]);
    assert_eq!(body["system"], "be short\n\nbe kind");
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["messages"][0]["content"].as_array().map(Vec::len), Some(2));
}

#[test]
fn results_of_tools_stand_first_in_the_users_turn() {
    let body = messages(vec![
        say(Role::User, vec![text("weather?")]),
        say(Role::Assistant, vec![text(""), call("t1", r#"{"city":"Hue"}"#), call("t2", "")]),
        say(Role::Tool, vec![result("t1", "sun")]),
        say(Role::Tool, vec![result("t2", "rain")]),
        say(Role::User, vec![text("and?")]),
    ]);
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "weather?"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Hue"}},
            {"type": "tool_use", "id": "t2", "name": "weather", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "sun"}]},
            {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "rain"}]},
            {"type": "text", "text": "and?"}]}]);
    assert_eq!(body["messages"], expected);
}

#[test]
fn signed_thinking_goes_back_before_the_call_it_led_to() {
    let body = messages(vec![
        say(Role::User, vec![text("weather?")]),
        say(
            Role::Assistant,
            vec![text("Let me look."), call("t1", "{}"), call("t2", "{}"), thought("t1"), thought("t2")],
        ),
        say(Role::Tool, vec![result("t1", "sun"), result("t2", "rain")]),
    ]);
    let kinds: Vec<_> =
        body["messages"][1]["content"].as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use", "thinking", "tool_use"]);
    assert_eq!(body["messages"][1]["content"][0]["signature"], "c2ln");
}

#[test]
fn the_newest_models_are_not_told_how_to_sample() {
    let mut request = ChatRequest { messages: vec![say(Role::User, vec![text("hi")])], ..ChatRequest::default() };
    request.sampling.temperature = Some(0.0);
    for (model, sent, dropped) in [("claude-opus-4-6", json!(0.0), 0), ("claude-opus-4-7", json!(null), 1)] {
        let encoded = encode(&request, model);
        assert_eq!((body(&encoded)["temperature"].clone(), encoded.warnings.len()), (sent, dropped), "{model}");
    }
}

#[test]
fn thinking_is_shown_or_not_as_asked() {
    let mut request = ChatRequest { messages: vec![say(Role::User, vec![text("hi")])], ..ChatRequest::default() };
    let low = Some(ReasoningAmount::Effort(Effort::Low));
    let rows = [
        (low, Some(false), json!({"type": "adaptive", "display": "omitted"})),
        (low, Some(true), json!({"type": "adaptive", "display": "summarized"})),
        (None, Some(true), json!({"type": "adaptive", "display": "summarized"})),
        (None, Some(false), json!(null)),
    ];
    for (amount, include, expected) in rows {
        request.reasoning = Some(Reasoning { amount, include });
        assert_eq!(body(&encode(&request, "claude-opus-5"))["thinking"], expected, "{amount:?} {include:?}");
    }
}

#[test]
fn thinking_fits_the_generation_and_the_limit() {
    let think = |model: &str, amount, limit: Option<u32>| {
        let mut request = ChatRequest { messages: vec![say(Role::User, vec![text("hi")])], ..ChatRequest::default() };
        request.reasoning = Some(Reasoning { amount: Some(amount), include: None });
        request.sampling.max_output_tokens = limit;
        body(&encode(&request, model))
    };
    let (effort, budget) = (ReasoningAmount::Effort, ReasoningAmount::BudgetTokens);
    let rows = [
        ("claude-3-5-haiku", effort(Effort::High), None, json!(null), json!(null)),
        (
            "claude-sonnet-4-5",
            effort(Effort::Low),
            None,
            json!({"type": "enabled", "budget_tokens": 2048}),
            json!(null),
        ),
        ("claude-sonnet-4-5", budget(500), None, json!({"type": "enabled", "budget_tokens": 1024}), json!(null)),
        ("claude-sonnet-4-5", budget(9000), Some(4000), json!({"type": "enabled", "budget_tokens": 3999}), json!(null)),
        ("claude-sonnet-4-5", budget(9000), Some(500), json!(null), json!(null)),
        ("claude-sonnet-4-5", effort(Effort::None), None, json!({"type": "disabled"}), json!(null)),
        (
            "claude-opus-5",
            effort(Effort::High),
            None,
            json!({"type": "adaptive", "display": "summarized"}),
            json!("high"),
        ),
        (
            "claude-opus-5",
            effort(Effort::Minimal),
            None,
            json!({"type": "adaptive", "display": "summarized"}),
            json!("low"),
        ),
        (
            "claude-opus-4-6",
            effort(Effort::Xhigh),
            None,
            json!({"type": "adaptive", "display": "summarized"}),
            json!("high"),
        ),
        (
            "claude-opus-5",
            effort(Effort::Xhigh),
            None,
            json!({"type": "adaptive", "display": "summarized"}),
            json!("xhigh"),
        ),
        ("claude-opus-5", budget(8192), None, json!({"type": "adaptive", "display": "summarized"}), json!("medium")),
        ("claude-opus-5", effort(Effort::None), None, json!({"type": "disabled"}), json!(null)),
    ];
    for (model, amount, limit, thinking, effort) in rows {
        let body = think(model, amount, limit);
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (&thinking, &effort), "{model} {amount:?}");
    }
}

#[test]
fn a_schema_is_kept_or_becomes_a_tool() {
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer"}},"additionalProperties":false}"#;
    let (name, description) = ("count".to_owned(), String::new());
    let format = ResponseFormat::JsonSchema { name, description, schema: schema.into(), strict: Some(true) };
    let messages = vec![say(Role::User, vec![text("count")])];
    let request = ChatRequest { messages, response_format: Some(format), ..ChatRequest::default() };
    let new = body(&encode(&request, "claude-sonnet-4-5"));
    assert_eq!(new["output_config"]["format"]["type"], "json_schema");
    assert_eq!(new["output_config"]["format"]["schema"]["additionalProperties"], false);
    let old = encode(&request, "claude-3-haiku");
    assert_eq!(old.memo.answer_tool.as_deref(), Some("count"));
    assert_eq!(body(&old)["tool_choice"], json!({"type": "tool", "name": "count", "disable_parallel_tool_use": true}));
}

#[test]
fn choices_of_tools() {
    let choose = |mode, names: &[&str], parallel| {
        let allowed_names = names.iter().map(|name| (*name).to_owned()).collect();
        let tool = |name: &str| {
            let (name, description, parameters_schema) = (name.to_owned(), String::new(), String::new());
            Tool::Function { name, description, parameters_schema, strict: None }
        };
        let request = ChatRequest {
            messages: vec![say(Role::User, vec![text("hi")])],
            tools: vec![tool("a"), tool("b")],
            tool_choice: Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function }),
            parallel_tool_calls: parallel,
            ..ChatRequest::default()
        };
        let body = body(&encode(&request, "claude-sonnet-4-5"));
        (body["tool_choice"].clone(), body["tools"].as_array().map_or(0, Vec::len))
    };
    use ToolChoiceMode::{Auto, None as Never, Required};
    assert_eq!(choose(Auto, &[], None), (json!({"type": "auto"}), 2));
    assert_eq!(choose(Required, &[], None), (json!({"type": "any"}), 2));
    assert_eq!(choose(Required, &["b"], None), (json!({"type": "tool", "name": "b"}), 2));
    assert_eq!(choose(Auto, &["b"], None), (json!({"type": "auto"}), 1));
    assert_eq!(choose(Never, &[], Some(false)), (json!({"type": "none"}), 2));
    let one = json!({"type": "any", "disable_parallel_tool_use": true});
    assert_eq!(choose(Required, &[], Some(false)), (one, 2));
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let data = MediaSource::Data { mime_type: "image/tiff".into(), data: "x".into() };
    let rows = [
        (Part::Image(Image { source: data, detail: None }), "prompt.messages[0].parts[0].image.source.mime_type"),
        (
            Part::Image(Image { source: MediaSource::FileId("f".into()), detail: None }),
            "prompt.messages[0].parts[0].image.source.file_id",
        ),
    ];
    for (part, field) in rows {
        let request = ChatRequest { messages: vec![say(Role::User, vec![part])], ..ChatRequest::default() };
        let refusal = AnthropicAdapter.encode(&request, "claude-sonnet-4-5", Mode::Unary).expect_err(field);
        assert_eq!(refusal.field, field);
    }
}
