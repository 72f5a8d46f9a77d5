//! Writes how the answer shall look and how much the model shall think.

use super::{
    context::Context,
    dialect::AnswerFormat,
    schema::{ANY_OBJECT, object_schema},
    wire::{JsonSchema, Reasoning, Request, ResponseFormat, TextFormat},
};
use crate::{
    domain::chat::{self, ChatRequest, Effort, ReasoningAmount, Verbosity},
    providers::{adapter::EncodeError, support::Field},
};

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    if let Some(format) = &request.response_format {
        match cx.dialect.answer_format {
            AnswerFormat::Text => wire.text.format = Some(text_format(format)?),
            AnswerFormat::TopLevel => wire.response_format = response_format(cx, format)?,
        }
    }
    let verbosity = request.verbosity.map(|verbosity| match verbosity {
        Verbosity::Low => "low",
        Verbosity::Medium => "medium",
        Verbosity::High => "high",
    });
    wire.text.verbosity = cx.keep(Field::Verbosity, verbosity);
    wire.reasoning = request.reasoning.as_ref().and_then(|wish| reasoning(cx, wish));
    Ok(())
}

fn text_format(format: &chat::ResponseFormat) -> Result<TextFormat<'_>, EncodeError> {
    Ok(match format {
        chat::ResponseFormat::Text => TextFormat::Text,
        chat::ResponseFormat::JsonObject => TextFormat::JsonObject,
        chat::ResponseFormat::JsonSchema { name, description, schema, strict } => {
            TextFormat::JsonSchema(json_schema(name, description, schema, *strict)?)
        }
    })
}

fn response_format<'a>(
    cx: &mut Context<'_>,
    format: &'a chat::ResponseFormat,
) -> Result<Option<ResponseFormat<'a>>, EncodeError> {
    let json_schema = match format {
        chat::ResponseFormat::Text => return Ok(None),
        chat::ResponseFormat::JsonObject => {
            cx.warnings.rewritten("prompt.response_format", "sent as a schema that allows any object");
            json_schema("object", "", ANY_OBJECT, None)?
        }
        chat::ResponseFormat::JsonSchema { name, description, schema, strict } => {
            json_schema(name, description, schema, *strict)?
        }
    };
    Ok(Some(ResponseFormat::JsonSchema { json_schema }))
}

fn json_schema<'a>(
    name: &'a str,
    description: &'a str,
    schema: &'a str,
    strict: Option<bool>,
) -> Result<JsonSchema<'a>, EncodeError> {
    let schema = if schema.is_empty() { ANY_OBJECT } else { schema };
    let schema = object_schema(schema, || "prompt.response_format.json_schema.schema".to_owned())?;
    Ok(JsonSchema { name, description, schema, strict })
}

fn reasoning(cx: &mut Context<'_>, wish: &chat::Reasoning) -> Option<Reasoning> {
    let effort = match wish.amount {
        Some(ReasoningAmount::Effort(effort)) => cx.keep(Field::Reasoning, Some(effort)),
        Some(ReasoningAmount::BudgetTokens(tokens)) => {
            let effort = cx.keep(Field::ReasoningBudget, Some(effort_of(tokens)));
            if let Some(effort) = effort {
                let message = format!("sent as effort `{}`; the provider takes no budget", effort.as_str());
                cx.warnings.rewritten("prompt.reasoning.budget_tokens", message);
            }
            effort
        }
        None => None,
    };
    let effort = effort.map(|effort| nearest(cx, effort).as_str());
    let summary = cx.keep(Field::ReasoningInclude, wish.include.filter(|include| *include)).map(|_| "auto");
    (effort.is_some() || summary.is_some()).then_some(Reasoning { effort, summary })
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

/// Lowest first.
const EFFORTS: [Effort; 7] =
    [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];

/// Returns the effort the model knows that is nearest to the wish; of two equally near ones the lower.
fn nearest(cx: &mut Context<'_>, wish: Effort) -> Effort {
    let words = cx.dialect.efforts_of(cx.model);
    let known = EFFORTS.iter().copied().filter(|effort| words.iter().any(|word| word == effort.as_str()));
    match known.min_by_key(|effort| (*effort as u8).abs_diff(wish as u8)) {
        Some(best) if best != wish => {
            let message = format!("sent as `{}`, the nearest the model knows", best.as_str());
            cx.warnings.rewritten("prompt.reasoning.effort", message);
            best
        }
        Some(_) | None => wish,
    }
}
