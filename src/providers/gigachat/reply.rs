//! What the service answers, whole or in chunks. A member of the wrong type is absent, never an error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::usage::Usage,
    providers::lenient::{Count, List, Object, Text},
};

/// A chunk of a stream, or a whole completion: they differ only in where the choice keeps its message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reply<'a> {
    pub created: Count,
    #[serde(borrow)]
    pub model: Text<'a>,
    #[serde(borrow)]
    pub choices: Option<List<Object<Choice<'a>>>>,
    pub usage: Object<WireUsage>,
    /// With `storage`: where the service keeps the conversation.
    #[serde(borrow)]
    pub thread_id: Text<'a>,
    #[serde(borrow)]
    pub message_id: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    pub index: Count,
    #[serde(borrow)]
    pub message: Object<Delta<'a>>,
    #[serde(borrow)]
    pub delta: Object<Delta<'a>>,
    #[serde(borrow)]
    pub finish_reason: Text<'a>,
}

/// New content of a message, or all of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Delta<'a> {
    #[serde(borrow)]
    pub role: Text<'a>,
    #[serde(borrow)]
    pub content: Text<'a>,
    #[serde(borrow)]
    pub reasoning_content: Text<'a>,
    #[serde(borrow)]
    pub function_call: Object<FunctionCall<'a>>,
    #[serde(borrow)]
    pub functions_state_id: Text<'a>,
}

impl Delta<'_> {
    /// Whether the service talks about itself: how far a built-in function is, what it searched.
    pub fn is_progress(&self) -> bool {
        ["function_in_progress", "search_result"].contains(&&*self.role.0)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FunctionCall<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl<'a> FunctionCall<'a> {
    /// Returns the arguments as JSON text, the members in the order they came. By the book they are an object.
    pub fn arguments(&self) -> Cow<'a, str> {
        match self.arguments.map(RawValue::get) {
            None => Cow::Borrowed("{}"),
            Some(json) if json.starts_with('{') => compact(json),
            Some(json) if json.starts_with('"') => serde_json::from_str::<Text<'a>>(json).unwrap_or_default().0,
            Some(json) => Cow::Borrowed(json),
        }
    }
}

/// Removes the white space between the tokens of valid JSON and leaves everything else as it came.
fn compact(json: &str) -> Cow<'_, str> {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = *c != '"' || escaped;
            escaped = *c == '\\' && !escaped;
            return true;
        }
        in_string = *c == '"';
        !c.is_ascii_whitespace()
    };
    if json.bytes().any(|byte| byte.is_ascii_whitespace()) { json.chars().filter(keep).collect() } else { json.into() }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireUsage {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    precached_prompt_tokens: Count,
}

impl WireUsage {
    /// Returns what was consumed; nothing when nothing is told. The prompt's tokens include those that were kept from
    /// before, as observed: 17 and 3 are 20 with 2 of them kept.
    pub fn read(&self) -> Option<Usage> {
        let told =
            [self.prompt_tokens, self.completion_tokens, self.total_tokens].iter().any(|count| count.0.is_some());
        told.then(|| Usage {
            input_tokens: self.prompt_tokens.0,
            output_tokens: self.completion_tokens.0,
            total_tokens: self.total_tokens.0,
            cached_input_tokens: self.precached_prompt_tokens.0,
            ..Usage::default()
        })
    }
}
