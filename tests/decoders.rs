//! Replays what fuzzing found, so that every ordinary test run checks it: the same checks over the same inputs.
//! `tests/fuzz/README.md` says how to look for more.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fuzz/src/lib.rs"]
mod fuzz;

use std::{fs, path::Path};

use ai_model_gateway::providers::{
    anthropic::AnthropicAdapter,
    gemini::GeminiAdapter,
    openai::{Dialect, OpenAiAdapter},
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

#[test]
fn sse() {
    replay("sse", fuzz::check_sse);
}

#[test]
fn anthropic() {
    replay("anthropic", |input| fuzz::check_adapter(&AnthropicAdapter, input));
}

#[test]
fn gemini() {
    replay("gemini", |input| fuzz::check_adapter(&GeminiAdapter::default(), input));
}

#[test]
fn openai() {
    replay("openai", |input| fuzz::check_adapter(&OpenAiAdapter::new(Dialect::OPENAI), input));
}

#[test]
fn sonar() {
    replay("sonar", |input| fuzz::check_adapter(&OpenAiAdapter::new(Dialect::SONAR), input));
}
