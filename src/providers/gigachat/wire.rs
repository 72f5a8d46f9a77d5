//! The body of `POST /chat/completions`: the closed set of members this gateway ever writes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{members::Members, schema::Schema};

#[derive(Debug, Default, Serialize)]
pub struct Body<'a> {
    pub model: &'a str,
    pub messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Calling<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<&'static str>,
    /// What the caller set in `provider_options`.
    #[serde(flatten)]
    pub extra: Members<'a>,
}

#[derive(Debug, Default, Serialize)]
pub struct Message<'a> {
    pub role: Speaker,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    pub content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions_state_id: Option<Cow<'a, str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    #[default]
    User,
    Assistant,
    Function,
}

/// A file of a message. The provider knows ids only; a number stands for an upload until it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attachment<'a> {
    Upload(usize),
    File(#[serde(borrow)] Cow<'a, str>),
}

#[derive(Debug, Serialize)]
pub struct FunctionCall<'a> {
    pub name: Cow<'a, str>,
    pub arguments: Cow<'a, RawValue>,
}

#[derive(Debug, Serialize)]
pub struct Function<'a> {
    pub name: Cow<'a, str>,
    pub description: Cow<'a, str>,
    pub parameters: Schema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub few_shot_examples: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_parameters: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CallingMode {
    Auto,
    None,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Calling<'a> {
    Mode(CallingMode),
    Function { name: Cow<'a, str> },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat<'a> {
    JsonSchema {
        schema: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}
