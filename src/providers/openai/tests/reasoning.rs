//! Thinking: how it is asked for, how it comes, and how it goes back.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    builders::{call, chat, encode, message, result, say},
    client,
    support::{decode, run_text},
};
use crate::{
    domain::{chat::*, event::ChatEvent},
    providers::{
        adapter::Mode,
        openai::{Dialect, OpenAiAdapter, vendors::vendor},
        testing::files::fixture,
    },
};

fn row(name: &str) -> Dialect {
    vendor(name).expect("a row").dialect.clone()
}

fn body(dialect: Dialect, request: &ChatRequest) -> (Value, Vec<String>) {
    let encoded = encode(dialect, request, "m", Mode::Unary).expect("a request");
    let warnings = encoded.warnings.into_iter().map(|warning| warning.field).collect();
    (serde_json::from_slice(&encoded.body).expect("JSON"), warnings)
}

fn state(kind: &str, text: &'static str) -> Part {
    let (kind, data) = (kind.to_owned(), Bytes::from_static(text.as_bytes()));
    Part::ProviderState(ProviderState { kind, data, tool_call_id: "call_00_x".into(), ..ProviderState::default() })
}

fn turn(parts: Vec<Part>) -> ChatRequest {
    let mut assistant = parts;
    assistant.push(call("call_00_x", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function));
    let results = message(Role::Tool, vec![result("call_00_x", &["4 C"])]);
    chat(vec![say(Role::User, "w?"), message(Role::Assistant, assistant), results])
}

#[test]
fn remembered_thinking_goes_back() {
    let fixture = fixture("openai/generic-24-deepseek-reasoning-echo");
    let (mut request, _) = client::read(&fixture["openai"]["body"]);
    request.messages[1].parts.push(state("reasoning_content", "Need the weather."));
    let encoded = encode(row("deepseek"), &request, &request.model, Mode::Unary).expect("a request");
    let ours: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(ours, fixture["provider"]["body"]);

    let sent = |dialect: Dialect, parts: Vec<Part>| {
        let (body, warnings) = body(dialect, &turn(parts));
        (body["messages"][1]["reasoning_content"].clone(), warnings.len())
    };
    let always = || row("deepseek");
    let keep = || Dialect { reasoning_echo: serde_json::from_str("\"keep\"").expect("a word"), ..Dialect::GENERIC };
    let said = || Part::Reasoning("Said.".into());
    let kept = || state("reasoning_content", "Kept.");
    assert_eq!(sent(always(), vec![]), (json!(""), 0));
    assert_eq!(sent(always(), vec![kept()]), (json!("Kept."), 0));
    assert_eq!(sent(always(), vec![kept(), said()]), (json!("Said."), 0), "the caller's own words win");
    assert_eq!(sent(keep(), vec![]), (Value::Null, 0));
    assert_eq!(sent(keep(), vec![kept()]), (json!("Kept."), 0));
    assert_eq!(sent(always(), vec![state("thought_signature", "x")]), (json!(""), 1), "not of this format");
    assert_eq!(sent(Dialect::GENERIC, vec![kept()]), (Value::Null, 1));
}

#[test]
fn thinking_before_calls_is_told_as_state() {
    let states = |dialect: Dialect, body: &str| -> Vec<(String, String, Bytes)> {
        let events = decode(&OpenAiAdapter::new(dialect), body).expect("a completion");
        let states = events.into_iter().filter_map(|event| match event {
            ChatEvent::ProviderState { state, .. } => Some((state.kind, state.tool_call_id, state.data)),
            _ => None,
        });
        states.collect()
    };
    let calls =
        r#"[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}]"#;
    let with = |thought: &str, calls: &str| {
        format!(
            r#"{{"choices":[{{"message":{{"reasoning_content":"{thought}","content":"x","tool_calls":{calls}}},"finish_reason":"stop"}}]}}"#
        )
    };
    let want = vec![("reasoning_content".to_owned(), "a".to_owned(), Bytes::from_static(b"Hm."))];
    assert_eq!(states(row("deepseek"), &with("Hm.", calls)), want, "once, under the first call");
    assert_eq!(states(row("deepseek"), &with("", calls)), []);
    assert_eq!(states(row("deepseek"), &with("Hm.", "[]")), []);
    assert_eq!(states(Dialect::GENERIC, &with("Hm.", calls)), []);
    let long = "Hm. ".repeat(300_000);
    assert_eq!(states(row("deepseek"), &with(&long, calls)), [], "too long to be kept");
}

#[test]
fn filler_is_dropped() {
    let thought =
        |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"reasoning_content\":\"{text}\"}}}}]}}\n\n");
    let end = "data: {\"choices\":[{\"delta\":{\"content\":\"7\"},\"finish_reason\":\"stop\"}]}\n\n";
    let body = ["Thinking... ", "Thinking... ", "Thinking... ", "ha", "ha"].map(thought).concat() + end;
    let read = |dialect| {
        let (events, result) = run_text(dialect, &body);
        assert_eq!(result, Ok(()));
        let thoughts = events.iter().filter_map(|event| match event {
            ChatEvent::Reasoning { text, .. } => Some(text.as_str()),
            _ => None,
        });
        thoughts.collect::<String>()
    };
    assert_eq!(read(Dialect::XAI), "Thinking... haha");
    assert_eq!(read(Dialect::GENERIC), "Thinking... Thinking... Thinking... haha");
}

