//! From Gemini's token counters to the contract's inclusive totals.

use super::chunk::UsageMetadata;
use crate::domain::usage::{Usage, UsageSource};

/// Returns the usage so far. Counters the service leaves out are zero: it leaves out zeros.
pub fn usage(metadata: &UsageMetadata<'_>) -> Usage {
    let input = metadata.prompt_token_count.saturating_add(metadata.tool_use_prompt_token_count);
    let candidates = metadata.candidates_token_count;
    let thoughts = metadata.thoughts_token_count;
    // Most models count thinking apart from candidates, some count it among them; the total tells which.
    let thoughts_are_inside = metadata.total_token_count == Some(input.saturating_add(candidates));
    let output = if thoughts_are_inside { candidates } else { candidates.saturating_add(thoughts) };
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        total_tokens: metadata.total_token_count.or(Some(input.saturating_add(output))),
        cached_input_tokens: Some(metadata.cached_content_token_count),
        reasoning_tokens: Some(thoughts),
        audio_input_tokens: metadata.prompt_tokens_details.audio,
        audio_output_tokens: metadata.candidates_tokens_details.audio,
        image_input_tokens: metadata.prompt_tokens_details.image,
        source: UsageSource::Provider,
        ..Usage::default()
    }
}
