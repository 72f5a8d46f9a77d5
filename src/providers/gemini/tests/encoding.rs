//! What encoding drops, rewrites and refuses, beyond the request fixtures.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    domain::{
        chat::{
            ChatRequest, Effort, Image, MediaSource, Message, Modality, Part, ProviderState, Reasoning,
            ReasoningAmount, ResponseFormat, Role, Tool, ToolCall, ToolKind, ToolResult,
        },
        usage::WarningAction::{self, Dropped, Rewritten},
    },
    providers::{
        adapter::{Adapter, EncodeError, Mode},
        gemini::GeminiAdapter,
    },
};

const NEW: &str = "gemini-3.8-flash";
const OLD: &str = "gemini-2.5-flash";

fn say(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

fn text(role: Role, text: &str) -> Message {
    say(role, vec![Part::Text(text.to_owned())])
}

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn hello() -> ChatRequest {
    request(vec![text(Role::User, "Hi")])
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, arguments) = (id.to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name: "f".to_owned(), arguments, kind: ToolKind::Function })
}

fn result(id: &str, answer: &str, is_error: bool) -> Message {
    let parts = vec![Part::Text(answer.to_owned())];
    say(
        Role::Tool,
        vec![Part::ToolResult(ToolResult { tool_call_id: id.to_owned(), name: String::new(), parts, is_error })],
    )
}

fn function() -> Tool {
    Tool::Function { name: "f".to_owned(), description: String::new(), parameters_schema: String::new(), strict: None }
}

fn try_encode(request: &ChatRequest, model: &str) -> Result<(Value, Vec<(String, WarningAction)>), EncodeError> {
    let encoded = GeminiAdapter::default().encode(request, model, Mode::Unary)?;
    let warnings = encoded.warnings.into_iter().map(|w| (w.field, w.action)).collect();
    Ok((serde_json::from_slice(&encoded.body).unwrap(), warnings))
}

fn encode(request: &ChatRequest, model: &str) -> (Value, Vec<(String, WarningAction)>) {
    try_encode(request, model).expect("it can be expressed")
}

fn check_warnings(request: &ChatRequest, model: &str, want: &[(&str, WarningAction)]) {
    let want: Vec<_> = want.iter().map(|(field, action)| (field.to_string(), *action)).collect();
    assert_eq!(encode(request, model).1, want);
}

#[test]
fn a_plain_request_needs_no_warning() {
    check_warnings(&hello(), NEW, &[]);
}

#[test]
fn names_models_in_the_path_only() {
    for (name, want) in [("models/gemini-2.5-flash", "gemini-2.5-flash"), ("gemma-3_27b.it", "gemma-3_27b.it")] {
        let encoded = GeminiAdapter::default().encode(&hello(), name, Mode::Stream).unwrap();
        assert_eq!(encoded.path, format!("/v1beta/models/{want}:streamGenerateContent?alt=sse"));
    }
    for name in ["", "models/", "a/b", "a:b", "a?b", "a#b", "a%2fb", "a b", "..", "models/models/a", "é"] {
        assert_eq!(try_encode(&hello(), name).expect_err(name).field, "prompt.model", "{name}");
    }
}

#[test]
fn warns_of_every_dropped_field() {
    let mut request = hello();
    request.messages[0].name = "bob".to_owned();
    request.sampling.logit_bias.insert("1".to_owned(), 1);
    request.sampling.temperature = Some(0.0);
    request.sampling.presence_penalty = Some(0.0);
    request.sampling.choice_count = Some(2);
    request.sampling.stop = vec!["x".to_owned(); 6];
    request.sampling.seed = Some(-1 - (1 << 31));
    request.end_user_id = Some("u".to_owned());
    request.provider_options = r#"{"google": {"labels": {"a": "b"}, "contents": []}, "openai": {}}"#.to_owned();
    check_warnings(
        &request,
        NEW,
        &[
            ("prompt.messages[0].name", Dropped),
            ("prompt.temperature", Dropped),
            ("prompt.presence_penalty", Dropped),
            ("prompt.logit_bias", Dropped),
            ("prompt.end_user_id", Dropped),
            ("prompt.provider_options", Dropped),
            ("prompt.provider_options", Dropped),
            ("prompt.stop", Rewritten),
            ("prompt.seed", Rewritten),
        ],
    );
    let body = encode(&request, NEW).0;
    assert_eq!(body["labels"], json!({"a": "b"}));
    assert_eq!(body["generationConfig"], json!({"seed": (1i64 << 31) - 1, "stopSequences": ["x", "x", "x", "x", "x"]}));
}

