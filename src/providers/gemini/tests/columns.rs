//! What the table says of each family is what the encoder does.

use crate::providers::{
    gemini::{GeminiAdapter, GeminiDefaults},
    support::tests::check_column,
};

const MODELS: &[&str] = &[
    "gemini-1.5-pro",
    "gemini-2.0-flash",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-2.5-flash-preview-tts",
    "gemini-3-pro-preview",
    "gemini-3-flash-preview",
    "gemini-3.1-pro-preview",
    "gemini-3.6-flash",
    "gemini-3.8-flash",
    "gemini-4-argon",
    "gemini-9-unknown",
    "gemma-3-27b-it",
];

#[test]
fn every_family_keeps_its_column() {
    for model in MODELS {
        check_column(&GeminiAdapter::default(), model);
    }
}

#[test]
fn what_an_operator_sets_keeps_the_column_true() {
    let defaults = GeminiDefaults {
        allow_logprobs: true,
        inline_media: true,
        openapi_schemas: true,
        ..GeminiDefaults::with_threshold("OFF")
    };
    for model in MODELS {
        check_column(&GeminiAdapter::new(defaults.clone()), model);
    }
}
