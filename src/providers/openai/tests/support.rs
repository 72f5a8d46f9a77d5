//! Which adapter reads which fixture, and how.

use http::HeaderMap;
use serde_json::Value;

use crate::{
    domain::{completion::ChatCompletion, event::ChatEvent, failure::UpstreamFailure},
    providers::{
        adapter::{Adapter, Memo, Reply},
        openai::{Dialect, OpenAiAdapter, vendor::Vendor, vendors::vendor},
        testing::{
            answer,
            files::entries,
            streams::{Read, read},
        },
    },
};

/// Returns the names of the vendors' folders.
pub fn vendor_folders() -> Vec<String> {
    entries("vendors")
}

/// Returns the paths of every vendor's fixture of a kind, `vendors/groq/stream`.
pub fn vendor_fixtures(kind: &str) -> Vec<String> {
    vendor_folders().into_iter().map(|folder| format!("vendors/{folder}/{kind}")).collect()
}

/// Returns the row of the vendor whose fixture this is.
pub fn vendor_of(path: &str) -> Option<&'static Vendor> {
    vendor(path.strip_prefix("vendors/")?.split('/').next()?)
}

pub fn dialect_of(path: &str) -> Dialect {
    if let Some(vendor) = vendor_of(path) {
        return vendor.dialect.clone();
    }
    match path.split_once('/') {
        Some(("xai", _)) => Dialect::XAI,
        Some(("perplexity", _)) => Dialect::SONAR,
        Some((_, name)) if name.starts_with("generic-") => Dialect::GENERIC,
        _ => Dialect::OPENAI,
    }
}

pub fn adapter_of(path: &str) -> OpenAiAdapter {
    OpenAiAdapter::new(dialect_of(path))
}

/// Runs a stream through the parser and a decoder, in pieces of one size.
pub fn run(adapter: &OpenAiAdapter, body: &[u8], size: usize) -> Read {
    read(adapter, &Memo::default(), body.chunks(size))
}

pub fn run_text(dialect: Dialect, body: &str) -> Read {
    run(&OpenAiAdapter::new(dialect), body.as_bytes(), usize::MAX)
}

pub fn decode(adapter: &OpenAiAdapter, body: &str) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    adapter.decode(&Memo::default(), Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() })
}

/// Compares usage with the client's side, as far as that says something.
pub fn check_usage(name: &str, completion: &ChatCompletion, expected: &Value) {
    if !expected.is_object() {
        return;
    }
    answer::check_usage(name, completion, expected);
    let usage = completion.usage.as_ref().unwrap_or_else(|| panic!("{name}: no usage"));
    let (prompt, output) = (&expected["prompt_tokens_details"], &expected["completion_tokens_details"]);
    let pairs = [
        ("audio in", usage.audio_input_tokens, &prompt["audio_tokens"]),
        ("audio out", usage.audio_output_tokens, &output["audio_tokens"]),
        ("accepted", usage.accepted_prediction_tokens, &output["accepted_prediction_tokens"]),
    ];
    for (what, ours, theirs) in pairs.into_iter().filter(|(_, _, theirs)| !theirs.is_null()) {
        assert_eq!(ours, theirs.as_u64(), "{name}: {what} tokens");
    }
}
