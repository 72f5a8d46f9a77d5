//! Compatible servers on the operator's own machines, one row each.

use std::borrow::Cow;

use super::{
    dialect::Dialect,
    switches::{Choices, Dimensions, KeyTests, ReasoningForm, RequiredChoice, SystemMessages},
    vendor::{Key, PLAIN, Vendor},
};
use crate::providers::support::Field;

/// Templates of local models want the instructions first and most servers give one choice.
const COMMON: Dialect =
    Dialect { choices: Choices::FanOut, system_messages: SystemMessages::First, ..Dialect::GENERIC };

pub static LOCAL: &[Vendor] = &[
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
            ..COMMON
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
            ..COMMON
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
            ..COMMON
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
            // The list stays open when the server has a key.
            key_test: KeyTests::Chat,
            ..COMMON
        },
        ..PLAIN
    },
    Vendor {
        name: "lm-studio",
        base_url: "http://localhost:1234/v1",
        key: Key::MaybeBearer,
        key_variable: "LM_STUDIO_API_KEY",
        dialect: Dialect { json_object: false, image_urls: false, dimensions: Dimensions::Never, ..COMMON },
        ..PLAIN
    },
];
