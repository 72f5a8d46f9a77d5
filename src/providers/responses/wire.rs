//! The request body, field by field. Some providers refuse unknown members, so nothing reaches them that is not written
//! down here or let through by the dialect.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::providers::media_text::MediaText;

#[derive(Debug, Default, Serialize)]
pub struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'a, str>>,
    /// A level that stands for a model and its tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    pub input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub text: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'a str>,
    pub store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_retention: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// The person behind the request, whose member has a name of its own everywhere, and the caller's own members.
    #[serde(flatten)]
    pub further: BTreeMap<Cow<'a, str>, Further<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Further<'a> {
    Text(&'a str),
    Json(&'a RawValue),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Input<'a> {
    Text(Cow<'a, str>),
    Items(Vec<Item<'a>>),
}

impl Default for Input<'_> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Item<'a> {
    Message(Message<'a>),
    Tool(ToolItem<'a>),
    /// One of the provider's own, as it came.
    State(&'a RawValue),
}

#[derive(Debug, Serialize)]
pub struct Message<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    pub role: &'static str,
    pub content: Content<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Part<'a> {
    #[serde(rename = "input_text")]
    Text { text: &'a str },
    #[serde(rename = "input_image")]
    Image {
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<MediaText<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'static str>,
    },
    #[serde(rename = "input_file")]
    File {
        #[serde(skip_serializing_if = "str::is_empty")]
        filename: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<MediaText<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolItem<'a> {
    FunctionCall {
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'a str>,
    },
    FunctionCallOutput {
        call_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        output: Content<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'a str>,
    },
    CustomToolCall {
        call_id: &'a str,
        name: &'a str,
        input: &'a str,
    },
    CustomToolCallOutput {
        call_id: &'a str,
        output: Content<'a>,
    },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Tool<'a> {
    Known(KnownTool<'a>),
    /// One the provider runs itself, in the caller's words.
    Other(&'a RawValue),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum KnownTool<'a> {
    Function {
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        description: &'a str,
        parameters: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
    Custom {
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        description: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<Grammar<'a>>,
    },
    WebSearch(WebSearch<'a>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "grammar")]
pub struct Grammar<'a> {
    pub syntax: &'a str,
    pub definition: &'a str,
}

#[derive(Debug, Default, Serialize)]
pub struct WebSearch<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub search_context_size: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_location: Option<UserLocation<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub allowed_domains: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub excluded_domains: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<&'a str, Filter<'a>>,
}

#[derive(Debug, Serialize)]
pub struct UserLocation<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub country: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub city: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub timezone: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Filter<'a> {
    Words(Vec<Cow<'a, str>>),
    Text(Cow<'a, str>),
    Json(&'a RawValue),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ToolChoice<'a> {
    Mode(&'static str),
    Typed(NamedTool<'a>),
    Bare { name: &'a str },
    Allowed(AllowedTools<'a>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NamedTool<'a> {
    Function { name: &'a str },
    Custom { name: &'a str },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "allowed_tools")]
pub struct AllowedTools<'a> {
    pub mode: &'static str,
    pub tools: Vec<NamedTool<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub struct Text<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TextFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<&'static str>,
}

impl Text<'_> {
    fn is_empty(&self) -> bool {
        self.format.is_none() && self.verbosity.is_none()
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TextFormat<'a> {
    Text,
    JsonObject,
    JsonSchema(JsonSchema<'a>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat<'a> {
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Debug, Serialize)]
pub struct JsonSchema<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'a str,
    pub schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

#[derive(Debug, Default, Serialize)]
pub struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'static str>,
}
