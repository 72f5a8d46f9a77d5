//! Reading a request body: the struct it derives, the members the struct does not name, and a failure that says which
//! field is wrong.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{
    Failure,
    expected::{expected, without_place},
};

use super::rest::{self, Rest};

/// Our own member of a request, for what OpenAI's has no place for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Refuse what the provider does not take instead of dropping or rewriting it.
    pub strict: Option<bool>,
}

/// Whether a body asks for `strict`, by the short member or by the one in our own object.
pub fn is_strict(short: Option<bool>, extension: Option<Extension>) -> bool {
    extension.and_then(|extension| extension.strict).or(short).unwrap_or(false)
}

/// Reads a body, and sets aside what `T` does not name.
pub fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<(T, Rest<'a>), Failure> {
    let mut rest = Rest::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let body = rest::deserialize(&mut deserializer, &mut rest).and_then(|body| deserializer.end().map(|()| body));
    match body {
        Ok(body) => Ok((body, rest)),
        Err(error) => Err(explain::<T>(json, &error)),
    }
}

/// Finds out which field is wrong. Only failures pay for it: the body is read a second time with the path recorded.
fn explain<'a, T: Deserialize<'a>>(json: &'a [u8], error: &serde_json::Error) -> Failure {
    if !error.is_data() {
        let message = format!("We could not parse the JSON body of your request: {error}.");
        return Failure::new(http::StatusCode::BAD_REQUEST, message);
    }
    let mut track = serde_path_to_error::Track::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let _: Result<T, _> = rest::deserialize(tracked, &mut Rest::default());
    let path = track.path().to_string();
    if path == "." || path == "?" {
        return Failure::new(http::StatusCode::BAD_REQUEST, format!("Invalid request body: {}.", wrong(error)))
            .with_code("invalid_value");
    }
    Failure::invalid(&*path, format!("Invalid '{path}': {}.", wrong(error)))
}

/// Says what is wrong with a value. What is no matter of its kind is a name, which may be long.
fn wrong(error: &serde_json::Error) -> String {
    if let Some(expected) = expected(error) {
        return format!("expected {expected}");
    }
    let text = without_place(error);
    let short = &text[..text.floor_char_boundary(200)];
    if short.len() < text.len() { format!("{short}…") } else { text }
}
