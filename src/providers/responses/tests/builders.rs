//! Builds requests by hand and compares what they encode to.

use serde_json::Value;

use super::support::fixture;
use crate::{
    domain::{chat::*, usage::WarningAction},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Mode},
        responses::{Dialect, ResponsesAdapter},
    },
};

pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
pub const WEATHER: &str = r#"{"type":"object","properties":{"town":{"type":"string"},"unit":{"type":"string","enum":["c","f"]}},"required":["town"],"additionalProperties":false}"#;

pub fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

pub fn say(role: Role, text: &str) -> Message {
    message(role, vec![Part::Text(text.to_owned())])
}

pub fn call(id: &str, name: &str, arguments: &str, kind: ToolKind) -> Part {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, kind })
}

pub fn result(id: &str, text: &str) -> Part {
    let parts = vec![Part::Text(text.to_owned())];
    Part::ToolResult(ToolResult { tool_call_id: id.to_owned(), name: String::new(), parts, is_error: false })
}

pub fn state(provider: &str, kind: &str, call: &str, data: &str) -> Part {
    Part::ProviderState(ProviderState {
        provider: provider.to_owned(),
        key_scope: String::new(),
        kind: kind.to_owned(),
        data: data.as_bytes().to_vec().into(),
        tool_call_id: call.to_owned(),
    })
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

pub fn choose(mode: ToolChoiceMode, names: &[&str]) -> Option<ToolChoice> {
    let allowed_names = names.iter().map(|name| (*name).to_owned()).collect();
    Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function })
}

pub fn picture(mime_type: &str) -> Part {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let data = STANDARD.decode(PNG).expect("base64").into();
    Part::Image(Image { source: MediaSource::Data { mime_type: mime_type.to_owned(), data }, detail: None })
}

pub fn effort(effort: Effort) -> Option<Reasoning> {
    Some(Reasoning { amount: Some(ReasoningAmount::Effort(effort)), include: None })
}

pub fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { messages, ..ChatRequest::default() }
}

pub fn ask() -> ChatRequest {
    chat(vec![say(Role::User, "x")])
}

pub fn encode(dialect: Dialect, request: &ChatRequest, model: &str) -> Result<Encoded, EncodeError> {
    ResponsesAdapter::new(dialect).encode(request, model, Mode::Unary)
}

/// Returns the body and the places and kinds of the warnings.
pub fn written(dialect: Dialect, request: &ChatRequest, model: &str) -> (Value, Vec<(String, WarningAction)>) {
    let encoded = encode(dialect, request, model).unwrap_or_else(|e| panic!("{}: {e}", e.field));
    let warnings = encoded.warnings.into_iter().map(|warning| (warning.field, warning.action)).collect();
    (serde_json::from_slice(&encoded.body).expect("JSON"), warnings)
}

/// Checks path and body against a fixture, and that the warnings are exactly these.
pub fn check(
    adapter: &dyn Adapter,
    base: &str,
    name: &str,
    request: &ChatRequest,
    model: &str,
    warnings: &[(&str, WarningAction)],
) {
    let provider = fixture(name).provider;
    let mode = if provider["body"]["stream"] == true { Mode::Stream } else { Mode::Unary };
    let encoded = adapter.encode(request, model, mode).unwrap_or_else(|e| panic!("{name}: {}: {e}", e.field));
    assert_eq!(format!("{base}{}", encoded.path), provider["url"], "{name}");
    let ours: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(ours, provider["body"], "{name}");
    let given: Vec<_> = encoded.warnings.iter().map(|warning| (&*warning.field, warning.action)).collect();
    assert_eq!(given, warnings, "{name}");
}
