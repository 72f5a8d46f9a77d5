//! What encoding drops, rewrites and refuses, beyond the request fixtures.

use serde_json::{Value, json};

use crate::{
    domain::{
        chat::{
            ChatRequest, Effort, Message, Modality, Part, ProviderState, Reasoning, ReasoningAmount, ResponseFormat,
            Role, Sampling, Tool, ToolCall, ToolChoice, ToolChoiceMode, ToolKind, ToolResult,
        },
        usage::WarningAction::{self, Dropped, Rewritten},
    },
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Mode},
        gigachat::GigaChatAdapter,
    },
};

const MODEL: &str = "GigaChat-2-Max";
const STATE: &str = "0f3c1d52-7a7e-4a55-9d61-2f1d5f6b8a01";

fn say(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

fn text(role: Role, text: &str) -> Message {
    say(role, vec![Part::Text(text.to_owned())])
}

fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn hello() -> ChatRequest {
    chat(vec![text(Role::User, "Hi")])
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, kind: ToolKind::Function })
}

fn result(id: &str, answer: &str, is_error: bool) -> Part {
    let (tool_call_id, parts) = (id.to_owned(), vec![Part::Text(answer.to_owned())]);
    Part::ToolResult(ToolResult { tool_call_id, name: String::new(), parts, is_error })
}

fn function(name: &str) -> Tool {
    let (name, description, parameters_schema) = (name.to_owned(), String::new(), String::new());
    Tool::Function { name, description, parameters_schema, strict: None }
}

fn state(provider: &str, tool_call_id: &str, data: &'static str) -> Part {
    Part::ProviderState(ProviderState {
        provider: provider.to_owned(),
        kind: "functions_state_id".to_owned(),
        data: data.into(),
        tool_call_id: tool_call_id.to_owned(),
        ..ProviderState::default()
    })
}

fn try_encode(request: &ChatRequest, model: &str) -> Result<Encoded, EncodeError> {
    GigaChatAdapter::default().encode(request, model, Mode::Unary)
}

fn encode(request: &ChatRequest, model: &str) -> (Value, Vec<(String, WarningAction)>) {
    let encoded = try_encode(request, model).unwrap();
    let warnings = encoded.warnings.into_iter().map(|w| (w.field, w.action)).collect();
    (serde_json::from_slice(&encoded.body).unwrap(), warnings)
}

fn rewritten(field: &str) -> Vec<(String, WarningAction)> {
    vec![(field.to_owned(), Rewritten)]
}

#[test]
fn a_plain_request_needs_no_warning() {
    let (body, warnings) = encode(&hello(), MODEL);
    assert_eq!(body, json!({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}));
    assert_eq!(warnings, []);
}

#[test]
fn asks_once_for_each_choice() {
    let copies = |choice_count| {
        let request = ChatRequest { sampling: Sampling { choice_count, ..Sampling::default() }, ..hello() };
        let encoded = try_encode(&request, MODEL).unwrap();
        assert!(!String::from_utf8_lossy(&encoded.body).contains("\"n\""));
        encoded.copies
    };
    assert_eq!([copies(None), copies(Some(1)), copies(Some(3))], [1, 1, 3]);
}

#[test]
fn says_the_temperature_0_by_top_p() {
    let check = |temperature, top_p, want: Value, warned: bool| {
        let sampling = Sampling { temperature: Some(temperature), top_p, ..Sampling::default() };
        let (body, warnings) = encode(&ChatRequest { sampling, ..hello() }, MODEL);
        assert_eq!(json!([body["temperature"], body["top_p"]]), want);
        assert_eq!(!warnings.is_empty(), warned, "{warnings:?}");
    };
    check(0.0, None, json!([null, 0.0]), false);
    check(-0.0, None, json!([null, 0.0]), false);
    check(0.0, Some(0.0), json!([null, 0.0]), false);
    check(0.0, Some(0.5), json!([null, 0.0]), true);
    check(0.001, Some(0.5), json!([0.001, 0.5]), false);
}

