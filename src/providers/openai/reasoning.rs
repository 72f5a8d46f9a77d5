//! Writes how much the model shall think.

use super::{
    context::Context,
    switches::ReasoningForm,
    wire::{ChatTemplate, Reasoning, Request, Thinking},
};
use crate::{
    domain::chat::{self, Effort, ReasoningAmount},
    providers::support::Field,
};

pub fn encode(cx: &mut Context<'_>, wish: &chat::Reasoning, wire: &mut Request<'_>) {
    if !cx.takes(Field::Reasoning) {
        return;
    }
    let include = cx.keep(Field::ReasoningInclude, wish.include);
    if cx.dialect.reasoning == ReasoningForm::Object {
        let mut object = Reasoning { exclude: include.map(|include| !include), ..Reasoning::default() };
        match wish.amount {
            Some(ReasoningAmount::Effort(effort)) => object.effort = Some(nearest(cx, effort).as_str()),
            Some(ReasoningAmount::BudgetTokens(tokens)) => object.max_tokens = Some(tokens),
            None => {}
        }
        wire.reasoning = Some(object);
        return;
    }
    wire.reasoning_format = include.map(|include| if include { "parsed" } else { "hidden" });
    let Some(amount) = wish.amount else { return };
    match cx.dialect.reasoning {
        ReasoningForm::Object => {}
        ReasoningForm::Effort => wire.reasoning_effort = Some(effort(cx, amount).as_str()),
        ReasoningForm::ThinkingOff if is_off(amount) => wire.thinking = Some(Thinking { kind: "disabled" }),
        ReasoningForm::ThinkingOff => wire.reasoning_effort = Some(effort(cx, amount).as_str()),
        ReasoningForm::Thinking => {
            let kind = if switch(cx, amount) { "enabled" } else { "disabled" };
            wire.thinking = Some(Thinking { kind });
        }
        ReasoningForm::ChatTemplate => {
            wire.chat_template_kwargs = Some(ChatTemplate { enable_thinking: switch(cx, amount) });
        }
    }
}

fn is_off(amount: ReasoningAmount) -> bool {
    matches!(amount, ReasoningAmount::Effort(Effort::None) | ReasoningAmount::BudgetTokens(0))
}

/// Returns whether to think at all, for providers that know nothing in between.
fn switch(cx: &mut Context<'_>, amount: ReasoningAmount) -> bool {
    if !is_off(amount) {
        cx.warnings.rewritten(place(amount), "thinking is switched on; the provider knows no amounts");
    }
    !is_off(amount)
}

fn place(amount: ReasoningAmount) -> &'static str {
    match amount {
        ReasoningAmount::Effort(_) => "prompt.reasoning.effort",
        ReasoningAmount::BudgetTokens(_) => "prompt.reasoning.budget_tokens",
    }
}

fn effort(cx: &mut Context<'_>, amount: ReasoningAmount) -> Effort {
    match amount {
        ReasoningAmount::Effort(effort) => nearest(cx, effort),
        ReasoningAmount::BudgetTokens(tokens) => {
            let effort = best(cx, effort_of(tokens));
            let message = format!("sent as effort `{}`; the provider takes no budget", effort.as_str());
            cx.warnings.rewritten(place(amount), message);
            effort
        }
    }
}

/// Returns the effort that spends about so many tokens.
fn effort_of(budget_tokens: u32) -> Effort {
    match budget_tokens {
        0 => Effort::None,
        1..=1024 => Effort::Low,
        1025..=8192 => Effort::Medium,
        _ => Effort::High,
    }
}

fn nearest(cx: &mut Context<'_>, wish: Effort) -> Effort {
    let best = best(cx, wish);
    if best != wish {
        let message = format!("sent as `{}`, the nearest the model knows", best.as_str());
        cx.warnings.rewritten("prompt.reasoning.effort", message);
    }
    best
}

/// Returns the effort the model knows that is nearest to the wish; of two equally near ones the cheaper.
fn best(cx: &Context<'_>, wish: Effort) -> Effort {
    if let Some((_, other)) = cx.dialect.effort_map.iter().find(|(known, _)| known.effort() == wish) {
        return other.effort();
    }
    let distance = |effort: Effort| (effort as i8 - wish as i8).unsigned_abs();
    let known = cx.dialect.efforts(cx.model).iter().map(|name| name.effort());
    known.min_by_key(|effort| (distance(*effort), *effort as u8)).unwrap_or(wish)
}
