//! What single switches do to a request.

use serde_json::{Value, json};

use super::builders::{call, chat, data, encode, image, message, named, result, sampled, say, url};
use crate::{
    domain::{chat::*, usage::WarningAction},
    providers::{adapter::Mode, openai::Dialect},
};

fn with(yaml: &str) -> Dialect {
    serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"))
}

fn messages(dialect: Dialect, messages: Vec<Message>) -> Value {
    let encoded = encode(dialect, &chat(messages), "m", Mode::Unary).expect("a request");
    serde_json::from_slice::<Value>(&encoded.body).expect("JSON")["messages"].take()
}

fn file(source: MediaSource) -> Part {
    Part::File(File { source, filename: "a.pdf".into() })
}

#[test]
fn paths() {
    let path = |yaml: &str, model: &str| {
        encode(with(yaml), &chat(vec![say(Role::User, "x")]), model, Mode::Unary).expect("a request").path
    };
    assert_eq!(path("{}", "m"), "/chat/completions");
    assert_eq!(path("{path: bare}", "m"), "");
    assert_eq!(path("{path: bare, api_version: v 1}", "m"), "?api-version=v%201");
    let azure = "{path: azure_deployment, api_version: '2024-10-21'}";
    let deployment = "/openai/deployments/my%2Fdep%20%C3%A9-1/chat/completions?api-version=2024-10-21";
    assert_eq!(path(azure, "my/dep é-1"), deployment);
}

#[test]
fn choices() {
    let request = sampled(vec![say(Role::User, "x")], Sampling { choice_count: Some(3), ..Sampling::default() });
    for (yaml, n, copies) in [("{}", json!(3), 0), ("{choices: fan_out}", Value::Null, 3)] {
        let encoded = encode(with(yaml), &request, "m", Mode::Stream).expect("a request");
        let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
        assert_eq!((&body["n"], encoded.copies, encoded.warnings.len()), (&n, copies, 0), "{yaml}");
    }
    let sampling = Sampling { choice_count: Some(3), seed: Some(7), ..Sampling::default() };
    let request = sampled(vec![say(Role::User, "x")], sampling);
    let encoded = encode(with("{choices: fan_out}"), &request, "m", Mode::Unary).expect("a request");
    assert_eq!(encoded.warnings[0].field, "prompt.seed", "three times the same answer is not what was meant");
}

#[test]
fn limits_of_numbers() {
    let sampling = Sampling { logprobs: Some(true), top_logprobs: Some(12), ..Sampling::default() };
    let request = sampled(vec![say(Role::User, "x")], sampling);
    for (dialect, sent, warnings) in [(Dialect::OPENAI, 12, 0), (Dialect::XAI, 8, 1)] {
        let encoded = encode(dialect, &request, "m", Mode::Unary).expect("a request");
        let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
        assert_eq!((&body["top_logprobs"], encoded.warnings.len()), (&json!(sent), warnings));
    }
}

#[test]
fn knobs_that_change_nothing() {
    let defaults = Sampling {
        temperature: Some(1.0),
        top_p: Some(1.0),
        frequency_penalty: Some(0.0),
        presence_penalty: Some(0.0),
        ..Sampling::default()
    };
    let encoded = |model, sampling: &Sampling| {
        let request = sampled(vec![say(Role::User, "x")], sampling.clone());
        let encoded = encode(Dialect::OPENAI, &request, model, Mode::Unary).expect("a request");
        let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
        (body["temperature"].clone(), encoded.warnings.len())
    };
    assert_eq!(encoded("gpt-5", &defaults), (Value::Null, 0), "refused, but nothing is lost");
    assert_eq!(encoded("gpt-4o", &defaults), (json!(1.0), 0));
    let other = Sampling { temperature: Some(0.0), presence_penalty: Some(1.0), ..defaults };
    assert_eq!(encoded("gpt-5", &other), (Value::Null, 2));
}

