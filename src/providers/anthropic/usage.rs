//! What a request consumed. Input is counted in three parts there, which do not overlap.

use serde::Deserialize;

use crate::domain::usage::{Usage, UsageSource};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireUsage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

/// What the output tokens were for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl WireUsage {
    /// Takes later counters; what they leave out stays.
    pub fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
    }

    /// Returns the totals of the contract; nothing when nothing was counted.
    pub fn usage(self) -> Option<Usage> {
        let input = self.input_tokens.map(|input| {
            let written = self.cache_creation_input_tokens.unwrap_or(0);
            input.saturating_add(written).saturating_add(self.cache_read_input_tokens.unwrap_or(0))
        });
        if input.is_none() && self.output_tokens.is_none() {
            return None;
        }
        Some(Usage {
            input_tokens: input,
            output_tokens: self.output_tokens,
            total_tokens: input.zip(self.output_tokens).map(|(input, output)| input.saturating_add(output)),
            cached_input_tokens: self.cache_read_input_tokens,
            cache_write_input_tokens: self.cache_creation_input_tokens,
            reasoning_tokens: self.output_tokens_details.and_then(|details| details.thinking_tokens),
            source: UsageSource::Provider,
            ..Usage::default()
        })
    }
}