#[test]
fn sends_the_nearest_effort() {
    let check = |model: &str, amount: ReasoningAmount, want: Value, warned: bool| {
        let reasoning = Some(Reasoning { amount: Some(amount), include: None });
        let (body, warnings) = encode(&ChatRequest { reasoning, ..hello() }, model);
        assert_eq!(body["reasoning_effort"], want, "{model} {amount:?}");
        assert_eq!(!warnings.is_empty(), warned, "{model} {amount:?}");
    };
    let ultra = "GigaChat-3-Ultra";
    check(ultra, ReasoningAmount::Effort(Effort::Medium), json!("medium"), false);
    check(ultra, ReasoningAmount::Effort(Effort::Minimal), json!("low"), true);
    check(ultra, ReasoningAmount::Effort(Effort::Xhigh), json!("high"), true);
    check(ultra, ReasoningAmount::Effort(Effort::Max), json!("high"), true);
    check(ultra, ReasoningAmount::Effort(Effort::None), Value::Null, true);
    check(ultra, ReasoningAmount::BudgetTokens(0), Value::Null, true);
    check(ultra, ReasoningAmount::BudgetTokens(5000), json!("medium"), true);
    check(MODEL, ReasoningAmount::Effort(Effort::High), Value::Null, true);
}

#[test]
fn sends_the_cache_key_as_a_session() {
    let session = |key: &str| {
        let encoded = try_encode(&ChatRequest { prompt_cache_key: Some(key.to_owned()), ..hello() }, MODEL).unwrap();
        assert_eq!(encoded.headers.is_empty(), !encoded.warnings.is_empty());
        encoded.headers.first().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
    };
    assert_eq!(session("chat-7").as_deref(), Some("x-session-id: chat-7"));
    assert_eq!([session(""), session("a\nb"), session(&"x".repeat(200))], [None, None, None]);
}

#[test]
fn passes_on_only_documented_options() {
    let options = r#"{"flags": ["a"], "storage": {"is_stateful": true}, "function_ranker": {"enabled": true, "top_n": 3},
        "repetition_penalty": 1.10, "profanity_check": null, "model": "other", "function_options":
        {"f.a": {"few_shot_examples": [{"request": "x", "params": {}}], "return_parameters": {"type": "object"}}}}"#;
    let request = ChatRequest { provider_options: options.to_owned(), tools: vec![function("f.a")], ..hello() };
    let (body, warnings) = encode(&request, MODEL);
    assert_eq!(warnings, [("prompt.provider_options".to_owned(), Dropped)]);
    assert_eq!((&body["flags"], &body["storage"]), (&json!(["a"]), &json!({"is_stateful": true})));
    assert_eq!((&body["model"], &body["repetition_penalty"]), (&json!(MODEL), &json!(1.1)));
    assert!(body.get("profanity_check").is_none() && body.get("function_options").is_none());
    assert_eq!(body["functions"][0]["few_shot_examples"], json!([{"request": "x", "params": {}}]));
    assert_eq!(body["functions"][0]["return_parameters"], json!({"type": "object"}));
    for (options, field) in [("[]", ""), ("{\"function_options\": 1}", ".function_options")] {
        let error = try_encode(&ChatRequest { provider_options: options.to_owned(), ..hello() }, MODEL).unwrap_err();
        assert_eq!(error.field, format!("prompt.provider_options{field}"));
    }
}

