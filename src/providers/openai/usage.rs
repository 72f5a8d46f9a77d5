//! Reads what a server says it consumed, in the several spellings there are.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::usage::{Cost, CostBasis, Usage, UsageSource},
    providers::lenient::{Count, Object},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage<'a> {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    /// Sonar counts its thinking here, apart from everything else.
    reasoning_tokens: Count,
    prompt_cache_hit_tokens: Count,
    prompt_tokens_details: Object<PromptDetails>,
    completion_tokens_details: Object<CompletionDetails>,
    /// Ten thousand millions of them are one US dollar.
    cost_in_usd_ticks: Count,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Count,
    audio_tokens: Count,
    accepted_prediction_tokens: Count,
    rejected_prediction_tokens: Count,
}

/// US dollars.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WireCost {
    Total(f64),
    Itemized { total_cost: Option<f64> },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Nested<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// Reads a `usage` member; nothing when it is none or counts nothing.
pub fn read(raw: &RawValue) -> Option<(Usage, Option<Cost>)> {
    let wire: WireUsage<'_> = serde_json::from_str(raw.get()).ok()?;
    if wire.prompt_tokens.0.is_none() && wire.completion_tokens.0.is_none() && wire.total_tokens.0.is_none() {
        return None;
    }
    let prompt = wire.prompt_tokens_details.0.unwrap_or_default();
    let completion = wire.completion_tokens_details.0.unwrap_or_default();
    let usage = Usage {
        input_tokens: wire.prompt_tokens.0,
        output_tokens: wire.completion_tokens.0,
        total_tokens: wire.total_tokens.0.filter(|total| *total > 0),
        cached_input_tokens: prompt.cached_tokens.0.or(wire.prompt_cache_hit_tokens.0),
        cache_write_input_tokens: prompt.cache_write_tokens.0,
        reasoning_tokens: completion.reasoning_tokens.0.or(wire.reasoning_tokens.0),
        audio_input_tokens: prompt.audio_tokens.0,
        audio_output_tokens: completion.audio_tokens.0,
        image_input_tokens: prompt.image_tokens.0,
        accepted_prediction_tokens: completion.accepted_prediction_tokens.0,
        rejected_prediction_tokens: completion.rejected_prediction_tokens.0,
        source: UsageSource::Provider,
    };
    Some((inclusive(usage), read_cost(wire.cost_in_usd_ticks, wire.cost)))
}

/// Reads `{"usage": ..}`, which is how Groq wraps its first report.
pub fn read_nested(raw: &RawValue) -> Option<(Usage, Option<Cost>)> {
    let nested: Nested<'_> = serde_json::from_str(raw.get()).ok()?;
    read(nested.usage?)
}

/// Makes the totals inclusive: some servers count thinking, and now and then cached input, apart from them. Their own
/// total gives it away.
fn inclusive(mut usage: Usage) -> Usage {
    if let (Some(input), Some(output), Some(total), Some(reasoning)) =
        (usage.input_tokens, usage.output_tokens, usage.total_tokens, usage.reasoning_tokens)
    {
        let apart = input.saturating_add(output).saturating_add(reasoning);
        if reasoning > 0 && apart == total {
            usage.output_tokens = Some(output.saturating_add(reasoning));
        }
    }
    if let (Some(input), Some(cached)) = (usage.input_tokens, usage.cached_input_tokens)
        && cached > input
    {
        usage.input_tokens = Some(input.saturating_add(cached));
        usage.total_tokens = usage.total_tokens.map(|total| total.saturating_add(cached));
    }
    if let (Some(input), Some(output), None) = (usage.input_tokens, usage.output_tokens, usage.total_tokens) {
        usage.total_tokens = Some(input.saturating_add(output));
    }
    usage
}

fn read_cost(ticks: Count, cost: Option<&RawValue>) -> Option<Cost> {
    let nano_usd = match (ticks.0, cost) {
        (Some(ticks), _) => i64::try_from(ticks / 10).ok()?,
        (None, Some(raw)) => {
            let usd = match serde_json::from_str(raw.get()).ok()? {
                WireCost::Total(usd) => usd,
                WireCost::Itemized { total_cost } => total_cost?,
            };
            (usd.is_finite() && usd >= 0.0).then_some((usd * 1e9).round() as i64)?
        }
        (None, None) => return None,
    };
    Some(Cost { nano_usd: Some(nano_usd), basis: CostBasis::Provider })
}