#[test]
fn limits_by_model() {
    let dialect = with("{models: [{prefix: o, max_tokens: max_completion_tokens}]}");
    let request = sampled(vec![say(Role::User, "x")], Sampling { max_output_tokens: Some(9), ..Sampling::default() });
    for (model, member) in [("o3", "max_completion_tokens"), ("llama", "max_tokens")] {
        let encoded = encode(dialect.clone(), &request, model, Mode::Unary).expect("a request");
        let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
        assert_eq!(body[member], 9, "{model}");
    }
}

#[test]
fn documents() {
    let user = |part| vec![message(Role::User, vec![part])];
    let one = |dialect, part| messages(dialect, user(part))[0]["content"][0].take();
    let pdf = || data("application/pdf", "JVBERg==");
    let id = || MediaSource::FileId("file-1".into());
    assert_eq!(
        one(Dialect::OPENAI, file(pdf())),
        json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}})
    );
    assert_eq!(
        one(Dialect::XAI, file(url("https://x.example/a.pdf"))),
        json!({"type": "file", "file": {"filename": "a.pdf", "url": "https://x.example/a.pdf"}})
    );
    assert_eq!(one(Dialect::XAI, file(id()))["file"]["file_id"], "file-1");
    assert_eq!(one(Dialect::XAI, image(id(), None)), json!({"type": "image_url", "image_url": {"file_id": "file-1"}}));
    assert_eq!(
        one(Dialect::SONAR, file(pdf())),
        json!({"type": "file_url", "file_url": {"url": "JVBERg=="}, "file_name": "a.pdf"}),
        "bare base64, without data:"
    );
    assert_eq!(one(Dialect::SONAR, file(url("https://x.example/a.pdf")))["file_url"]["url"], "https://x.example/a.pdf");
    for (dialect, part, field) in [
        (Dialect::OPENAI, file(url("https://x.example/a.pdf")), "file.source.url"),
        (Dialect::XAI, file(pdf()), "file.source.data"),
        (Dialect::SONAR, file(id()), "file.source.file_id"),
        (Dialect::SONAR, file(data("image/png", "AAAA")), "file.source.mime_type"),
        (Dialect::GENERIC, file(pdf()), "file.source.data"),
    ] {
        let refused = encode(dialect, &chat(user(part)), "m", Mode::Unary).expect_err(field);
        assert_eq!(refused.field, format!("prompt.messages[0].parts[0].{field}"));
    }
}

#[test]
fn pictures_from_tools() {
    let with_picture = |id: &str| {
        let Part::ToolResult(mut given) = result(id, &["4 C"]) else { panic!("a result") };
        given.parts.push(image(data("image/png", "iVBORw=="), None));
        message(Role::Tool, vec![Part::ToolResult(given)])
    };
    let calls = vec![call("a", "look", "{}", ToolKind::Function), call("b", "look", "{}", ToolKind::Function)];
    let turns = vec![
        say(Role::User, "w?"),
        message(Role::Assistant, calls),
        with_picture("a"),
        with_picture("b"),
        say(Role::User, "and?"),
    ];
    let roles = |wire: &Value| -> Vec<String> {
        wire.as_array().expect("a list").iter().map(|m| m["role"].as_str().expect("a role").to_owned()).collect()
    };
    let picture = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}});
    let moved = messages(Dialect::OPENAI, turns.clone());
    assert_eq!(roles(&moved), ["user", "assistant", "tool", "tool", "user", "user"], "behind the last result");
    assert_eq!((&moved[2]["content"], &moved[4]["content"][2]), (&json!("4 C"), &picture));
    let native = messages(with("{tool_result_media: native}"), turns.clone());
    assert_eq!(roles(&native).len(), 5);
    assert_eq!(native[2]["content"][1], picture);
    let moved = encode(Dialect::OPENAI, &chat(turns.clone()), "m", Mode::Unary).expect("a request");
    assert_eq!(moved.warnings[0].action, WarningAction::Rewritten);
    let refused = encode(Dialect::SONAR, &chat(turns), "m", Mode::Unary).expect_err("text only");
    assert_eq!(refused.field, "prompt.messages[2].parts[0].tool_result.parts");
}

