//! The JSON of a chat completion request, as OpenAI's clients send it.
//!
//! Every optional member may be missing or null. What follows a schema of its own stays raw JSON, so that key order and
//! number forms survive.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    lenient::{Alternative, Int, Str, StringOr},
    read::Extension,
    words,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ChatCompletionRequest")]
pub struct ChatBody<'a> {
    #[schemars(required)]
    pub model: Option<String>,
    #[serde(borrow)]
    #[schemars(required, length(min = 1))]
    pub messages: Option<Vec<MessageBody<'a>>>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<Int>,
    pub max_tokens: Option<Int>,
    pub max_completion_tokens: Option<Int>,
    pub n: Option<Int>,
    pub stop: Option<StringOr<Vec<String>>>,
    pub seed: Option<Int>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub logit_bias: Option<HashMap<String, Int>>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<Int>,
    /// An extension: refuse what the provider does not take instead of dropping it.
    pub strict: Option<bool>,
    pub gateway: Option<Extension>,
    pub tools: Option<Vec<ToolBody<'a>>>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::MODES))]
    pub tool_choice: Option<StringOr<ToolChoiceBody<'a>>>,
    pub parallel_tool_calls: Option<bool>,
    #[serde(borrow)]
    pub functions: Option<Vec<FunctionBody<'a>>>,
    #[schemars(transform = words::only(words::MODES))]
    pub function_call: Option<StringOr<Named>>,
    #[serde(borrow)]
    pub response_format: Option<ResponseFormatBody<'a>>,
    #[schemars(transform = words::only(words::EFFORTS))]
    pub reasoning_effort: Option<Str<'a>>,
    /// As OpenRouter's clients write it.
    #[serde(borrow)]
    pub reasoning: Option<ReasoningBody<'a>>,
    pub include_reasoning: Option<bool>,
    /// As Anthropic's clients and several vendors write it.
    #[serde(borrow)]
    pub thinking: Option<&'a RawValue>,
    #[schemars(transform = words::only(words::VERBOSITIES))]
    pub verbosity: Option<Str<'a>>,
    #[schemars(transform = words::only(words::MODALITIES))]
    pub modalities: Option<Vec<Str<'a>>>,
    pub audio: Option<AudioOptions>,
    #[serde(borrow)]
    pub prediction: Option<Prediction<'a>>,
    pub metadata: Option<HashMap<String, String>>,
    #[schemars(transform = words::usually(words::TIERS))]
    pub service_tier: Option<String>,
    pub web_search_options: Option<WebSearch>,
    pub store: Option<bool>,
    pub user: Option<String>,
    pub safety_identifier: Option<String>,
    pub prompt_cache_key: Option<String>,
    #[schemars(transform = words::usually(words::CACHE_RETENTIONS))]
    pub prompt_cache_retention: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct StreamOptions {
    pub include_usage: Option<bool>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct MessageBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::SPEAKERS))]
    pub role: Option<Str<'a>>,
    #[serde(borrow)]
    pub content: Option<StringOr<Vec<PartBody<'a>>>>,
    pub name: Option<String>,
    pub refusal: Option<String>,
    pub audio: Option<AudioReference>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCallBody<'a>>>,
    #[serde(borrow)]
    pub function_call: Option<CalledFunction<'a>>,
    pub tool_call_id: Option<String>,
    /// An extension of DeepSeek's that many clients know.
    pub reasoning_content: Option<String>,
    /// The same in OpenRouter's and vLLM's words; text, or something else that is not ours.
    #[serde(borrow)]
    pub reasoning: Option<&'a RawValue>,
    /// Where our answers put opaque state of the provider.
    #[serde(borrow)]
    pub extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AudioReference {
    pub id: Option<String>,
}

#[derive(Debug, Deserialize, Default, JsonSchema)]
pub struct PartBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::PARTS))]
    pub r#type: Option<Str<'a>>,
    pub text: Option<String>,
    pub refusal: Option<String>,
    #[serde(borrow)]
    pub image_url: Option<StringOr<ImageBody<'a>>>,
    #[serde(borrow)]
    pub input_audio: Option<AudioBody<'a>>,
    #[serde(borrow)]
    pub file: Option<FileBody<'a>>,
}