#[test]
fn sets_thinking_as_the_family_can() {
    let check = |model: &str, amount: ReasoningAmount, want: Value, warned: bool| {
        let reasoning = Some(Reasoning { amount: Some(amount), include: Some(false) });
        let (body, warnings) = encode(&ChatRequest { reasoning, ..hello() }, model);
        assert_eq!(body["generationConfig"]["thinkingConfig"], want, "{model} {amount:?}");
        assert_eq!(!warnings.is_empty(), warned, "{model} {amount:?}");
    };
    let effort = ReasoningAmount::Effort;
    let tokens = ReasoningAmount::BudgetTokens;
    check("gemini-2.5-pro", effort(Effort::None), json!({"thinkingBudget": 128}), false);
    check("gemini-2.5-pro", tokens(40_000), json!({"thinkingBudget": 32_768}), true);
    check("gemini-2.5-flash-lite", tokens(1), json!({"thinkingBudget": 512}), true);
    check("gemini-2.5-flash-lite", tokens(0), json!({"thinkingBudget": 0}), false);
    check(OLD, tokens(777), json!({"thinkingBudget": 777}), false);
    check(OLD, effort(Effort::Low), json!({"thinkingBudget": 1024}), true);
    check("gemini-3-pro-preview", effort(Effort::Medium), json!({"thinkingLevel": "high"}), true);
    check("gemini-3.1-flash-lite", effort(Effort::None), json!({"thinkingLevel": "minimal"}), false);
    check("gemini-3.6-flash", effort(Effort::Minimal), json!({"thinkingLevel": "minimal"}), false);
    check("gemini-3.1-pro-preview", effort(Effort::Max), json!({"thinkingLevel": "high"}), false);
    check("gemini-4-argon", tokens(2_000), json!({"thinkingLevel": "medium"}), true);
    check("gemini-9-future", effort(Effort::Minimal), json!({"thinkingLevel": "low"}), true);
    check("gemini-2.0-flash", effort(Effort::Low), Value::Null, true);
    check("gemini-2.0-flash", effort(Effort::None), Value::Null, false);
    let include = Some(Reasoning { amount: None, include: Some(true) });
    let body = encode(&ChatRequest { reasoning: include, ..hello() }, NEW).0;
    assert_eq!(body["generationConfig"]["thinkingConfig"], json!({"includeThoughts": true}));
}

#[test]
fn keeps_the_order_the_service_wants() {
    let calls = say(Role::Assistant, vec![call("1", "{}"), call("2", "")]);
    let (body, warnings) = encode(&request(vec![calls, result("2", "[1]", true)]), OLD);
    let contents = json!([
        {"role": "user", "parts": [{"text": " "}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}},
            {"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"error": "no result"}}},
            {"functionResponse": {"name": "f", "response": {"error": [1]}}}]},
    ]);
    assert_eq!(body["contents"], contents);
    assert_eq!(warnings, [("prompt.messages".to_owned(), Rewritten)]);

    let prefill = request(vec![text(Role::User, "Hi"), text(Role::Assistant, "Well")]);
    assert_eq!(encode(&prefill, OLD).0["contents"].as_array().unwrap().len(), 2);
    let (body, warnings) = encode(&prefill, NEW);
    assert_eq!(body["contents"][2], json!({"role": "user", "parts": [{"text": " "}]}));
    assert_eq!(warnings, [("prompt.messages".to_owned(), Rewritten)]);

    let (body, _) = encode(&request(vec![text(Role::System, "S"), text(Role::User, "Hi")]), "gemma-3-27b-it");
    assert_eq!(body, json!({"contents": [{"role": "user", "parts": [{"text": "S"}, {"text": "Hi"}]}]}));

    let orphan = try_encode(&request(vec![text(Role::User, "Hi"), result("9", "x", false)]), NEW);
    assert_eq!(orphan.unwrap_err().field, "prompt.messages[1].parts[0].tool_result.tool_call_id");
}

#[test]
fn sends_signatures_back_where_they_came_from() {
    let state = |id: &str, data: &'static [u8]| {
        Part::ProviderState(ProviderState {
            kind: "thought_signature".to_owned(),
            data: Bytes::from_static(data),
            tool_call_id: id.to_owned(),
            ..ProviderState::default()
        })
    };
    let turn = vec![
        Part::Reasoning("hm".to_owned()),
        Part::Text("a".to_owned()),
        Part::Text("b".to_owned()),
        call("1", r#"{"x": 1}"#),
        call("2", "not json"),
        state("", b"\x00"),
        state("2", b"\x00\xff"),
    ];
    let (body, warnings) = encode(&request(vec![text(Role::User, "Hi"), say(Role::Assistant, turn)]), NEW);
    let parts = json!([
        {"text": "a"},
        {"text": "b", "thoughtSignature": "AA=="},
        {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}, "thoughtSignature": "skip_thought_signature_validator"},
        {"functionCall": {"id": "2", "name": "f", "args": {"input": "not json"}}, "thoughtSignature": "AP8="},
    ]);
    assert_eq!(body["contents"][1]["parts"], parts);
    let fields: Vec<_> = warnings.iter().map(|(field, _)| field.as_str()).collect();
    // The thinking itself is carried by what the provider signed.
    assert_eq!(fields, ["prompt.messages[1].parts[4].tool_call.arguments", "prompt.messages"]);
}

