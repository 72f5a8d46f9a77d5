//! Writes how the answer shall look.

use serde_json::value::RawValue;

use super::{
    context::Context,
    wire::{JsonSchema, ResponseFormat},
};
use crate::{
    domain::chat::{self, ChatRequest},
    providers::adapter::{EncodeError, Mode},
};

/// A format, and what the model must be told beside it.
#[derive(Default)]
pub struct Format<'a> {
    pub wire: Option<ResponseFormat<'a>>,
    pub preface: Option<String>,
}

/// Reads JSON text from the contract without taking it apart, so that its key order stays.
pub fn raw(text: &str, field: impl FnOnce() -> String) -> Result<Option<&RawValue>, EncodeError> {
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(raw) => Ok(Some(raw)),
        Err(error) => Err(EncodeError::new(field(), format!("not valid JSON: {error}"))),
    }
}

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, mode: Mode) -> Result<Format<'a>, EncodeError> {
    let (takes_object, takes_schema) = (cx.dialect.json_object, cx.dialect.json_schema);
    let wire = match &request.response_format {
        None => None,
        Some(chat::ResponseFormat::Text) => (takes_object && takes_schema).then_some(ResponseFormat::Text),
        Some(chat::ResponseFormat::JsonObject) if takes_object => Some(ResponseFormat::JsonObject),
        Some(chat::ResponseFormat::JsonObject) => {
            cx.warnings.rewritten("prompt.response_format", "sent as a schema that allows any object");
            let schema = raw(r#"{"type":"object"}"#, || "prompt.response_format".to_owned())?;
            let json_schema = JsonSchema { name: "object", description: "", schema, strict: None };
            Some(ResponseFormat::JsonSchema { json_schema })
        }
        Some(chat::ResponseFormat::JsonSchema { name, description, schema, strict }) => {
            let schema = raw(schema, || "prompt.response_format.json_schema.schema".to_owned())?;
            let alone = mode == Mode::Unary && request.tools.is_empty();
            if !takes_schema || (cx.dialect.json_schema_alone && !alone) {
                return Ok(as_object(cx, schema));
            }
            let json_schema = JsonSchema { name, description, schema, strict: *strict };
            Some(ResponseFormat::JsonSchema { json_schema })
        }
    };
    Ok(Format { wire, preface: None })
}

/// Asks for any JSON object and tells the model the schema, which the provider does not enforce.
fn as_object<'a>(cx: &mut Context<'_>, schema: Option<&RawValue>) -> Format<'a> {
    let message = "sent as any JSON object, with the schema in a system message; the provider does not enforce it";
    cx.warnings.rewritten("prompt.response_format", message);
    let of_schema = schema.map(|schema| format!(" that this JSON Schema describes: {schema}"));
    let preface = format!("Answer with a single JSON object{}", of_schema.unwrap_or_default());
    Format { wire: Some(ResponseFormat::JsonObject), preface: Some(preface) }
}
