//! Takes JSON Schemas from the contract without taking them apart, so that the order of their keys stays.

use serde_json::value::RawValue;

use crate::providers::adapter::EncodeError;

/// Of functions without arguments, which still must have one.
const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;
/// Allows any JSON object.
pub const ANY_OBJECT: &str = r#"{"type":"object"}"#;

/// Returns the schema in `text`; when it is empty, the one without arguments.
pub fn object_schema(text: &str, field: impl FnOnce() -> String) -> Result<&RawValue, EncodeError> {
    let text = if text.is_empty() { NO_ARGUMENTS } else { text };
    match serde_json::from_str::<&RawValue>(text.trim()) {
        Ok(schema) if schema.get().starts_with('{') => Ok(schema),
        Ok(_) | Err(_) => Err(EncodeError::new(field(), "a schema is a JSON object")),
    }
}
