//! How much the model shall think, in the way its generation takes it.

use super::{
    family::{Family, ThinkingControl},
    wire::{OutputConfig, Request, Thinking},
};
use crate::{
    domain::chat::{ChatRequest, Effort, Message, Part, ReasoningAmount, Role},
    providers::warnings::Warnings,
};

/// Least budget the provider takes.
const MIN_BUDGET: u32 = 1024;

pub fn thinking<'a>(request: &'a ChatRequest, family: &Family, wire: &mut Request<'a>, warnings: &mut Warnings) {
    let Some(reasoning) = &request.reasoning else { return };
    // What is shown by default changes from model to model.
    let display = if reasoning.include == Some(false) { "omitted" } else { "summarized" };
    match (family.thinking, reasoning.amount) {
        (ThinkingControl::Budget, Some(amount)) => by_budget(amount, request, wire, warnings),
        (ThinkingControl::Effort { xhigh }, Some(amount)) => by_effort(amount, xhigh, display, wire, warnings),
        (ThinkingControl::Effort { .. }, None) if reasoning.include == Some(true) => {
            wire.thinking = Some(Thinking::Adaptive { display });
            free_sampling(wire, warnings);
        }
        // The table has warned of models that do not think.
        _ => {}
    }
}

fn by_effort(
    amount: ReasoningAmount,
    xhigh: bool,
    display: &'static str,
    wire: &mut Request<'_>,
    warnings: &mut Warnings,
) {
    let (effort, exact) = match amount {
        ReasoningAmount::Effort(Effort::Xhigh) if xhigh => (Some("xhigh"), true),
        ReasoningAmount::Effort(effort) => (word(effort), !matches!(effort, Effort::Minimal | Effort::Xhigh)),
        ReasoningAmount::BudgetTokens(tokens) => (word(effort_of(tokens)), false),
    };
    let field = match amount {
        ReasoningAmount::Effort(_) => "prompt.reasoning.effort",
        ReasoningAmount::BudgetTokens(_) => "prompt.reasoning.budget_tokens",
    };
    if !exact {
        warnings.rewritten(field, format!("sent as `{}`", effort.unwrap_or("none")));
    }
    let Some(effort) = effort else {
        wire.thinking = Some(Thinking::Disabled);
        return;
    };
    wire.thinking = Some(Thinking::Adaptive { display });
    wire.output_config.get_or_insert_with(OutputConfig::default).effort = Some(effort);
    free_sampling(wire, warnings);
}

fn by_budget(amount: ReasoningAmount, request: &ChatRequest, wire: &mut Request<'_>, warnings: &mut Warnings) {
    let wanted = match amount {
        ReasoningAmount::Effort(effort) => budget_of(effort),
        ReasoningAmount::BudgetTokens(tokens) => tokens,
    };
    if wanted == 0 {
        wire.thinking = Some(Thinking::Disabled);
        return;
    }
    if let Some(why) = obstacle(request, wire) {
        warnings.dropped("prompt.reasoning", why);
        return;
    }
    // The budget is part of the limit.
    let budget = wanted.max(MIN_BUDGET).min(wire.max_tokens.saturating_sub(1));
    if let ReasoningAmount::Effort(effort) = amount {
        let message = format!("`{}` is sent as a budget of {budget} tokens", effort.as_str());
        warnings.rewritten("prompt.reasoning.effort", message);
    } else if budget != wanted {
        warnings.rewritten("prompt.reasoning.budget_tokens", format!("sent as {budget}"));
    }
    wire.thinking = Some(Thinking::Enabled { budget_tokens: budget });
    free_sampling(wire, warnings);
}

/// Says why this request cannot have thinking, although the model could.
fn obstacle(request: &ChatRequest, wire: &Request<'_>) -> Option<&'static str> {
    if wire.max_tokens <= MIN_BUDGET {
        return Some("the limit of output tokens leaves no room to think");
    }
    if wire.tool_choice.as_ref().is_some_and(|choice| choice.r#type == "any" || choice.r#type == "tool") {
        return Some("this model cannot think when it must call a tool");
    }
    let turn = request.messages.iter().rev().take_while(|message| message.role != Role::User);
    let calls_without_thought = |message: &Message| {
        let has = |wanted: fn(&Part) -> bool| message.parts.iter().any(wanted);
        has(|part| matches!(part, Part::ToolCall(_))) && !has(|part| matches!(part, Part::ProviderState(_)))
    };
    turn.into_iter().any(calls_without_thought).then_some(
        "the calls of this turn came back without the thinking that led to them, so the model cannot go on thinking",
    )
}

/// Thinking goes with the provider's own sampling only.
fn free_sampling(wire: &mut Request<'_>, warnings: &mut Warnings) {
    let why = "the model samples in its own way while it thinks";
    if wire.temperature.take_if(|temperature| *temperature != 1.0).is_some() {
        warnings.dropped("prompt.temperature", why);
    }
    if wire.top_k.take().is_some() {
        warnings.dropped("prompt.top_k", why);
    }
    if wire.top_p.take_if(|top_p| *top_p < 0.95).is_some() {
        warnings.dropped("prompt.top_p", why);
    }
}

fn budget_of(effort: Effort) -> u32 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => MIN_BUDGET,
        Effort::Low => 2048,
        Effort::Medium => 8192,
        Effort::High => 16_384,
        Effort::Xhigh | Effort::Max => 32_000,
    }
}

fn effort_of(budget_tokens: u32) -> Effort {
    match budget_tokens {
        0 => Effort::None,
        1..=4096 => Effort::Low,
        4097..=12_288 => Effort::Medium,
        _ => Effort::High,
    }
}

fn word(effort: Effort) -> Option<&'static str> {
    match effort {
        Effort::None => None,
        Effort::Minimal | Effort::Low => Some("low"),
        Effort::Medium => Some("medium"),
        Effort::High | Effort::Xhigh => Some("high"),
        Effort::Max => Some("max"),
    }
}
