//! Whether two JSON values say the same.

use serde_json::Value;

/// Says where `actual` misses something of `expected`. Further members of objects are free unless `exact`;
/// `{{…}}` and `$…` stand for any text or number.
pub fn differences(expected: &Value, actual: &Value, exact: bool) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, exact, &mut found);
    found
}

fn compare(at: &str, expected: &Value, actual: &Value, exact: bool, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::String(any), _) if is_wildcard(any) && !actual.is_null() => {}
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, value) in wanted {
                match got.get(name) {
                    Some(other) => compare(&format!("{at}.{name}"), value, other, exact, found),
                    // What no provider counted is unknown here, never zero.
                    None if at.contains("usage") && is_zero(value) => {}
                    None => found.push(format!("{at}.{name} is missing, wanted {value}")),
                }
            }
            for (name, value) in got.iter().filter(|(name, _)| exact && !wanted.contains_key(*name)) {
                found.push(format!("{at}.{name} is too much: {value}"));
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (i, (value, other)) in wanted.iter().zip(got).enumerate() {
                compare(&format!("{at}[{i}]"), value, other, exact, found);
            }
        }
        (Value::Number(wanted), Value::Number(got)) if near(wanted.as_f64(), got.as_f64()) => {}
        // Clients ask for a model by its prefix, providers answer without.
        (Value::String(wanted), Value::String(got))
            if at.ends_with("model") && got.ends_with(&format!("/{wanted}")) => {}
        _ if expected == actual => {}
        _ => found.push(format!("{at} is {actual}, wanted {expected}")),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(is_zero),
        value => value.as_u64() == Some(0),
    }
}

fn is_wildcard(text: &str) -> bool {
    (text.starts_with("{{") && text.ends_with("}}")) || text.starts_with('$')
}

fn near(wanted: Option<f64>, got: Option<f64>) -> bool {
    matches!((wanted, got), (Some(wanted), Some(got)) if (wanted - got).abs() <= 1e-6 * wanted.abs().max(1.0))
}
