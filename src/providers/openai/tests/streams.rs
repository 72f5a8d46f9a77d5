//! Stream fixtures: the provider's side decoded must say what the client's side says.

use serde_json::Value;

use super::support::{adapter_of, check_usage, run, vendor_fixtures};
use crate::{
    domain::failure::FailureClass,
    providers::testing::{
        answer::{answers, expected},
        files::fixture,
        streams::{fold, sse_body},
    },
};

pub const COMPLETE: &[&str] = &[
    "openai/stream-01-text-usage",
    "openai/stream-02-usage-swallowed",
    "openai/stream-03-parallel-tools",
    "openai/stream-05-refusal",
    "openai/stream-09-no-done-but-finished",
    "openai/generic-01-azure-stream",
    "openai/generic-03-groq-usage-twice",
    "openai/generic-07-deepseek-reasoning",
    "openai/generic-12-llamacpp-stream",
    "openai/generic-13-vllm-reasoning-field",
    "xai/stream-01-text",
    "xai/stream-02-reasoning",
    "xai/stream-03-whole-tool-calls",
    "perplexity/sonar-stream-01-full-mode",
    "perplexity/sonar-stream-02-old-object",
    "perplexity/sonar-stream-04-split-think-tags",
];

/// Returns all of them, those of vendors as well.
pub fn complete() -> Vec<String> {
    COMPLETE.iter().map(|name| (*name).to_owned()).chain(vendor_fixtures("stream")).collect()
}

pub const BROKEN: &[(&str, FailureClass)] = &[
    ("openai/stream-07-error-midway", FailureClass::ServerError),
    ("openai/stream-08-upstream-cut", FailureClass::Network),
];

#[test]
fn complete_streams() {
    for name in &complete() {
        let fixture = fixture(name);
        let (events, result) = run(&adapter_of(name), &sse_body(&fixture["provider"]).0, usize::MAX);
        assert_eq!(result, Ok(()), "{name}");
        let completion = fold(&events).unwrap_or_else(|| panic!("{name}: not finished"));

        let chunks = fixture["openai"]["chunks"].as_array().expect("chunks");
        let choices: Vec<&Value> = chunks.iter().flat_map(|c| c["choices"].as_array().expect("choices")).collect();
        assert_eq!(answers(&completion), expected(&choices), "{name}");
        let usage = chunks.iter().rev().map(|chunk| &chunk["usage"]).find(|usage| usage.is_object());
        check_usage(name, &completion, usage.unwrap_or(&Value::Null));
        for (ours, theirs) in [(&completion.id, "id"), (&completion.model, "model")] {
            assert_eq!(ours, chunks[0][theirs].as_str().expect("a text"), "{name}");
        }
        assert_eq!(Some(completion.created), chunks[0]["created"].as_i64(), "{name}");
        for member in ["citations", "search_results"] {
            let metadata: Value = serde_json::from_str(&completion.provider_metadata).unwrap_or_default();
            assert_eq!(metadata[member], chunks.last().expect("a chunk")[member], "{name}: {member}");
        }
    }
}

#[test]
fn broken_streams() {
    for (name, class) in BROKEN {
        let fixture = fixture(name);
        let (events, result) = run(&adapter_of(name), &sse_body(&fixture["provider"]).0, usize::MAX);
        let failure = result.expect_err(name);
        assert_eq!(failure.class, *class, "{name}");
        assert_eq!(fold(&events), None, "{name}");
        if *class == FailureClass::Network {
            assert_eq!(failure.code.as_deref(), Some("upstream_incomplete"));
            assert_eq!(failure.message, "the provider closed the stream before completing the answer");
        }
    }
}
