//! Replays what fuzzing found, so that every ordinary test run checks it: the same checks over the same inputs.
//! `tests/fuzz/README.md` says how to look for more.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fuzz/src/lib.rs"]
mod fuzz;

use std::{fs, path::Path};

use ai_model_gateway::providers::{
    adapter::Adapter,
    anthropic::AnthropicAdapter,
    gemini::GeminiAdapter,
    gigachat::{GigaChatAdapter, GigaChatTokens},
    openai::{self, OpenAiAdapter},
    responses::{self, ResponsesAdapter},
    two_formats::{PerplexityApi, TwoFormats, XaiApi},
};

/// Runs a check over a folder of the corpus and says how many inputs there were.
fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    let mut count = 0;
    for file in files {
        check(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    println!("{target}: {count} inputs");
    assert!(count > 0, "{target} has no inputs");
}

fn replay_adapter(target: &str, adapter: &dyn Adapter) {
    replay(target, |input| fuzz::check_adapter(adapter, input));
}

#[test]
fn sse() {
    replay("sse", fuzz::check_sse);
}

#[test]
fn openai() {
    replay_adapter("openai", &OpenAiAdapter::new(openai::Dialect::OPENAI));
}

#[test]
fn sonar() {
    replay_adapter("sonar", &OpenAiAdapter::new(openai::Dialect::SONAR));
}

#[test]
fn responses() {
    replay_adapter("responses", &ResponsesAdapter::new(responses::Dialect::OPENAI));
}

#[test]
fn agent() {
    replay_adapter("agent", &TwoFormats::perplexity(PerplexityApi::Agent));
}

#[test]
fn xai() {
    replay_adapter("xai", &TwoFormats::xai(XaiApi::Mixed));
}

#[test]
fn gemini() {
    replay_adapter("gemini", &GeminiAdapter::default());
}

#[test]
fn anthropic() {
    replay_adapter("anthropic", &AnthropicAdapter);
}

#[test]
fn gigachat() {
    replay_adapter("gigachat", &GigaChatAdapter::default());
}

#[test]
fn gigachat_tokens() {
    replay("gigachat_tokens", |input| fuzz::check_tokens(&GigaChatTokens::default(), input));
}

#[test]
fn key_import() {
    replay("key_import", fuzz::check_import);
}
