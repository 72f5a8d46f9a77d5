//! The JSON of a request to `/v1/responses`. Every optional member may be missing or null.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::openai::{
    body::{AudioBody, SearchFilters, UserLocation},
    lenient::{Alternative, Int, Str, StringOr},
    read::Extension,
    words,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ResponseRequest")]
pub struct ResponseBody<'a> {
    #[schemars(required)]
    pub model: Option<String>,
    #[serde(borrow)]
    #[schemars(required)]
    pub input: Option<StringOr<Vec<ItemBody<'a>>>>,
    pub instructions: Option<String>,
    pub stream: Option<bool>,
    pub max_output_tokens: Option<Int>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_logprobs: Option<Int>,
    #[serde(borrow)]
    pub include: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    pub tools: Option<Vec<FlatTool<'a>>>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::MODES))]
    pub tool_choice: Option<StringOr<FlatChoice<'a>>>,
    pub parallel_tool_calls: Option<bool>,
    #[serde(borrow)]
    pub text: Option<TextBody<'a>>,
    #[serde(borrow)]
    pub reasoning: Option<ThinkBody<'a>>,
    pub metadata: Option<HashMap<String, String>>,
    #[schemars(transform = words::usually(words::TIERS))]
    pub service_tier: Option<String>,
    pub store: Option<bool>,
    pub user: Option<String>,
    pub safety_identifier: Option<String>,
    pub prompt_cache_key: Option<String>,
    #[schemars(transform = words::usually(words::CACHE_RETENTIONS))]
    pub prompt_cache_retention: Option<String>,
    /// Extensions of ours.
    pub strict: Option<bool>,
    pub gateway: Option<Extension>,

    // Refused, because they need a memory that the gateway does not have.
    #[schemars(skip)]
    pub previous_response_id: Option<IgnoredAny>,
    #[schemars(skip)]
    pub conversation: Option<IgnoredAny>,
    #[schemars(skip)]
    pub prompt: Option<IgnoredAny>,
    pub background: Option<bool>,

    // Known, and without a meaning here.
    #[serde(rename = "truncation")]
    #[schemars(with = "Option<Value>")]
    pub _truncation: Option<IgnoredAny>,
    #[serde(rename = "max_tool_calls")]
    #[schemars(with = "Option<Value>")]
    pub _max_tool_calls: Option<IgnoredAny>,
    #[serde(rename = "stream_options")]
    #[schemars(with = "Option<Value>")]
    pub _stream_options: Option<IgnoredAny>,
}

/// Any item: which members count depends on `type`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ItemBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::ITEMS))]
    pub r#type: Option<Str<'a>>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::ITEM_ROLES))]
    pub role: Option<Str<'a>>,
    #[serde(borrow)]
    pub content: Option<StringOr<Vec<ContentBody<'a>>>>,
    pub call_id: Option<String>,
    pub name: Option<String>,
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    pub input: Option<String>,
    #[serde(borrow)]
    pub output: Option<StringOr<Vec<ContentBody<'a>>>>,
    #[serde(borrow)]
    pub encrypted_content: Option<Str<'a>>,
}

impl Alternative for Vec<ItemBody<'_>> {
    const EXPECTED: &'static str = "a string or an array of input items";
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ContentBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::ITEM_PARTS))]
    pub r#type: Option<Str<'a>>,
    pub text: Option<String>,
    pub refusal: Option<String>,
    #[serde(borrow)]
    pub image_url: Option<Str<'a>>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::DETAILS))]
    pub detail: Option<Str<'a>>,
    pub file_id: Option<String>,
    #[serde(borrow)]
    pub file_data: Option<Str<'a>>,
    #[serde(borrow)]
    pub file_url: Option<Str<'a>>,
    pub filename: Option<String>,
    #[serde(borrow)]
    pub input_audio: Option<AudioBody<'a>>,
}

impl Alternative for Vec<ContentBody<'_>> {
    const EXPECTED: &'static str = "a string or an array of content parts";
}

/// A tool without the inner object that chat completions have.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FlatTool<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::FLAT_TOOLS))]
    pub r#type: Option<Str<'a>>,
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(borrow)]
    pub parameters: Option<&'a RawValue>,
    pub strict: Option<bool>,
    pub format: Option<FlatFormat>,
    #[schemars(transform = words::usually(words::CONTEXT_SIZES))]
    pub search_context_size: Option<String>,
    pub user_location: Option<UserLocation>,
    pub filters: Option<SearchFilters>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct FlatFormat {
    #[schemars(transform = words::usually(words::SYNTAXES))]
    pub syntax: Option<String>,
    pub definition: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct FlatChoice<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::CHOICES))]
    pub r#type: Option<Str<'a>>,
    pub name: Option<String>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::MODES))]
    pub mode: Option<Str<'a>>,
    #[serde(borrow)]
    pub tools: Option<Vec<FlatAllowed<'a>>>,
}

impl Alternative for FlatChoice<'_> {
    const EXPECTED: &'static str = "a string or an object with the member `type`";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct FlatAllowed<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::TOOLS))]
    pub r#type: Option<Str<'a>>,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct TextBody<'a> {
    #[serde(borrow)]
    pub format: Option<TextFormat<'a>>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::VERBOSITIES))]
    pub verbosity: Option<Str<'a>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct TextFormat<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::FORMATS))]
    pub r#type: Option<Str<'a>>,
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
    pub strict: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ThinkBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::EFFORTS))]
    pub effort: Option<Str<'a>>,
    #[schemars(with = "Option<Value>")]
    pub summary: Option<IgnoredAny>,
}
