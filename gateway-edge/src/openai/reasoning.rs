//! How much to think, in the words of three families of clients.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{error::Failure, pb};

use super::{
    body::ReasoningBody,
    lenient::{Int, Str},
    options::count,
    words::{EFFORTS, one_of},
};
use pb::reasoning_options::Amount;

/// What a request says about thinking, wherever it says it.
pub struct Wishes<'a> {
    pub effort: Option<Str<'a>>,
    pub reasoning: Option<ReasoningBody<'a>>,
    pub include: Option<bool>,
    pub thinking: Option<Thinking>,
}

/// `{"type":"enabled","budget_tokens":1024}`.
#[derive(Debug, Deserialize)]
pub struct Thinking {
    r#type: Option<String>,
    budget_tokens: Option<Int>,
}

impl Thinking {
    /// Reads `thinking` when it says how much; otherwise it is a switch that only its vendor understands.
    pub fn read(raw: &RawValue) -> Option<Self> {
        let thinking: Self = serde_json::from_str(raw.get()).ok()?;
        (thinking.budget_tokens.is_some() || thinking.is_off()).then_some(thinking)
    }

    fn is_off(&self) -> bool {
        self.r#type.as_deref() == Some("disabled")
    }
}

/// Joins the wishes. OpenAI's own member wins, then the one with more to say.
pub fn read(wishes: Wishes<'_>) -> Result<Option<pb::ReasoningOptions>, Failure> {
    let (mut amount, mut include) = (None, wishes.include);
    if let Some(thinking) = wishes.thinking {
        let budget = if thinking.is_off() { Some(Int(0)) } else { thinking.budget_tokens };
        amount = count(budget, "thinking.budget_tokens")?.map(Amount::BudgetTokens);
    }
    if let Some(body) = wishes.reasoning {
        let budget = count(body.max_tokens, "reasoning.max_tokens")?;
        amount = match (body.effort, budget, body.enabled) {
            (Some(effort), _, _) => Some(level(&effort, "reasoning.effort")?),
            (None, Some(budget), _) => Some(Amount::BudgetTokens(budget)),
            (None, None, Some(false)) => Some(Amount::Effort(pb::ReasoningEffort::None.into())),
            (None, None, Some(true)) => Some(Amount::Effort(pb::ReasoningEffort::Medium.into())),
            (None, None, None) => amount,
        };
        include = body.exclude.map(|exclude| !exclude).or(include);
    }
    if let Some(effort) = wishes.effort {
        amount = Some(level(&effort, "reasoning_effort")?);
    }
    Ok((amount.is_some() || include.is_some()).then_some(pb::ReasoningOptions { amount, include }))
}

/// Reads a level of effort that stands at `param`.
pub fn level(effort: &str, param: &str) -> Result<Amount, Failure> {
    Ok(Amount::Effort(one_of(effort, EFFORTS, || param.to_owned())?.into()))
}
