//! Compatible vendors, one row each. A row and a folder of fixtures are all a vendor needs.

use std::borrow::Cow;

use super::{
    dialect::Dialect,
    families,
    switches::{
        AssistantLast, Choices, Dimensions, EffortName, EmptyContent, MaxTokens, Members, ModelList, PathStyle,
        ReasoningEcho, ReasoningForm, RequiredChoice, Seed, SystemMessages, ToolCallIds,
    },
};
use crate::providers::support::Field;

/// A vendor an operator can name in the configuration.
#[derive(Debug)]
pub struct Vendor {
    pub name: &'static str,
    /// Empty when every customer has an address of his own.
    pub base_url: &'static str,
    /// End of a configured base URL that the dialect's paths bring themselves.
    pub base_suffix: &'static str,
    pub key: Key,
    /// Environment variable with the key, for an entry that names none; empty when there is none by custom.
    pub key_variable: &'static str,
    /// Sent with every request.
    pub headers: &'static [(&'static str, &'static str)],
    pub dialect: Dialect,
}

/// How a vendor wants to see its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// As `authorization: Bearer`.
    Bearer,
    /// The same, where somebody set one up.
    MaybeBearer,
    /// In a header of its own.
    Header(&'static str),
}

/// Returns the row of a vendor.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

/// What the rows below change in nothing.
const PLAIN: Vendor = Vendor {
    name: "",
    base_url: "",
    base_suffix: "",
    key: Key::Bearer,
    key_variable: "",
    headers: &[],
    dialect: Dialect::GENERIC,
};

/// A server on the operator's own machine. Its templates want the instructions first and give one choice.
const LOCAL: Dialect = Dialect { choices: Choices::FanOut, system_messages: SystemMessages::First, ..Dialect::GENERIC };

