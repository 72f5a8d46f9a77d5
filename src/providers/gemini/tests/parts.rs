//! Parts beyond text and thinking: names under an alias, custom tools, the service's own tools, sound and pictures.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::{
    domain::{
        chat::{
            ChatRequest, Grammar, Message, Part, ProviderState, Role, Tool, ToolCall, ToolChoice, ToolChoiceMode,
            ToolKind, ToolResult,
        },
        completion::ChatCompletion,
        event::{ChatEvent, FinishReason},
    },
    providers::{
        adapter::{Adapter, Encoded, Memo, Mode, Reply},
        gemini::GeminiAdapter,
        sse::SseEvent,
        testing::streams::fold,
    },
};

const NEW: &str = "gemini-3.8-flash";

fn unary(memo: &Memo, body: &Value) -> ChatCompletion {
    let body = serde_json::to_vec(body).unwrap();
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: &body };
    fold(GeminiAdapter::default().decode(memo, reply).unwrap()).unwrap()
}

fn streamed(memo: &Memo, body: &Value) -> (Vec<ChatEvent>, ChatCompletion) {
    let (mut decoder, mut out) = (GeminiAdapter::default().stream_decoder(memo), Vec::new());
    let event = SseEvent { name: Bytes::new(), data: serde_json::to_vec(body).unwrap().into() };
    decoder.feed(&event, &mut out).unwrap();
    decoder.finish(b"", &mut out).unwrap();
    (out.clone(), fold(out).unwrap())
}

/// Reads an answer with these parts in both modes, which must agree.
fn read(memo: &Memo, parts: Value) -> ChatCompletion {
    let body = json!({"responseId": "r", "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
    let completion = unary(memo, &body);
    assert_eq!(streamed(memo, &body).1, completion);
    completion
}

fn call(id: &str, name: &str, arguments: &str, kind: ToolKind) -> ToolCall {
    ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), kind }
}