#[test]
fn sends_pictures_by_address_where_the_model_fetches() {
    let picture =
        |source: MediaSource| request(vec![say(Role::User, vec![Part::Image(Image { source, detail: None })])]);
    let url = |url: &str| MediaSource::Url { url: url.to_owned(), mime_type: String::new() };
    let data = |mime: &str| MediaSource::Data { mime_type: mime.to_owned(), data: Bytes::from_static(b"x") };
    let (body, warnings) = encode(&picture(url("https://e.example/a.JPG?x=1")), NEW);
    let part = json!({"fileData": {"mimeType": "image/jpeg", "fileUri": "https://e.example/a.JPG?x=1"}});
    assert_eq!((&body["contents"][0]["parts"][0], warnings), (&part, vec![]));
    let body = encode(&picture(data("image/jpg")), NEW).0;
    assert_eq!(body["contents"][0]["parts"][0]["inlineData"]["mimeType"], "image/jpeg");

    let body = encode(&picture(url("data:image/png;base64,AA\n==")), "gemini-2.0-flash").0;
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    assert_eq!(body["contents"][0]["parts"][0], inline);
    for id in ["abc-1", "files/abc-1"] {
        let body = encode(&picture(MediaSource::FileId(id.to_owned())), OLD).0;
        let file = "https://generativelanguage.googleapis.com/v1beta/files/abc-1";
        assert_eq!(body["contents"][0]["parts"][0], json!({"fileData": {"fileUri": file}}), "{id}");
    }

    let check = |request: ChatRequest, model: &str, member: &str| {
        let error = try_encode(&request, model).expect_err(member);
        assert_eq!(error.field, format!("prompt.messages[0].parts[0].{member}"));
    };
    check(picture(url("https://e.example/a.jpg")), "gemini-2.0-flash", "image.source.url");
    check(picture(url("file:///etc/passwd")), NEW, "image.source.url");
    check(picture(data("image/gif")), NEW, "image.source.mime_type");
    check(picture(data("audio/wav")), NEW, "image.source.mime_type");
    check(picture(url("http://e.example/a.jpg")), NEW, "image.source.url");
    check(picture(url("data:image/png;base64,?")), NEW, "image.source.url");
    check(picture(MediaSource::FileId("a/b".to_owned())), NEW, "image.source.file_id");
}

#[test]
fn puts_pictures_of_tools_where_the_family_takes_them() {
    let image = Image {
        source: MediaSource::Data { mime_type: "image/png".to_owned(), data: Bytes::from_static(b"x") },
        detail: None,
    };
    let mut answer = result("1", "{}", false);
    let Part::ToolResult(shown) = &mut answer.parts[0] else { unreachable!() };
    shown.parts.push(Part::Image(image));
    let request = request(vec![text(Role::User, "Hi"), say(Role::Assistant, vec![call("1", "{}")]), answer]);
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "eA=="}});

    let (body, warnings) = encode(&request, NEW);
    assert_eq!(body["contents"][2]["parts"][0]["functionResponse"]["parts"], json!([picture]));
    assert_eq!(warnings, []);
    let (body, warnings) = encode(&request, OLD);
    assert_eq!(body["contents"][3], json!({"role": "user", "parts": [picture]}));
    assert_eq!(warnings, [("prompt.messages[2].parts[0].tool_result.parts[1]".to_owned(), Rewritten)]);
}

#[test]
fn turns_json_into_an_instruction_where_functions_exclude_it() {
    let schema = r#"{"type":"object"}"#.to_owned();
    let (name, description) = (String::new(), String::new());
    let format = ResponseFormat::JsonSchema { name, description, schema, strict: None };
    let request = ChatRequest { tools: vec![function()], response_format: Some(format), ..hello() };
    let (body, warnings) = encode(&request, OLD);
    assert_eq!(body.get("generationConfig"), None);
    assert!(body["systemInstruction"]["parts"][0]["text"].as_str().unwrap().ends_with(r#"{"type":"object"}"#));
    assert_eq!(warnings, [("prompt.response_format".to_owned(), Rewritten)]);
    let (body, warnings) = encode(&request, NEW);
    assert_eq!(body["generationConfig"]["responseJsonSchema"], json!({"type": "object"}));
    assert_eq!(warnings, []);
}

#[test]
fn refuses_what_it_cannot_express() {
    let check = |request: ChatRequest, field: &str| {
        assert_eq!(try_encode(&request, NEW).expect_err(field).field, field);
    };
    check(ChatRequest { modalities: vec![Modality::Text, Modality::Image], ..hello() }, "prompt.modalities");
    check(ChatRequest { provider_options: "[]".to_owned(), ..hello() }, "prompt.provider_options");
    let tool = |name: &str, schema: &str| Tool::Function {
        name: name.to_owned(),
        description: String::new(),
        parameters_schema: schema.to_owned(),
        strict: None,
    };
    check(ChatRequest { tools: vec![tool("f", "[]")], ..hello() }, "prompt.tools[0].function.parameters_schema");
    check(request(vec![say(Role::User, vec![call("1", "{}")])]), "prompt.messages[0].parts[0]");
}