impl Alternative for Vec<PartBody<'_>> {
    const EXPECTED: &'static str = "a string or an array of content parts";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ImageBody<'a> {
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    #[schemars(transform = words::only(words::DETAILS))]
    pub detail: Option<Str<'a>>,
}

impl Alternative for ImageBody<'_> {
    const EXPECTED: &'static str = "an object with the member `url`";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AudioBody<'a> {
    #[serde(borrow)]
    pub data: Option<Str<'a>>,
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::SOUNDS))]
    pub format: Option<Str<'a>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct FileBody<'a> {
    #[serde(borrow)]
    pub file_data: Option<Str<'a>>,
    pub file_id: Option<String>,
    pub filename: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ToolCallBody<'a> {
    pub id: Option<String>,
    #[serde(borrow)]
    #[schemars(transform = words::only(words::TOOLS))]
    pub r#type: Option<Str<'a>>,
    #[serde(borrow)]
    pub function: Option<CalledFunction<'a>>,
    pub custom: Option<CalledCustom>,
    #[serde(borrow)]
    pub extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CalledFunctionBody")]
pub struct CalledFunction<'a> {
    pub name: Option<String>,
    /// A string by the book; some clients send the object itself.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CalledCustom {
    pub name: Option<String>,
    pub input: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ToolBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::TOOLS))]
    pub r#type: Option<Str<'a>>,
    #[serde(borrow)]
    pub function: Option<FunctionBody<'a>>,
    pub custom: Option<CustomBody>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct FunctionBody<'a> {
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(borrow)]
    pub parameters: Option<&'a RawValue>,
    pub strict: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CustomBody {
    pub name: Option<String>,
    pub description: Option<String>,
    pub format: Option<CustomFormat>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CustomFormat {
    pub grammar: Option<GrammarBody>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct GrammarBody {
    #[schemars(transform = words::usually(words::SYNTAXES))]
    pub syntax: Option<String>,
    pub definition: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Named {
    pub name: Option<String>,
}

impl Alternative for Named {
    const EXPECTED: &'static str = "a string or an object with the member `name`";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ToolChoiceBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::usually(words::CHOICES))]
    pub r#type: Option<Str<'a>>,
    pub function: Option<Named>,
    pub custom: Option<Named>,
    #[serde(borrow)]
    pub allowed_tools: Option<AllowedTools<'a>>,
}

impl Alternative for ToolChoiceBody<'_> {
    const EXPECTED: &'static str = "a string or an object with the member `type`";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AllowedTools<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::MODES))]
    pub mode: Option<Str<'a>>,
    pub tools: Option<Vec<AllowedTool>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AllowedTool {
    pub function: Option<Named>,
    pub custom: Option<Named>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ResponseFormatBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::FORMATS))]
    pub r#type: Option<Str<'a>>,
    #[serde(borrow)]
    pub json_schema: Option<JsonSchemaBody<'a>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct JsonSchemaBody<'a> {
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
    pub strict: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AudioOptions {
    pub voice: Option<StringOr<Identified>>,
    #[schemars(transform = words::usually(words::VOICED))]
    pub format: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Identified {
    pub id: Option<String>,
}

impl Alternative for Identified {
    const EXPECTED: &'static str = "a string or an object with the member `id`";
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Prediction<'a> {
    #[serde(borrow)]
    pub content: Option<StringOr<Vec<PartBody<'a>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReasoningBody<'a> {
    #[serde(borrow)]
    #[schemars(transform = words::only(words::EFFORTS))]
    pub effort: Option<Str<'a>>,
    pub max_tokens: Option<Int>,
    pub exclude: Option<bool>,
    pub enabled: Option<bool>,
}

/// What OpenAI has, and what the contract has beyond it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct WebSearch {
    #[schemars(transform = words::usually(words::CONTEXT_SIZES))]
    pub search_context_size: Option<String>,
    pub user_location: Option<UserLocation>,
    pub filters: Option<SearchFilters>,
    pub allowed_domains: Option<Vec<String>>,
    pub excluded_domains: Option<Vec<String>>,
    /// RFC 3339.
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub max_age_seconds: Option<Int>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchFilters {
    pub allowed_domains: Option<Vec<String>>,
    pub blocked_domains: Option<Vec<String>>,
}

/// Nested as in chat completions, or flat as in Responses.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UserLocation {
    pub approximate: Option<Approximate>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub timezone: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Approximate {
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub timezone: Option<String>,
}