#[test]
fn every_form_of_asking() {
    let asked = |dialect: Dialect, amount: ReasoningAmount, include: Option<bool>| {
        let reasoning = Some(Reasoning { amount: Some(amount), include });
        let (mut body, warnings) = body(dialect, &ChatRequest { reasoning, ..chat(vec![say(Role::User, "x")]) });
        let body = body.as_object_mut().expect("an object");
        ["model", "messages", "usage"].into_iter().for_each(|name| drop(body.remove(name)));
        (Value::Object(body.clone()), warnings.len())
    };
    let effort = ReasoningAmount::Effort;
    let budget = ReasoningAmount::BudgetTokens;
    let form = |yaml: &str| serde_saphyr::from_str::<Dialect>(yaml).expect(yaml);
    let cases = [
        (row("openai"), effort(Effort::Max), None, json!({"reasoning_effort": "max"}), 0),
        (row("openai"), budget(512), None, json!({"reasoning_effort": "low"}), 1),
        (row("openrouter"), budget(512), Some(false), json!({"reasoning": {"max_tokens": 512, "exclude": true}}), 0),
        (row("openrouter"), effort(Effort::Max), None, json!({"reasoning": {"effort": "xhigh"}}), 1),
        (row("deepseek"), effort(Effort::None), None, json!({"thinking": {"type": "disabled"}}), 0),
        (row("deepseek"), effort(Effort::Minimal), None, json!({"reasoning_effort": "low"}), 1),
        (row("deepseek"), effort(Effort::Medium), None, json!({"reasoning_effort": "high"}), 1),
        (row("deepseek"), effort(Effort::Xhigh), None, json!({"reasoning_effort": "high"}), 1),
        (row("deepseek"), effort(Effort::Max), None, json!({"reasoning_effort": "max"}), 0),
        (
            row("groq"),
            effort(Effort::Low),
            Some(true),
            json!({"reasoning_effort": "low", "reasoning_format": "parsed"}),
            0,
        ),
        (row("vllm"), effort(Effort::High), None, json!({"chat_template_kwargs": {"enable_thinking": true}}), 1),
        (row("vllm"), budget(0), None, json!({"chat_template_kwargs": {"enable_thinking": false}}), 0),
        (form("{reasoning: thinking}"), effort(Effort::Low), None, json!({"thinking": {"type": "enabled"}}), 1),
        (row("mistral"), effort(Effort::Low), Some(true), json!({}), 2),
    ];
    for (dialect, amount, include, want, warnings) in cases {
        assert_eq!(asked(dialect, amount, include), (want.clone(), warnings), "{amount:?} as {want}");
    }
}

#[test]
fn wishes_among_the_options() {
    let with = |dialect: Dialect, options: &str| {
        let request = ChatRequest { provider_options: options.into(), ..chat(vec![say(Role::User, "x")]) };
        let (mut body, _) = body(dialect, &request);
        let body = body.as_object_mut().expect("an object");
        ["model", "messages"].into_iter().for_each(|name| drop(body.remove(name)));
        Value::Object(body.clone())
    };
    let cases = [
        (r#"{"reasoning":{"effort":"high"},"a":1}"#, json!({"reasoning_effort": "high", "a": 1})),
        (r#"{"reasoning":{"enabled":false}}"#, json!({"reasoning_effort": "none"})),
        (r#"{"reasoning":{"max_tokens":9000}}"#, json!({"reasoning_effort": "high"})),
        (r#"{"thinking":{"type":"disabled"}}"#, json!({"reasoning_effort": "none"})),
        (r#"{"thinking":{"type":"enabled","budget_tokens":2000}}"#, json!({"reasoning_effort": "medium"})),
        (r#"{"chat_template_kwargs":{"enable_thinking":false}}"#, json!({"reasoning_effort": "none"})),
        (r#"{"enable_thinking":false}"#, json!({"reasoning_effort": "none"})),
        // Not clear: on, but how much?
        (r#"{"thinking":{"type":"enabled"}}"#, json!({"thinking": {"type": "enabled"}})),
        (r#"{"reasoning":{"enabled":true}}"#, json!({"reasoning": {"enabled": true}})),
        (r#"{"reasoning":{"effort":"deep"}}"#, json!({"reasoning": {"effort": "deep"}})),
        (
            r#"{"reasoning":{"effort":"low","summary":"auto"}}"#,
            json!({"reasoning": {"effort": "low", "summary": "auto"}}),
        ),
        (r#"{"chat_template_kwargs":{"foo":1}}"#, json!({"chat_template_kwargs": {"foo": 1}})),
    ];
    for (options, want) in cases {
        assert_eq!(with(Dialect::GENERIC, options), want, "{options}");
    }
    let request = ChatRequest {
        reasoning: Some(Reasoning { amount: Some(ReasoningAmount::Effort(Effort::Low)), include: None }),
        provider_options: r#"{"reasoning":{"effort":"high"}}"#.into(),
        ..chat(vec![say(Role::User, "x")])
    };
    let refused = encode(row("openrouter"), &request, "m", Mode::Unary).expect_err("said twice");
    assert_eq!(refused.field, "prompt.provider_options.reasoning");
}
