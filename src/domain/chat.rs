//! A chat request as every floor of the gateway sees it. Mirrors `ChatPrompt` of the contract.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::consumption::Operation;

/// A conversation to complete and every wish about how. `None` leaves the decision to the provider; zero is a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatRequest {
    /// What it is for: its model must be able to do that.
    pub operation: Operation,
    /// As the caller named it; routing resolves it.
    pub model: String,
    pub messages: Vec<Message>,
    pub sampling: Sampling,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    pub response_format: Option<ResponseFormat>,
    pub reasoning: Option<Reasoning>,
    pub verbosity: Option<Verbosity>,
    pub modalities: Vec<Modality>,
    pub audio: Option<AudioOutput>,
    pub predicted_output: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub service_tier: Option<String>,
    pub web_search: Option<WebSearch>,
    pub store: Option<bool>,
    pub end_user_id: Option<String>,
    pub prompt_cache_key: Option<String>,
    pub prompt_cache_retention: Option<String>,
    /// A JSON object with further members for the provider's body, checked to be one; empty when there are none.
    pub provider_options: String,
    /// Refuse instead of dropping or rewriting.
    pub strict: bool,
    /// Send nothing that the provider told to be sent back, not even what ids carry: it has refused it.
    pub stateless: bool,
}

/// How tokens are chosen and when to stop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u32>,
    pub max_output_tokens: Option<u32>,
    pub stop: Vec<String>,
    pub seed: Option<i64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub logit_bias: BTreeMap<String, i32>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<u32>,
    pub choice_count: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
    /// Empty when the speaker has no name.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    Image(Image),
    Audio(Audio),
    File(File),
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    Reasoning(String),
    Refusal(String),
    ProviderState(ProviderState),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub source: MediaSource,
    pub detail: Option<ImageDetail>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MediaSource {
    Data { mime_type: String, data: Bytes },
    Url { url: String, mime_type: String },
    FileId(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageDetail {
    Auto,
    Low,
    High,
    Original,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Absent only when `audio_id` refers to earlier output.
    pub source: Option<MediaSource>,
    pub audio_id: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub source: MediaSource,
    pub filename: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON text for a function, free text for a custom tool; never re-serialised.
    pub arguments: String,
    pub kind: ToolKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolKind {
    #[default]
    Function,
    Custom,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    pub tool_call_id: String,
    pub name: String,
    pub parts: Vec<Part>,
    pub is_error: bool,
}

/// Opaque state that goes back only where it came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderState {
    pub provider: String,
    pub key_scope: String,
    pub kind: String,
    pub data: Bytes,
    pub tool_call_id: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tool {
    Function {
        name: String,
        description: String,
        /// JSON Schema as JSON text with its key order; empty when there are no arguments.
        parameters_schema: String,
        strict: Option<bool>,
    },
    Custom {
        name: String,
        description: String,
        grammar: Option<Grammar>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Grammar {
    pub syntax: String,
    pub definition: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolChoice {
    pub mode: ToolChoiceMode,
    pub allowed_names: Vec<String>,
    pub kind: ToolKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoiceMode {
    Auto,
    None,
    Required,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ResponseFormat {
    Text,
    JsonObject,
    JsonSchema {
        name: String,
        description: String,
        /// JSON Schema as JSON text; empty when absent.
        schema: String,
        strict: Option<bool>,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning {
    pub amount: Option<ReasoningAmount>,
    pub include: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningAmount {
    Effort(Effort),
    BudgetTokens(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// Returns the word OpenAI-shaped APIs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    Low,
    Medium,
    High,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    Text,
    Audio,
    Image,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AudioOutput {
    pub voice: String,
    pub format: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebSearch {
    pub context_size: String,
    pub user_location: Option<UserLocation>,
    pub allowed_domains: Vec<String>,
    pub excluded_domains: Vec<String>,
    /// Unix seconds.
    pub start_time: Option<i64>,
    /// Unix seconds.
    pub end_time: Option<i64>,
    pub max_age_seconds: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserLocation {
    pub country: String,
    pub region: String,
    pub city: String,
    pub timezone: String,
}
