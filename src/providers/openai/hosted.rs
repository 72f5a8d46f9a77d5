//! Compatible vendors in the cloud, one row each.

use std::borrow::Cow;

use super::{
    dialect::Dialect,
    families,
    switches::{
        AssistantLast, Choices, Dimensions, EffortName, EmptyContent, KeyTests, MaxTokens, Members, ModelList,
        PathStyle, ReasoningEcho, ReasoningForm, RequiredChoice, Seed, ToolCallIds,
    },
    vendor::{Key, PLAIN, Vendor},
};
use crate::providers::support::Field;

/// Nobody reads the list of models without a key.
const PRIVATE_LIST: Dialect = Dialect { key_test: KeyTests::Models, ..Dialect::GENERIC };

pub static HOSTED: &[Vendor] = &[
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
            key_test: KeyTests::Deployable,
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
            ..PRIVATE_LIST
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
            ..PRIVATE_LIST
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
            ..PRIVATE_LIST
        },
        ..PLAIN
    },
    Vendor {
        name: "together",
        base_url: "https://api.together.xyz/v1",
        key_variable: "TOGETHER_API_KEY",
        dialect: PRIVATE_LIST,
        ..PLAIN
    },
    Vendor {
        name: "fireworks",
        base_url: "https://api.fireworks.ai/inference/v1",
        key_variable: "FIREWORKS_API_KEY",
        dialect: PRIVATE_LIST,
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
            // Everybody may read the list of models.
            key_test: KeyTests::Key,
            ..Dialect::GENERIC
        },
        ..PLAIN
    },
    Vendor {
        name: "z-ai",
        base_url: "https://api.z.ai/api/paas/v4",
        key_variable: "Z_AI_API_KEY",
        dialect: Dialect {
            choices: Choices::FanOut,
            strict_tools: false,
            json_schema: false,
            reasoning: ReasoningForm::Thinking,
            // Usage comes unasked.
            stream_options: false,
            unsupported: Cow::Borrowed(&[
                Field::TopK,
                Field::Seed,
                Field::LogitBias,
                Field::Logprobs,
                Field::TopLogprobs,
                Field::FrequencyPenalty,
                Field::PresencePenalty,
                Field::ParallelToolCalls,
                Field::MessageName,
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
];