#[test]
fn gives_every_function_a_name_of_its_own() {
    let names = ["a.b", "a_b", "a-b", "1x", "поиск", "text2image", "ok", ""];
    let request = ChatRequest { tools: names.map(function).into(), ..hello() };
    let encoded = try_encode(&request, MODEL).unwrap();
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    let sent: Vec<_> = body["functions"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(sent, ["a_b_2", "a_b", "a_b_3", "_1x", "_____", "text2image_2", "ok", "_"]);
    let back = |alias: &str| encoded.memo.tool_names.iter().find(|(known, _)| known == alias).map(|(_, name)| &**name);
    assert_eq!([back("a_b_2"), back("a_b"), back("text2image_2")], [Some("a.b"), None, Some("text2image")]);

    let turn = say(Role::Assistant, vec![call("1", "a.b", "{}"), call("2", "gone.by", "{}")]);
    let results = say(Role::Tool, vec![result("1", "", false), result("2", "", false)]);
    let request = ChatRequest { messages: vec![text(Role::User, "Hi"), turn, results], ..request };
    let body = encode(&request, MODEL).0;
    let called = |at: usize| body["messages"][at]["function_call"]["name"].as_str().unwrap().to_owned();
    assert_eq!((called(1), called(3)), ("a_b_2".to_owned(), "gone_by".to_owned()));
    assert_eq!(body["messages"][4]["name"], "gone_by");
}

#[test]
fn says_which_functions_may_or_must_be_called() {
    let check = |mode, allowed: &[&str], sent: &[&str], calling: Value, warned: &[&str]| {
        let allowed_names = allowed.iter().map(|name| (*name).to_owned()).collect();
        let tool_choice = Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function });
        let request = ChatRequest { tools: ["a", "b.c", "d"].map(function).into(), tool_choice, ..hello() };
        let (body, warnings) = encode(&request, MODEL);
        let names: Vec<_> = body["functions"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert_eq!((names, &body["function_call"]), (sent.to_vec(), &calling));
        assert_eq!(warnings.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), warned);
    };
    let all = &["a", "b_c", "d"];
    check(ToolChoiceMode::Auto, &[], all, json!("auto"), &[]);
    check(ToolChoiceMode::Auto, &["a", "d"], &["a", "d"], json!("auto"), &["prompt.tools"]);
    check(ToolChoiceMode::None, &["a"], all, json!("none"), &[]);
    check(ToolChoiceMode::Required, &[], all, json!("auto"), &["prompt.tool_choice.mode"]);
    check(ToolChoiceMode::Required, &["b.c"], all, json!({"name": "b_c"}), &[]);
    let both = &["prompt.tools", "prompt.tool_choice.mode"];
    check(ToolChoiceMode::Required, &["a", "d"], &["a", "d"], json!("auto"), both);

    let allowed_names = vec!["x".to_owned()];
    let tool_choice = Some(ToolChoice { mode: ToolChoiceMode::Required, allowed_names, kind: ToolKind::Function });
    let request = ChatRequest { tools: vec![function("a")], tool_choice, ..hello() };
    assert_eq!(try_encode(&request, MODEL).unwrap_err().field, "prompt.tool_choice.allowed_names[0]");
}

