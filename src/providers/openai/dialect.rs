//! How one compatible provider differs from another, as data. A new provider is a new row here or in the operator's
//! configuration, never a new branch.

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::chat::Effort;

/// The switches. In a configuration every one that is absent stays as in [`Dialect::GENERIC`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    pub max_tokens: MaxTokens,
    pub developer_role: DeveloperRole,
    pub system_messages: SystemMessages,
    /// Whether user and assistant must take turns and the last word be the user's or a tool's.
    pub alternating_roles: bool,
    /// Whether several texts of one message may stay apart; otherwise they are joined by line breaks.
    pub text_parts: bool,
    /// What stands for the text of an assistant message that only calls tools.
    pub tool_call_content: EmptyContent,
    pub tool_call_ids: ToolCallIds,
    /// Whether a tool's result repeats the tool's name.
    pub tool_result_name: bool,
    /// Whether tools may be `strict`.
    pub strict_tools: bool,
    /// Whether a tool without arguments must still have a schema.
    pub parameters_required: bool,
    pub custom_tools: bool,
    /// Whether the choice of tools can be limited to some of them; otherwise only those are sent.
    pub allowed_tools: bool,
    pub required_choice: RequiredChoice,
    pub images: bool,
    /// Media types of images sent as bytes; empty means any.
    pub image_types: Words,
    pub audio_input: bool,
    pub files: bool,
    /// Whether an assistant's refusal is a part of its own; otherwise it is sent as text.
    pub refusal_parts: bool,
    pub json_object: bool,
    pub json_schema: bool,
    pub reasoning: ReasoningForm,
    pub reasoning_echo: ReasoningEcho,
    /// Efforts the provider knows, lowest first; others become the nearest. Empty means all.
    pub efforts: Cow<'static, [EffortName]>,
    pub web_search: WebSearchForm,
    /// Whether streams are asked to report usage; some servers refuse the question and report it anyway.
    pub stream_options: bool,
    pub seed: Seed,
    /// Values below become this one.
    pub top_p_min: f64,
    /// Whether members of `provider_options` are passed on.
    pub extras: bool,
    /// Fields the provider refuses or ignores, by their names in the contract; they are dropped.
    pub unsupported: Cow<'static, [Field]>,
    /// What single models differ in; the longest prefix that fits counts.
    pub models: Cow<'static, [ModelRule]>,
    /// Whether the text may begin with a `<think>` block.
    pub think_tags: bool,
    /// Whether `[1]` in the text refers to the reply's list of sources.
    pub citation_marks: bool,
    /// Whether `[DONE]` completes an answer that has no finish reason.
    pub done_completes: bool,
}

pub type Words = Cow<'static, [Cow<'static, str>]>;

/// What a model differs in from its provider's other ones.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    pub prefix: Cow<'static, str>,
    /// In addition to the provider's.
    #[serde(default)]
    pub unsupported: Cow<'static, [Field]>,
    /// Instead of the provider's.
    #[serde(default)]
    pub efforts: Cow<'static, [EffortName]>,
}

/// An optional field of the contract's `ChatPrompt`, or the name of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Temperature,
    TopP,
    TopK,
    Stop,
    Seed,
    FrequencyPenalty,
    PresencePenalty,
    LogitBias,
    Logprobs,
    TopLogprobs,
    ChoiceCount,
    ParallelToolCalls,
    Reasoning,
    Verbosity,
    Modalities,
    Audio,
    PredictedOutput,
    Metadata,
    ServiceTier,
    WebSearch,
    Store,
    EndUserId,
    PromptCacheKey,
    PromptCacheRetention,
    MessageName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokens {
    MaxTokens,
    MaxCompletionTokens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeveloperRole {
    Keep,
    System,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemMessages {
    Anywhere,
    /// Before all others.
    First,
    /// Before all others, as one.
    Merged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyContent {
    Null,
    Empty,
    Omit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolCallIds {
    Any,
    /// Exactly nine letters and digits.
    Alnum9,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredChoice {
    Required,
    Any,
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningForm {
    /// `reasoning_effort`.
    Effort,
    /// `reasoning: {effort | max_tokens, exclude}`.
    Object,
    /// `thinking: {type}`.
    Thinking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningEcho {
    Strip,
    /// As `reasoning_content` of the assistant's message.
    Keep,
    /// The same, and empty in messages that call tools and have none.
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebSearchForm {
    /// `web_search_options` with the place under `approximate`.
    Nested,
    /// `web_search_options` with a flat place, and filters beside it.
    Flat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seed {
    Seed,
    /// 31 bits; larger ones are folded.
    SeedI32,
    RandomSeed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffortName {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl EffortName {
    pub fn effort(self) -> Effort {
        match self {
            Self::None => Effort::None,
            Self::Minimal => Effort::Minimal,
            Self::Low => Effort::Low,
            Self::Medium => Effort::Medium,
            Self::High => Effort::High,
            Self::Xhigh => Effort::Xhigh,
            Self::Max => Effort::Max,
        }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::GENERIC
    }
}

impl Dialect {
    /// Returns what `model` differs in, if anything.
    pub fn rule(&self, model: &str) -> Option<&ModelRule> {
        let rules = self.models.iter().filter(|rule| model.starts_with(&*rule.prefix));
        rules.max_by_key(|rule| rule.prefix.len())
    }
}

impl Field {
    /// Returns the name the contract gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopK => "top_k",
            Self::Stop => "stop",
            Self::Seed => "seed",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::LogitBias => "logit_bias",
            Self::Logprobs => "logprobs",
            Self::TopLogprobs => "top_logprobs",
            Self::ChoiceCount => "choice_count",
            Self::ParallelToolCalls => "parallel_tool_calls",
            Self::Reasoning => "reasoning",
            Self::Verbosity => "verbosity",
            Self::Modalities => "modalities",
            Self::Audio => "audio",
            Self::PredictedOutput => "predicted_output",
            Self::Metadata => "metadata",
            Self::ServiceTier => "service_tier",
            Self::WebSearch => "web_search",
            Self::Store => "store",
            Self::EndUserId => "end_user_id",
            Self::PromptCacheKey => "prompt_cache_key",
            Self::PromptCacheRetention => "prompt_cache_retention",
            Self::MessageName => "messages.name",
        }
    }
}