pub static VENDORS: &[Vendor] = &[
    Vendor {
        name: "openai",
        base_url: "https://api.openai.com/v1",
        key_variable: "OPENAI_API_KEY",
        dialect: Dialect::OPENAI,
        ..PLAIN
    },
    Vendor {
        name: "azure",
        base_suffix: "/openai",
        key: Key::Header("api-key"),
        key_variable: "AZURE_OPENAI_API_KEY",
        dialect: Dialect {
            path: PathStyle::AzureDeployment,
            api_version: Cow::Borrowed("2024-10-21"),
            unsupported: Cow::Borrowed(&[Field::TopK, Field::WebSearch, Field::PromptCacheRetention]),
            // The list is of what could be deployed, not of the deployments.
            model_list: ModelList::None,
            ..Dialect::OPENAI
        },
        ..PLAIN
    },
    Vendor {
        name: "groq",
        base_url: "https://api.groq.com/openai/v1",
        key_variable: "GROQ_API_KEY",
        dialect: Dialect {
            max_tokens: MaxTokens::MaxCompletionTokens,
            choices: Choices::FanOut,
            tool_call_content: EmptyContent::Omit,
            json_schema_alone: true,
            reasoning_format: true,
            unsupported: Cow::Borrowed(&[
                Field::MessageName,
                Field::TopK,
                Field::LogitBias,
                Field::Logprobs,
                Field::TopLogprobs,
                Field::Verbosity,
                Field::Modalities,
                Field::Audio,
                Field::PredictedOutput,
                Field::Metadata,
                Field::WebSearch,
                Field::Store,
                Field::PromptCacheKey,
                Field::PromptCacheRetention,
            ]),
            models: Cow::Borrowed(families::GROQ),
            embeddings: false,
            ..Dialect::GENERIC
        },
        ..PLAIN
    },
    Vendor {
        name: "mistral",
        base_url: "https://api.mistral.ai/v1",
        key_variable: "MISTRAL_API_KEY",
        dialect: Dialect {
            choices: Choices::FanOut,
            assistant_last: AssistantLast::Prefix,
            tool_call_ids: ToolCallIds::Alnum9,
            tool_result_name: true,
            required_choice: RequiredChoice::Any,
            stream_options: false,
            seed: Seed::RandomSeed,
            dimensions: Dimensions::OutputDimension,
            unsupported: Cow::Borrowed(&[
                Field::MessageName,
                Field::TopK,
                Field::LogitBias,
                Field::Logprobs,
                Field::TopLogprobs,
                Field::Reasoning,
                Field::Verbosity,
                Field::Modalities,
                Field::Audio,
                Field::PredictedOutput,
                Field::Metadata,
                Field::ServiceTier,
                Field::WebSearch,
                Field::Store,
                Field::EndUserId,
                Field::PromptCacheKey,
                Field::PromptCacheRetention,
            ]),
            ..Dialect::GENERIC
        },
        ..PLAIN
    },
    Vendor {
        name: "deepseek",
        base_url: "https://api.deepseek.com",
        key_variable: "DEEPSEEK_API_KEY",
        dialect: Dialect {
            choices: Choices::FanOut,
            strict_tools: false,
            images: false,
            json_schema: false,
            reasoning: ReasoningForm::ThinkingOff,
            // Thinking before a tool call must come back with it, or the answer is 400.
            reasoning_echo: ReasoningEcho::Always,
            efforts: Cow::Borrowed(&[EffortName::Low, EffortName::High, EffortName::Max]),
            effort_map: Cow::Borrowed(&[(EffortName::Medium, EffortName::High), (EffortName::Xhigh, EffortName::High)]),
            unsupported: Cow::Borrowed(&[
                Field::TopK,
                Field::Seed,
                Field::LogitBias,
                Field::ParallelToolCalls,
                Field::Verbosity,
                Field::Modalities,
                Field::Audio,
                Field::PredictedOutput,
                Field::Metadata,
                Field::ServiceTier,
                Field::WebSearch,
                Field::Store,
                Field::EndUserId,
                Field::PromptCacheKey,
                Field::PromptCacheRetention,
            ]),
            embeddings: false,
            ..Dialect::GENERIC
        },
        ..PLAIN
    },
    Vendor { name: "together", base_url: "https://api.together.xyz/v1", key_variable: "TOGETHER_API_KEY", ..PLAIN },
    Vendor {
        name: "fireworks",
        base_url: "https://api.fireworks.ai/inference/v1",
        key_variable: "FIREWORKS_API_KEY",
        ..PLAIN
    },
    Vendor {
        name: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        key_variable: "OPENROUTER_API_KEY",
        headers: &[("x-title", "AI Model Gateway")],
        dialect: Dialect {
            audio_input: true,
            files: true,
            reasoning: ReasoningForm::Object,
            efforts: Cow::Borrowed(&[
                EffortName::None,
                EffortName::Minimal,
                EffortName::Low,
                EffortName::Medium,
                EffortName::High,
                EffortName::Xhigh,
            ]),
            // Adds what the request cost to its usage.
            extra_body: Members(Cow::Borrowed(r#"{"usage":{"include":true}}"#)),
            embeddings: false,
            ..Dialect::GENERIC
        },
        ..PLAIN
    },
    Vendor {
        name: "ollama",
        base_url: "http://localhost:11434/v1",
        key: Key::MaybeBearer,
        key_variable: "OLLAMA_API_KEY",
        dialect: Dialect {
            strict_tools: false,
            required_choice: RequiredChoice::Drop,
            image_urls: false,
            unsupported: Cow::Borrowed(&[
                Field::TopK,
                Field::LogitBias,
                Field::ParallelToolCalls,
                Field::Verbosity,
                Field::Modalities,
                Field::Audio,
                Field::PredictedOutput,
                Field::Metadata,
                Field::ServiceTier,
                Field::WebSearch,
                Field::Store,
                Field::EndUserId,
                Field::PromptCacheKey,
                Field::PromptCacheRetention,
            ]),
            ..LOCAL
        },
        ..PLAIN
    },
    Vendor {
        name: "vllm",
        base_url: "http://localhost:8000/v1",
        key: Key::MaybeBearer,
        key_variable: "VLLM_API_KEY",
        dialect: Dialect {
            choices: Choices::Native,
            reasoning: ReasoningForm::ChatTemplate,
            base64_vectors: true,
            token_inputs: true,
            ..LOCAL
        },
        ..PLAIN
    },
    Vendor {
        name: "sglang",
        base_url: "http://localhost:30000/v1",
        key: Key::MaybeBearer,
        key_variable: "SGLANG_API_KEY",
        dialect: Dialect {
            choices: Choices::Native,
            reasoning: ReasoningForm::ChatTemplate,
            token_inputs: true,
            ..LOCAL
        },
        ..PLAIN
    },
    Vendor {
        name: "llama-cpp",
        base_url: "http://localhost:8080/v1",
        key: Key::MaybeBearer,
        key_variable: "LLAMA_API_KEY",
        dialect: Dialect {
            reasoning: ReasoningForm::ChatTemplate,
            base64_vectors: true,
            token_inputs: true,
            dimensions: Dimensions::Never,
            ..LOCAL
        },
        ..PLAIN
    },
    Vendor {
        name: "lm-studio",
        base_url: "http://localhost:1234/v1",
        key: Key::MaybeBearer,
        key_variable: "LM_STUDIO_API_KEY",
        dialect: Dialect { json_object: false, image_urls: false, dimensions: Dimensions::Never, ..LOCAL },
        ..PLAIN
    },
];
