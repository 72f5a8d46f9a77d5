//! Reads what an answer consumed and cost. Thinking is part of the output here.

use serde::Deserialize;

use super::raw::{Raw, count, number, object};
use crate::domain::usage::{Cost, CostBasis, Usage as Consumed, UsageSource};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Usage<'a> {
    #[serde(borrow)]
    input_tokens: Raw<'a>,
    #[serde(borrow)]
    output_tokens: Raw<'a>,
    #[serde(borrow)]
    total_tokens: Raw<'a>,
    #[serde(borrow)]
    input_tokens_details: Raw<'a>,
    #[serde(borrow)]
    output_tokens_details: Raw<'a>,
    #[serde(borrow)]
    cost: Raw<'a>,
    /// Ten thousand millions of them are one US dollar.
    #[serde(borrow)]
    cost_in_usd_ticks: Raw<'a>,
    #[serde(borrow)]
    pub num_sources_used: Raw<'a>,
    #[serde(borrow)]
    pub num_server_side_tools_used: Raw<'a>,
    #[serde(borrow)]
    pub server_side_tool_usage_details: Raw<'a>,
    #[serde(borrow)]
    pub tool_calls_details: Raw<'a>,
}

/// Providers spell what they read from a cache and wrote to it in two ways.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input<'a> {
    #[serde(borrow)]
    cached_tokens: Raw<'a>,
    #[serde(borrow)]
    cache_read_input_tokens: Raw<'a>,
    #[serde(borrow)]
    cache_write_tokens: Raw<'a>,
    #[serde(borrow)]
    cache_creation_input_tokens: Raw<'a>,
    #[serde(borrow)]
    audio_tokens: Raw<'a>,
    #[serde(borrow)]
    image_tokens: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output<'a> {
    #[serde(borrow)]
    reasoning_tokens: Raw<'a>,
    #[serde(borrow)]
    audio_tokens: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Money<'a> {
    #[serde(borrow)]
    total_cost: Raw<'a>,
}

impl Usage<'_> {
    /// Returns the tokens; nothing when none were counted.
    pub fn tokens(&self) -> Option<Consumed> {
        let (input, output) = (count(self.input_tokens), count(self.output_tokens));
        let total = count(self.total_tokens).filter(|total| *total > 0);
        if input.is_none() && output.is_none() && total.is_none() {
            return None;
        }
        let (of_input, of_output): (Input<'_>, Output<'_>) =
            (object(self.input_tokens_details), object(self.output_tokens_details));
        let cached = count(of_input.cached_tokens.or(of_input.cache_read_input_tokens));
        // More from the cache than there is at all means that the cache was counted apart.
        let apart = input.zip(cached).filter(|(input, cached)| cached > input).map_or(0, |(_, cached)| cached);
        let sum = || Some(input?.saturating_add(output?));
        Some(Consumed {
            input_tokens: input.map(|input| input.saturating_add(apart)),
            output_tokens: output,
            total_tokens: total.or_else(sum).map(|total| total.saturating_add(apart)),
            cached_input_tokens: cached,
            cache_write_input_tokens: count(of_input.cache_write_tokens.or(of_input.cache_creation_input_tokens)),
            reasoning_tokens: count(of_output.reasoning_tokens),
            audio_input_tokens: count(of_input.audio_tokens),
            audio_output_tokens: count(of_output.audio_tokens),
            image_input_tokens: count(of_input.image_tokens),
            source: UsageSource::Provider,
            ..Consumed::default()
        })
    }

    /// Returns what the provider says it cost.
    pub fn cost(&self) -> Option<Cost> {
        let nano_usd = match count(self.cost_in_usd_ticks) {
            Some(ticks) => i64::try_from(ticks / 10).ok()?,
            None => {
                let money: Money<'_> = object(self.cost);
                let usd = number(money.total_cost).filter(|usd| usd.is_finite() && *usd >= 0.0)?;
                (usd * 1e9).round() as i64
            }
        };
        Some(Cost { nano_usd: Some(nano_usd), basis: CostBasis::Provider })
    }
}
