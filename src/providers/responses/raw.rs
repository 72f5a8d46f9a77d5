//! Reads JSON as it comes: a member of the wrong type is absent, never an error, because providers differ in everything
//! that is not the answer itself.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// A member nobody has looked at yet; absent when it is null.
pub type Raw<'a> = Option<&'a RawValue>;

/// Returns a text; empty when it is none.
pub fn text(raw: Raw<'_>) -> String {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Returns a count: a number, also one that stands in a text.
pub fn count(raw: Raw<'_>) -> Option<u64> {
    match serde_json::from_str(raw?.get()).ok()? {
        Value::Number(number) => {
            let whole = |float: &f64| float.fract() == 0.0 && (0.0..1e15).contains(float);
            number.as_u64().or_else(|| number.as_f64().filter(whole).map(|float| float as u64))
        }
        Value::String(digits) => digits.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns an amount of money or the like.
pub fn number(raw: Raw<'_>) -> Option<f64> {
    serde_json::from_str(raw?.get()).ok()
}

/// Returns the entries of a list; none when it is no list.
pub fn list<'a>(raw: Raw<'a>) -> Vec<&'a RawValue> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Returns an object; an empty one when it is none.
pub fn object<'a, T: Deserialize<'a> + Default>(raw: Raw<'a>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Whether a member holds something.
pub fn is_something(raw: Raw<'_>) -> bool {
    raw.is_some_and(|raw| !matches!(raw.get(), "false" | "0" | "\"\"" | "{}" | "[]"))
}
