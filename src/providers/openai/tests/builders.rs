//! Builds requests by hand and compares what they encode to with the provider's side of the fixtures.

use bytes::Bytes;
use serde_json::{Value, json};

use super::support::dialect_of;
use crate::{
    domain::{chat::*, usage::WarningAction},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Mode},
        openai::{Dialect, OpenAiAdapter},
        testing::files::fixture,
    },
};

pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

pub fn say(role: Role, text: &str) -> Message {
    message(role, vec![Part::Text(text.to_owned())])
}

pub fn named(name: &str, message: Message) -> Message {
    Message { name: name.to_owned(), ..message }
}

pub fn call(id: &str, name: &str, arguments: &str, kind: ToolKind) -> Part {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, kind })
}

pub fn result(id: &str, texts: &[&str]) -> Part {
    let parts = texts.iter().map(|text| Part::Text((*text).to_owned())).collect();
    Part::ToolResult(ToolResult { tool_call_id: id.to_owned(), name: String::new(), parts, is_error: false })
}

pub fn function(name: &str, schema: &str, strict: Option<bool>) -> Tool {
    let description = if schema.is_empty() { "" } else { "Current weather for a town" };
    Tool::Function {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters_schema: schema.to_owned(),
        strict,
    }
}

pub const WEATHER: &str = r#"{"type":"object","properties":{"town":{"type":"string"},"unit":{"type":"string","enum":["c","f"]}},"required":["town"],"additionalProperties":false}"#;

pub fn image(source: MediaSource, detail: Option<ImageDetail>) -> Part {
    Part::Image(Image { source, detail })
}

pub fn url(url: &str) -> MediaSource {
    MediaSource::Url { url: url.to_owned(), mime_type: String::new() }
}

pub fn data(mime_type: &str, base64: &str) -> MediaSource {
    use base64::{Engine, engine::general_purpose::STANDARD};
    MediaSource::Data { mime_type: mime_type.to_owned(), data: Bytes::from(STANDARD.decode(base64).expect("base64")) }
}

pub fn effort(effort: Effort) -> Option<Reasoning> {
    Some(Reasoning { amount: Some(ReasoningAmount::Effort(effort)), include: None })
}

pub fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { messages, ..ChatRequest::default() }
}

pub fn sampled(messages: Vec<Message>, sampling: Sampling) -> ChatRequest {
    ChatRequest { sampling, ..chat(messages) }
}

pub fn encode(dialect: Dialect, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
    OpenAiAdapter::new(dialect).encode(request, model, mode)
}

/// Brings spellings that mean the same to one: numbers, one text in a list, one stop text.
pub fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.into_iter().map(normal).collect(),
        Value::Object(map) => {
            let member = |(name, value): (String, Value)| {
                let value = match (name.as_str(), value) {
                    ("stop", Value::String(text)) => json!([text]),
                    ("content", Value::Array(parts)) if parts.len() == 1 && parts[0]["type"] == "text" => {
                        parts[0]["text"].clone()
                    }
                    (_, value) => normal(value),
                };
                (name, value)
            };
            map.into_iter().map(member).collect()
        }
        other => other,
    }
}

/// Checks the body against a fixture, and that the warnings are exactly these.
pub fn check_with(dialect: Dialect, name: &str, request: &ChatRequest, warnings: &[(&str, WarningAction)]) {
    let body = fixture(name)["provider"]["body"].clone();
    let model = body["model"].as_str().expect("a model").to_owned();
    let mode = if body["stream"] == true { Mode::Stream } else { Mode::Unary };
    let encoded = encode(dialect, request, &model, mode).unwrap_or_else(|e| panic!("{name}: {}: {e}", e.field));
    assert_eq!(encoded.path, "/chat/completions");
    let ours: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(normal(ours), normal(body), "{name}");
    let given: Vec<_> = encoded.warnings.iter().map(|warning| (&*warning.field, warning.action)).collect();
    assert_eq!(given, warnings, "{name}");
}

pub fn check(name: &str, request: &ChatRequest, warnings: &[(&str, WarningAction)]) {
    check_with(dialect_of(name), name, request, warnings);
}
