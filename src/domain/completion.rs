//! A whole completion, what the events of a stream add up to.

use super::{
    chat::Message,
    event::{AudioDelta, Citation, FinishReason, TokenLogprob},
    usage::{Attempt, Cost, Usage, Warning},
};

/// A whole completion: the fold of a stream's events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatCompletion {
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    pub provider: String,
    pub choices: Vec<Choice>,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
    pub attempts: Vec<Attempt>,
    pub warnings: Vec<Warning>,
    pub service_tier: String,
    /// A JSON object with members of the provider's reply that have no field; empty when there are none.
    pub provider_metadata: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub index: u32,
    pub message: Message,
    pub finish_reason: FinishReason,
    pub native_finish_reason: String,
    pub citations: Vec<Citation>,
    pub logprobs: Vec<TokenLogprob>,
    pub refusal_logprobs: Vec<TokenLogprob>,
    pub audio: Option<AudioDelta>,
}
