//! From the contract's wish about thinking to `thinkingConfig`. The numbers are those of Google's own OpenAI layer.

use super::{
    family::{Family, ThinkingControl},
    support::asks_for_none,
    wire::{Level, Thinking},
};
use crate::{
    domain::chat::{Effort, Reasoning, ReasoningAmount},
    providers::warnings::Warnings,
};

const FIELD: &str = "prompt.reasoning";

/// Returns the nearest configuration the family has, with a warning where that is not what was asked for.
pub fn thinking(reasoning: &Reasoning, family: &Family, warnings: &mut Warnings) -> Option<Thinking> {
    let mut config = Thinking::default();
    match family.thinking {
        ThinkingControl::None => return None,
        ThinkingControl::Budget { min, max, can_switch_off } => {
            config.thinking_budget = reasoning.amount.map(|amount| budget(amount, min..=max, can_switch_off, warnings));
        }
        ThinkingControl::Levels(levels) => {
            config.thinking_level = reasoning.amount.and_then(|amount| level(amount, levels, warnings));
        }
    }
    let thinks = match reasoning.amount {
        None | Some(ReasoningAmount::Effort(Effort::None | Effort::Minimal)) => false,
        Some(ReasoningAmount::Effort(Effort::Low | Effort::Medium | Effort::High | Effort::Xhigh | Effort::Max)) => {
            true
        }
        Some(ReasoningAmount::BudgetTokens(tokens)) => tokens > 0,
    };
    config.include_thoughts = reasoning.include.unwrap_or(thinks).then_some(true);
    (config != Thinking::default()).then_some(config)
}

fn budget(
    amount: ReasoningAmount,
    range: std::ops::RangeInclusive<u32>,
    can_switch_off: bool,
    warnings: &mut Warnings,
) -> u32 {
    if asks_for_none(amount) && can_switch_off {
        return 0;
    }
    let (tokens, exact) = match amount {
        ReasoningAmount::Effort(effort) => (effort_tokens(effort), false),
        ReasoningAmount::BudgetTokens(tokens) => (tokens, true),
    };
    let nearest = tokens.clamp(*range.start(), *range.end());
    // "The least the model allows" is what the effort `none` means in the contract, so that is no rewriting.
    if (!exact || nearest != tokens) && amount != ReasoningAmount::Effort(Effort::None) {
        warnings.rewritten(FIELD, format!("sent as a thinking budget of {nearest} tokens"));
    }
    nearest
}

fn effort_tokens(effort: Effort) -> u32 {
    match effort {
        Effort::None => 0,
        Effort::Minimal | Effort::Low => 1_024,
        Effort::Medium => 8_192,
        Effort::High | Effort::Xhigh | Effort::Max => 24_576,
    }
}

/// Returns the wished level, else the next higher one the model has.
fn level(amount: ReasoningAmount, levels: &[Level], warnings: &mut Warnings) -> Option<Level> {
    let (wish, exact) = match amount {
        ReasoningAmount::Effort(Effort::None) => (*levels.first()?, true),
        ReasoningAmount::Effort(Effort::Minimal) => (Level::Minimal, true),
        ReasoningAmount::Effort(Effort::Low) => (Level::Low, true),
        ReasoningAmount::Effort(Effort::Medium) => (Level::Medium, true),
        // The contract promises more than high only where the model has it.
        ReasoningAmount::Effort(Effort::High | Effort::Xhigh | Effort::Max) => (Level::High, true),
        ReasoningAmount::BudgetTokens(0) => (*levels.first()?, false),
        ReasoningAmount::BudgetTokens(1..=1_024) => (Level::Low, false),
        ReasoningAmount::BudgetTokens(1_025..=8_192) => (Level::Medium, false),
        ReasoningAmount::BudgetTokens(8_193..) => (Level::High, false),
    };
    let nearest = levels.iter().copied().find(|level| *level >= wish).or(levels.last().copied())?;
    if !exact || nearest != wish {
        warnings.rewritten(FIELD, format!("sent as the thinking level {nearest:?}").to_lowercase());
    }
    Some(nearest)
}
