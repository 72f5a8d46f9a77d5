//! Reading and writing JSON. A member that is not known is refused, and no failure repeats a value: it may be a secret.

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::error::{
    Failure,
    expected::{expected, without_place},
};

use super::query::unknown;

/// Longest path that is told.
const LONGEST_PATH: usize = 200;

/// Reads a body that is one JSON object.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Failure> {
    // serde would take an array for an object with its members in order.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "Invalid body: expected a JSON object."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let error = match T::deserialize(tracked) {
        Ok(body) => match deserializer.end() {
            Ok(()) => return Ok(body),
            Err(error) => error,
        },
        Err(error) => error,
    };
    Err(explain(&track.path().to_string(), &error))
}

/// Refuses a body where none is wanted. Many clients send `{}` rather than nothing.
pub fn expect_empty(json: &[u8]) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    read::<Nothing>(json).map(|_| ())
}

pub fn write(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Tells a member that is null from one that is absent.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Refuses a change of nothing.
pub fn unchanged(members: &str) -> Failure {
    let message = format!("Nothing to change: send at least one of {members}.");
    Failure::new(StatusCode::BAD_REQUEST, message).with_code("missing_required_parameter")
}

/// serde's text says what was found, which may be a secret, and what was expected; only the latter is told.
fn explain(path: &str, error: &serde_json::Error) -> Failure {
    // Members that the caller names may stand in it.
    let path = if path.len() > LONGEST_PATH { "" } else { path };
    if !error.is_data() {
        return Failure::new(StatusCode::BAD_REQUEST, format!("We could not parse the JSON body: {error}."));
    }
    let text = without_place(error);
    let quoted = |start: &str| text.strip_prefix(start)?.split_once('`');
    if let Some((name, rest)) = quoted("unknown field `") {
        let expected = rest.split_once("expected ").map_or("none", |(_, names)| names.trim_start_matches("one of "));
        return unknown("member", name, &expected.replace('`', "")).renamed(|shown| within(path, name, shown));
    }
    if let Some((name, _)) = quoted("duplicate field `") {
        let message = format!("'{name}' is given twice, perhaps by two names; give it once.");
        return Failure::invalid(name, message).renamed(|shown| within(path, name, shown));
    }
    let expected = expected(error).unwrap_or_else(|| "another value".to_owned());
    Failure::invalid(path, format!("Invalid '{path}': expected {expected}."))
}

/// Returns where the member `name` stands that is shown as `shown`. The path leads to it, or to the object that has it.
fn within(path: &str, name: &str, shown: String) -> String {
    match path.strip_suffix(name).unwrap_or(path).trim_end_matches('.') {
        "" => shown,
        parent => format!("{parent}.{shown}"),
    }
}