fn say(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

fn function(name: &str) -> Tool {
    Tool::Function { name: name.into(), description: String::new(), parameters_schema: String::new(), strict: None }
}

fn encode(request: &ChatRequest, model: &str) -> (Encoded, Value) {
    let encoded = GeminiAdapter::default().encode(request, model, Mode::Unary).unwrap();
    let body = serde_json::from_slice(&encoded.body).unwrap();
    (encoded, body)
}

#[test]
fn names_that_are_refused_travel_under_an_alias() {
    let long = "x".repeat(70);
    let result = ToolResult { tool_call_id: "1".into(), name: "1f".into(), parts: vec![], is_error: false };
    let request = ChatRequest {
        messages: vec![
            say(Role::User, vec![Part::Text("Hi".into())]),
            say(Role::Assistant, vec![Part::ToolCall(call("1", "1f", "{}", ToolKind::Function))]),
            say(Role::Tool, vec![Part::ToolResult(result)]),
        ],
        tools: ["1f", "_1f", "-a", "a/b", "a_b", "ok.it:so-1", &long, "né"].map(function).into(),
        tool_choice: Some(ToolChoice {
            mode: ToolChoiceMode::Required,
            allowed_names: vec!["a/b".into(), "a_b".into()],
            kind: ToolKind::Function,
        }),
        ..ChatRequest::default()
    };
    let (encoded, body) = encode(&request, NEW);
    let sent = body["tools"][0]["functionDeclarations"].as_array().unwrap();
    let sent: Vec<_> = sent.iter().map(|function| function["name"].as_str().unwrap()).collect();
    let cut = "x".repeat(64);
    assert_eq!(sent, ["_1f_2", "_1f", "_-a", "a_b_2", "a_b", "ok.it:so-1", &cut, "n_"]);
    assert_eq!(body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"], json!(["a_b_2", "a_b"]));
    assert_eq!(body["contents"][1]["parts"][0]["functionCall"]["name"], "_1f_2");
    assert_eq!(body["contents"][2]["parts"][0]["functionResponse"]["name"], "_1f_2");
    assert!(encoded.warnings.is_empty(), "the caller never sees an alias");

    let parts = sent.iter().map(|name| json!({"functionCall": {"name": name, "args": {}}})).collect();
    let completion = read(&encoded.memo, parts);
    let names: Vec<_> = calls(&completion).iter().map(|call| call.name.clone()).collect();
    assert_eq!(names, ["1f", "_1f", "-a", "a/b", "a_b", "ok.it:so-1", &long, "né"]);
}

fn calls(completion: &ChatCompletion) -> Vec<ToolCall> {
    let parts = completion.choices[0].message.parts.iter();
    parts.filter_map(|part| if let Part::ToolCall(call) = part { Some(call.clone()) } else { None }).collect()
}

#[test]
fn custom_tools_are_functions_with_one_text() {
    let grammar = Some(Grammar { syntax: "regex".into(), definition: "a+".into() });
    let tool = Tool::Custom { name: "2sql".into(), description: "asks".into(), grammar };
    let history = call("1", "2sql", "select \"1\"", ToolKind::Custom);
    let messages = vec![
        say(Role::User, vec![Part::Text("Hi".into())]),
        say(Role::Assistant, vec![Part::ToolCall(history.clone())]),
    ];
    for model in [NEW, "gemini-1.5-pro"] {
        let request = ChatRequest { messages: messages.clone(), tools: vec![tool.clone()], ..ChatRequest::default() };
        let (encoded, body) = encode(&request, model);
        let declared = &body["tools"][0]["functionDeclarations"][0];
        assert_eq!((&declared["name"], &declared["description"]), (&json!("_2sql"), &json!("asks")));
        let input = json!({"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]});
        assert_eq!(declared["parameters"], input, "{model}");
        assert_eq!(body["contents"][1]["parts"][0]["functionCall"]["args"], json!({"input": "select \"1\""}));
        let told = |field: &str| encoded.warnings.iter().any(|warning| warning.field == field);
        assert!(told("prompt.tools[0].custom.grammar"), "{model}");

        let args = json!({"input": "select \"1\""});
        let completion = read(&encoded.memo, json!([{"functionCall": {"id": "1", "name": "_2sql", "args": args}}]));
        assert_eq!(calls(&completion), std::slice::from_ref(&history), "{model}");
    }
}

#[test]
fn parts_of_the_services_own_tools_come_back_as_they_went() {
    let parts = json!([
        {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t1", "args": {"q": [1.50]}}, "thoughtSignature": "AA=="},
        {"toolResponse": {"id": "t1", "response": {}}},
        {"executableCode": {"language": "PYTHON", "code": "print( 1 )"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        {"text": "One.", "thoughtSignature": "AAE="},
        {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "AAI="},
    ]);
    let completion = read(&Memo::default(), parts.clone());
    let states = completion.choices[0].message.parts.iter().filter(|part| matches!(part, Part::ProviderState(_)));
    assert_eq!(states.count(), 3, "two signatures, one trace");

    let result = ToolResult { tool_call_id: "c1".into(), name: String::new(), parts: vec![], is_error: false };
    let messages = vec![
        say(Role::User, vec![Part::Text("Hi".into())]),
        completion.choices[0].message.clone(),
        say(Role::Tool, vec![Part::ToolResult(result)]),
    ];
    let (encoded, body) = encode(&ChatRequest { messages, ..ChatRequest::default() }, NEW);
    assert_eq!(body["contents"][1]["parts"], parts);
    assert!(encoded.warnings.is_empty(), "{:?}", encoded.warnings);
}

#[test]
fn states_that_mean_nothing_here_are_told_of() {
    let state = |kind: &str, id: &str, data: &'static str| {
        let (kind, tool_call_id, data) = (kind.into(), id.into(), data.into());
        Part::ProviderState(ProviderState { kind, data, tool_call_id, ..ProviderState::default() })
    };
    for (name, wrong) in [
        ("another kind", state("functions_state_id", "", "x")),
        ("no parts", state("server_parts", "", "{}")),
        ("a part that is no server's", state("server_parts", "", r#"[{"text":"x"}]"#)),
        ("a call that is gone", state("thought_signature", "gone", "x")),
    ] {
        let messages = vec![
            say(Role::User, vec![Part::Text("Hi".into())]),
            say(Role::Assistant, vec![Part::Text("a".into()), wrong]),
            say(Role::User, vec![Part::Text("b".into())]),
        ];
        let (encoded, body) = encode(&ChatRequest { messages, ..ChatRequest::default() }, NEW);
        assert_eq!(body["contents"][1]["parts"], json!([{"text": "a"}]), "{name}");
        assert_eq!(encoded.warnings.len(), 1, "{name}");
        assert_eq!(encoded.warnings[0].field, "prompt.messages[1].parts[1].provider_state", "{name}");
    }
}

#[test]
fn a_signature_alone_goes_back_alone() {
    let alone = json!({"text": "", "thoughtSignature": "AAE="});
    let code = json!({"executableCode": {"language": "PYTHON", "code": "1"}});
    for (name, parts, want) in [
        ("after thinking", json!([{"text": "hm", "thought": true}, alone]), json!([alone])),
        ("after code", json!([code, alone]), json!([code, alone])),
    ] {
        let completion = read(&Memo::default(), parts);
        let messages = vec![
            say(Role::User, vec![Part::Text("Hi".into())]),
            completion.choices[0].message.clone(),
            say(Role::User, vec![Part::Text("b".into())]),
        ];
        let (encoded, body) = encode(&ChatRequest { messages, ..ChatRequest::default() }, NEW);
        assert_eq!(body["contents"][1]["parts"], want, "{name}");
        assert!(encoded.warnings.iter().all(|warning| warning.field.ends_with("reasoning")), "{name}");
    }
}

#[test]
fn sound_is_an_event_and_pictures_come_at_the_end() {
    let parts = json!([
        {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AP8_"}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}, "thoughtSignature": "AA=="},
        {"inlineData": {"mimeType": "image/png", "data": "draft"}, "thought": true},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://e.example/v"}},
        {"inlineData": {"mimeType": "text/csv", "data": "YQ=="}},
    ]);
    let completion = read(&Memo::default(), parts);
    let audio = completion.choices[0].audio.as_ref().unwrap();
    assert_eq!(&audio.data[..], b"\x00\xff\x3f", "either alphabet of base64");
    let metadata: Value = serde_json::from_str(&completion.provider_metadata).unwrap();
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}});
    let file = json!({"mimeType": "video/mp4", "fileUri": "https://e.example/v"});
    let draft = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,draft"}, "thought": true});
    let table = json!({"mimeType": "text/csv", "data": "YQ=="});
    assert_eq!(metadata, json!({"images": [image, draft], "files": [file, table]}));
    assert!(completion.warnings.is_empty());

    let completion =
        read(&Memo::default(), json!([{"text": "a"}, {"inlineData": {"mimeType": "audio/wav", "data": "?"}}]));
    assert_eq!(completion.warnings.len(), 1, "nothing is lost in silence");
}

#[test]
fn what_has_no_field_is_metadata() {
    let body = json!({"candidates": [
        {"content": {"parts": [{"text": "a"}]}, "finishReason": "RECITATION", "finishMessage": "m",
         "safetyRatings": [{"category": "c"}], "citationMetadata": {"citationSources": [{"uri": "u"}]},
         "urlContextMetadata": {"urlMetadata": []}},
        {"index": 1, "content": {"parts": [{"text": "b"}]}, "finishReason": "CONTINUATION", "continuationToken": "t"},
    ]});
    let completion = unary(&Memo::default(), &body);
    let metadata: Value = serde_json::from_str(&completion.provider_metadata).unwrap();
    let want = json!({"finishMessage": "m", "safetyRatings": [{"category": "c"}],
        "citationMetadata": {"citationSources": [{"uri": "u"}]}, "urlContextMetadata": {"urlMetadata": []},
        "otherCandidates": [{"index": 1, "continuationToken": "t"}]});
    assert_eq!(metadata, want);
    assert_eq!(completion.choices[1].finish_reason, FinishReason::Length);

    let status = json!({"modelStage": "DEPRECATED"});
    let body = json!({"candidates": [{"finishReason": "STOP"}], "modelStatus": status});
    let metadata: Value = serde_json::from_str(&unary(&Memo::default(), &body).provider_metadata).unwrap();
    assert_eq!(metadata, json!({"modelStatus": status}));

    let feedback = json!({"blockReason": "OTHER", "blockReasonMessage": "no", "safetyRatings": []});
    let completion = unary(&Memo::default(), &json!({"promptFeedback": feedback}));
    assert_eq!(completion.choices[0].finish_reason, FinishReason::ContentFilter);
    assert_eq!(completion.choices[0].native_finish_reason, "OTHER");
    let metadata: Value = serde_json::from_str(&completion.provider_metadata).unwrap();
    assert_eq!(metadata, json!({"promptFeedback": feedback}));
}

#[test]
fn null_is_absent() {
    let body = json!({"promptFeedback": null, "candidates": [{"index": null, "content": {"role": "model", "parts": [
        {"text": "a", "thought": null, "thoughtSignature": null, "functionCall": null, "inlineData": null}]},
        "finishReason": "STOP", "safetyRatings": null}], "usageMetadata": {"promptTokenCount": "7", "candidatesTokenCount": null,
        "thoughtsTokenCount": -1, "totalTokenCount": 7.0, "promptTokensDetails": null}, "modelVersion": null});
    let completion = unary(&Memo::default(), &body);
    assert_eq!(completion.choices[0].message.parts, [Part::Text("a".into())]);
    assert_eq!(completion.usage.unwrap().input_tokens, Some(7));
    let empty = json!({"candidates": [{"content": {"parts": null}, "finishReason": "STOP"}], "usageMetadata": {}});
    assert_eq!(unary(&Memo::default(), &empty).usage, None, "unknown is not zero");
}