#[test]
fn writes_results_as_objects() {
    for (text, is_error, want) in [
        ("", false, "{}"),
        ("  ", false, "{}"),
        (" {\"a\": 1} ", false, "{\"a\": 1}"),
        ("{\"a\":", false, r#"{"result":"{\"a\":"}"#),
        ("[1, 2]", false, r#"{"result":[1, 2]}"#),
        ("1.50", false, r#"{"result":1.50}"#),
        ("null", false, r#"{"result":null}"#),
        ("\"x\"", false, r#"{"result":"x"}"#),
        ("cold, 4 °C", false, r#"{"result":"cold, 4 °C"}"#),
        ("{\"a\":1}", true, r#"{"error":{"a":1}}"#),
        ("no", true, r#"{"error":"no"}"#),
        ("", true, r#"{"error":""}"#),
    ] {
        let messages = vec![
            text_of_user(),
            say(Role::Assistant, vec![call("1", "f", "")]),
            say(Role::Tool, vec![result("1", text, is_error)]),
        ];
        let (body, warnings) = encode(&chat(messages), MODEL);
        assert_eq!(body["messages"][2], json!({"role": "function", "name": "f", "content": want}));
        assert_eq!((&body["messages"][1]["function_call"]["arguments"], warnings), (&json!({}), vec![]));
    }
}

fn text_of_user() -> Message {
    text(Role::User, "Hi")
}

#[test]
fn puts_each_result_behind_its_call() {
    let said =
        vec![Part::Text("Let me".into()), Part::Text("look.".into()), call("1", "f", "[]"), call("1", "g", "{}")];
    let results = vec![result("1", "a", false), result("1", "b", false)];
    let messages = vec![text_of_user(), say(Role::Assistant, said.clone()), say(Role::Tool, results)];
    let (body, warnings) = encode(&chat(messages), MODEL);
    let want = json!([
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Let me\nlook.", "function_call": {"name": "f", "arguments": {}}},
        {"role": "function", "name": "f", "content": "{\"result\":\"a\"}"},
        {"role": "assistant", "content": "", "function_call": {"name": "g", "arguments": {}}},
        {"role": "function", "name": "g", "content": "{\"result\":\"b\"}"},
    ]);
    assert_eq!(body["messages"], want);
    assert_eq!(warnings, rewritten("prompt.messages[1].parts[2].tool_call.arguments"));

    let unanswered = chat(vec![text_of_user(), say(Role::Assistant, vec![call("1", "f", "{}")]), text_of_user()]);
    let (body, warnings) = encode(&unanswered, MODEL);
    assert_eq!(body["messages"][2], json!({"role": "function", "name": "f", "content": "{}"}));
    assert_eq!(warnings, rewritten("prompt.messages"));

    for results in [vec![result("9", "x", false)], vec![result("1", "x", false); 3]] {
        let at = results.len() - 1;
        let messages = vec![text_of_user(), say(Role::Assistant, said.clone()), say(Role::Tool, results)];
        let field = format!("prompt.messages[2].parts[{at}].tool_result.tool_call_id");
        assert_eq!(try_encode(&chat(messages), MODEL).unwrap_err().field, field);
    }
}

#[test]
fn returns_only_states_the_service_gave() {
    let sent = |id: &str, parts: Vec<Part>| {
        let said = [vec![call(id, "f", "{}")], parts].concat();
        let messages = vec![text_of_user(), say(Role::Assistant, said), say(Role::Tool, vec![result(id, "", false)])];
        let (body, warnings) = encode(&chat(messages), MODEL);
        (body["messages"][1]["functions_state_id"].clone(), warnings.len())
    };
    assert_eq!(sent(&format!("call_{STATE}"), vec![]), (json!(STATE), 0));
    assert_eq!(sent(STATE, vec![]), (Value::Null, 0));
    for foreign in ["call_a", "call_0f3c1d527a7e4a559d612f1d5f6b8a01", "call_0f3c1d52-7a7e-4a55-9d61-2f1d5f6b8a0g", ""]
    {
        assert_eq!(sent(foreign, vec![]), (Value::Null, 0), "{foreign}");
    }
    assert_eq!(sent("call_1", vec![state("gigachat", "call_1", "s")]), (json!("s"), 0));
    assert_eq!(sent("call_1", vec![state("gigachat", "call_2", "s")]), (Value::Null, 1));
    assert_eq!(sent("call_1", vec![state("gigachat", "", "s")]), (json!("s"), 0));
    assert_eq!(sent("call_1", vec![state("google", "call_1", "s")]), (Value::Null, 1));

    let said = vec![Part::Text("<img/>".into()), state("gigachat", "", STATE)];
    let request = chat(vec![text_of_user(), say(Role::Assistant, said), text_of_user()]);
    assert_eq!(encode(&request, MODEL).0["messages"][1]["functions_state_id"], STATE);
    let without = GigaChatAdapter::default().without_states().encode(&request, MODEL, Mode::Unary).unwrap();
    assert!(!String::from_utf8_lossy(&without.body).contains("functions_state_id"));
}

#[test]
fn joins_what_one_speaker_says() {
    let messages = vec![
        text(Role::System, "S"),
        text(Role::User, "a"),
        text(Role::User, ""),
        text(Role::User, "b"),
        text(Role::Assistant, "c"),
        say(Role::Assistant, vec![Part::Refusal("d".into()), Part::Reasoning("hm".into()), call("1", "f", "{}")]),
        say(Role::Tool, vec![result("1", "", false)]),
        text(Role::Developer, ""),
        text(Role::Assistant, "e"),
    ];
    let (body, warnings) = encode(&chat(messages), MODEL);
    let want = json!([
        {"role": "system", "content": "S"},
        {"role": "user", "content": "a\nb"},
        {"role": "assistant", "content": "c\nd", "function_call": {"name": "f", "arguments": {}}},
        {"role": "function", "name": "f", "content": "{}"},
        {"role": "assistant", "content": "e"},
    ]);
    assert_eq!(body["messages"], want);
    let want = [("prompt.messages[5].parts[1].reasoning", Dropped), ("prompt.messages[7].role", Rewritten)];
    assert_eq!(warnings, want.map(|(field, action)| (field.to_owned(), action)));
}

#[test]
fn asks_for_json_as_the_model_can() {
    let format = |schema: &str, strict| ResponseFormat::JsonSchema {
        name: "my out".into(),
        description: "What I want".into(),
        schema: schema.into(),
        strict,
    };
    let schema = r#"{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"string"}}}"#;
    let asked = |format: ResponseFormat, tools: Vec<Tool>, model: &str| {
        let request = ChatRequest { response_format: Some(format), tools, ..hello() };
        let encoded = try_encode(&request, model).unwrap();
        let fields: Vec<_> = encoded.warnings.iter().map(|w| (w.field.clone(), w.action)).collect();
        (String::from_utf8(encoded.body.to_vec()).unwrap(), encoded.memo.answer_tool, fields)
    };
    let (body, tool, warnings) = asked(format(schema, Some(true)), vec![], MODEL);
    assert!(body.contains(&format!(r#""response_format":{{"type":"json_schema","schema":{schema},"strict":true}}"#)));
    assert_eq!((tool, warnings.len()), (None, 1));

    let (body, tool, warnings) = asked(format(schema, Some(true)), vec![], "GigaChat-Pro");
    let want = format!(r#""functions":[{{"name":"my_out","description":"What I want","parameters":{schema}}}]"#);
    assert!(body.contains(&want), "{body}");
    assert!(body.contains(r#""function_call":{"name":"my_out"}"#));
    let strict = ("prompt.response_format.json_schema.strict".to_owned(), Dropped);
    assert_eq!((tool.as_deref(), warnings), (Some("my_out"), vec![strict]));

    for (format, tools) in
        [(format(schema, None), vec![function("f")]), (format("", None), vec![]), (ResponseFormat::JsonObject, vec![])]
    {
        let (body, tool, warnings) = asked(format, tools, "GigaChat-Pro");
        assert!(body.contains(r#"{"role":"system","content":"Reply with one valid JSON object"#), "{body}");
        assert_eq!((tool, warnings), (None, rewritten("prompt.response_format")));
    }
    let (body, tool, warnings) = asked(ResponseFormat::Text, vec![], "GigaChat-Pro");
    assert_eq!((body.contains("system"), tool, warnings), (false, None, vec![]));

    let request = ChatRequest { response_format: Some(format("[]", None)), ..hello() };
    for model in [MODEL, "GigaChat-Pro"] {
        let error = try_encode(&request, model).unwrap_err();
        assert_eq!(error.field, "prompt.response_format.json_schema.schema");
    }
}

#[test]
fn refuses_what_it_cannot_express() {
    let check = |request: ChatRequest, field: &str| assert_eq!(try_encode(&request, MODEL).unwrap_err().field, field);
    check(ChatRequest { modalities: vec![Modality::Image], ..hello() }, "prompt.modalities");
    let custom = Tool::Custom { name: "c".to_owned(), description: String::new(), grammar: None };
    check(ChatRequest { tools: vec![function("f"), custom], ..hello() }, "prompt.tools.custom");
    check(chat(vec![say(Role::User, vec![call("1", "f", "{}")])]), "prompt.messages[0].parts[0]");
    check(chat(vec![text_of_user(), text(Role::Tool, "x")]), "prompt.messages[1].parts[0]");
    check(chat(vec![say(Role::System, vec![Part::Reasoning("x".into())])]), "prompt.messages[0].parts[0]");
}