#[test]
fn the_last_word_of_the_assistant() {
    let turns = || vec![say(Role::User, "count"), say(Role::Assistant, "1, 2,")];
    let last = |yaml: &str| messages(with(yaml), turns()).as_array_mut().and_then(Vec::pop).expect("a message");
    assert_eq!(last("{}"), json!({"role": "assistant", "content": "1, 2,"}));
    assert_eq!(last("{assistant_last: prefix}"), json!({"role": "assistant", "content": "1, 2,", "prefix": true}));
    assert_eq!(last("{assistant_last: continue}")["role"], "user");
}

#[test]
fn ids_of_nine_letters() {
    let sent = |id: &str| {
        let turns = vec![message(Role::Assistant, vec![call(id, "f", "{}", ToolKind::Function)])];
        let wire = messages(with("{tool_call_ids: alnum9}"), turns);
        wire[0]["tool_calls"][0]["id"].as_str().expect("an id").to_owned()
    };
    assert_eq!(sent("aB3dE6gH9"), "aB3dE6gH9", "the provider's own ids come back as they were");
    assert_ne!(sent("call_123456789_1"), sent("call_123456789_2"), "no truncation: beginnings repeat themselves");
    assert_eq!(sent("x"), sent("x"));
}

#[test]
fn schemas_that_are_taken_alone() {
    let format = ResponseFormat::JsonSchema {
        name: "a".into(),
        description: String::new(),
        schema: r#"{"type":"object"}"#.into(),
        strict: None,
    };
    let request = ChatRequest { response_format: Some(format), ..chat(vec![named("x", say(Role::User, "x"))]) };
    let kind = |mode| {
        let encoded = encode(with("{json_schema_alone: true}"), &request, "m", mode).expect("a request");
        let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
        (body["response_format"]["type"].clone(), body["messages"][0]["role"].clone(), encoded.warnings.len())
    };
    assert_eq!(kind(Mode::Unary), (json!("json_schema"), json!("user"), 0));
    assert_eq!(kind(Mode::Stream), (json!("json_object"), json!("system"), 1));
}

#[test]
fn members_for_every_body() {
    let dialect = with("{extra_body: {top_k: 9, provider: {order: [a]}, usage: {include: true}}}");
    let request = ChatRequest {
        provider_options: r#"{"usage":{"include":false}}"#.into(),
        ..sampled(vec![say(Role::User, "x")], Sampling { top_k: Some(3), ..Sampling::default() })
    };
    let encoded = encode(dialect, &request, "m", Mode::Unary).expect("a request");
    let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(body["top_k"], 3, "the caller's wish wins");
    assert_eq!((&body["usage"], &body["provider"]), (&json!({"include": false}), &json!({"order": ["a"]})));
}

#[test]
fn padding_is_the_callers_to_decide() {
    let request = |options: &str| ChatRequest { provider_options: options.into(), ..chat(vec![say(Role::User, "x")]) };
    let off = request(r#"{"stream_options":{"include_obfuscation":false}}"#);
    let sent = |mode| {
        let encoded = encode(Dialect::OPENAI, &off, "m", mode).expect("a request");
        serde_json::from_slice::<Value>(&encoded.body).expect("JSON")["stream_options"].take()
    };
    assert_eq!(sent(Mode::Stream), json!({"include_usage": true, "include_obfuscation": false}));
    assert_eq!(sent(Mode::Unary), Value::Null);
    let unknown = encode(Dialect::GENERIC, &off, "m", Mode::Stream).expect("a request");
    assert!(!String::from_utf8_lossy(&unknown.body).contains("include_obfuscation"), "nobody else pads");
    let usage = request(r#"{"stream_options":{"include_usage":false}}"#);
    let refused = encode(Dialect::OPENAI, &usage, "m", Mode::Stream).expect_err("ours to decide");
    assert_eq!(refused.field, "prompt.provider_options.stream_options");
}
