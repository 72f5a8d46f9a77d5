//! From Gemini's token counters to the contract's inclusive totals.

use super::chunk::UsageMetadata;
use crate::domain::usage::{Usage, UsageSource};

/// Returns the usage so far; nothing when no counter is there. Single counters the service leaves out are zero: it
/// leaves out zeros.
pub fn usage(metadata: &UsageMetadata<'_>) -> Option<Usage> {
    let counters = [metadata.prompt_token_count, metadata.candidates_token_count, metadata.total_token_count];
    if counters.iter().all(Option::is_none) {
        return None;
    }
    let zero = |counter: Option<u64>| counter.unwrap_or(0);
    let input = zero(metadata.prompt_token_count).saturating_add(zero(metadata.tool_use_prompt_token_count));
    let (candidates, thoughts) = (zero(metadata.candidates_token_count), zero(metadata.thoughts_token_count));
    // Most models count thinking apart from candidates, some count it among them; the total tells which.
    let thoughts_are_inside = metadata.total_token_count == Some(input.saturating_add(candidates));
    let output = if thoughts_are_inside { candidates } else { candidates.saturating_add(thoughts) };
    let (prompt, tools) = (metadata.prompt_tokens_details, metadata.tool_use_prompt_tokens_details);
    Some(Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        total_tokens: metadata.total_token_count.or(Some(input.saturating_add(output))),
        cached_input_tokens: Some(zero(metadata.cached_content_token_count)),
        reasoning_tokens: Some(thoughts),
        audio_input_tokens: sum(prompt.audio, tools.audio),
        audio_output_tokens: metadata.candidates_tokens_details.audio,
        image_input_tokens: sum(prompt.image, tools.image),
        source: UsageSource::Provider,
        ..Usage::default()
    })
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.map(|a| a.saturating_add(b.unwrap_or(0))).or(b)
}
