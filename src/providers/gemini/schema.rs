//! From a caller's JSON Schema to the form a family takes.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};

use super::{context::Context, json::Json, openapi};
use crate::providers::adapter::EncodeError;

/// A schema in one of the service's two forms.
#[derive(Debug)]
pub enum Schema<'a> {
    /// JSON Schema.
    Json(Cow<'a, RawValue>),
    /// A subset of OpenAPI 3.0; nothing when it has no member left, which the service refuses.
    OpenApi(Option<Json>),
}

/// Returns the schema in `text`; `field` is its place in the contract. Where only the subset is taken, `ordered` makes it
/// say in what order members come.
pub fn schema<'a>(text: &'a str, field: &str, ordered: bool, cx: &mut Context<'a>) -> Result<Schema<'a>, EncodeError> {
    let raw = object(text, field)?;
    // Most schemas go as they are, without being taken apart.
    if cx.family.json_schema && !text.contains("$ref") {
        return Ok(Schema::Json(Cow::Borrowed(raw)));
    }
    let mut tree: Json =
        serde_json::from_str(text).map_err(|error| EncodeError::new(field, format!("it cannot be read: {error}")))?;
    if !cx.family.json_schema {
        let (schema, lost) = openapi::convert(&tree, ordered).map_err(|why| EncodeError::new(field, why))?;
        if !lost.is_empty() {
            let lost: Vec<_> = lost.into_iter().collect();
            cx.warnings.rewritten(field, format!("sent as a subset of OpenAPI without {}", lost.join(", ")));
        }
        return Ok(Schema::OpenApi(schema));
    }
    if !strip_references(&mut tree) {
        return Ok(Schema::Json(Cow::Borrowed(raw)));
    }
    cx.warnings.rewritten(field, "keywords beside a `$ref` were left out; the provider refuses them");
    let raw = to_raw_value(&tree).map_err(|error| EncodeError::new(field, error.to_string()))?;
    Ok(Schema::Json(Cow::Owned(raw)))
}

fn object<'a>(text: &'a str, field: &str) -> Result<&'a RawValue, EncodeError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(schema) if schema.get().starts_with('{') => Ok(schema),
        Ok(_) | Err(_) => Err(EncodeError::new(field, "a schema is a JSON object")),
    }
}

/// Removes what stands beside each `$ref`, other keywords with `$` apart. Tells whether there was any.
fn strip_references(schema: &mut Json) -> bool {
    let members = match schema {
        Json::Object(members) => members,
        Json::List(items) => return items.iter_mut().fold(false, |any, item| strip_references(item) | any),
        Json::Scalar(_) => return false,
    };
    let before = members.len();
    // A property may be called `$ref` too; its value is a schema then.
    if members.iter().any(|(name, value)| name == "$ref" && value.as_str().is_some()) {
        members.retain(|(name, _)| name.starts_with('$'));
    }
    let stripped = members.len() < before;
    members.iter_mut().fold(stripped, |any, (_, value)| strip_references(value) | any)
}
