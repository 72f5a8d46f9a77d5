//! Writes how the answer shall look and how much the model shall think.

use serde_json::value::RawValue;

use super::{
    context::{Context, refuse},
    dialect::{Field, ReasoningForm},
    wire::{JsonSchema, Reasoning, Request, ResponseFormat, Thinking},
};
use crate::{
    domain::chat::{self, ChatRequest, Effort, ReasoningAmount},
    providers::adapter::EncodeError,
};

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    if let Some(format) = &request.response_format {
        wire.response_format = response_format(cx, format)?;
    }
    if let Some(wish) = cx.keep(Field::Reasoning, request.reasoning.as_ref()) {
        reasoning(cx, wish, wire);
    }
    Ok(())
}

/// Reads JSON text from the contract without taking it apart, so that its key order stays.
pub fn raw(text: &str, field: impl FnOnce() -> String) -> Result<Option<&RawValue>, EncodeError> {
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(raw) => Ok(Some(raw)),
        Err(error) => Err(EncodeError { field: field(), message: format!("not valid JSON: {error}") }),
    }
}

fn response_format<'a>(
    cx: &mut Context<'_>,
    format: &'a chat::ResponseFormat,
) -> Result<Option<ResponseFormat<'a>>, EncodeError> {
    let (takes_object, takes_schema) = (cx.dialect.json_object, cx.dialect.json_schema);
    match format {
        chat::ResponseFormat::Text if takes_object && takes_schema => Ok(Some(ResponseFormat::Text)),
        chat::ResponseFormat::Text => Ok(None),
        chat::ResponseFormat::JsonObject if takes_object => Ok(Some(ResponseFormat::JsonObject)),
        chat::ResponseFormat::JsonObject if takes_schema => {
            cx.rewritten("prompt.response_format", "sent as a schema that allows any object");
            let schema = raw(r#"{"type":"object"}"#, || "prompt.response_format".to_owned())?;
            let json_schema = JsonSchema { name: "object", description: "", schema, strict: None };
            Ok(Some(ResponseFormat::JsonSchema { json_schema }))
        }
        chat::ResponseFormat::JsonSchema { name, description, schema, strict } if takes_schema => {
            let schema = raw(schema, || "prompt.response_format.json_schema.schema".to_owned())?;
            let json_schema = JsonSchema { name, description, schema, strict: *strict };
            Ok(Some(ResponseFormat::JsonSchema { json_schema }))
        }
        chat::ResponseFormat::JsonSchema { .. } if takes_object => {
            cx.rewritten("prompt.response_format", "sent as any JSON object; the provider takes no schema");
            Ok(Some(ResponseFormat::JsonObject))
        }
        chat::ResponseFormat::JsonObject | chat::ResponseFormat::JsonSchema { .. } => {
            refuse("prompt.response_format", "the provider cannot be held to JSON; ask for it in the prompt")
        }
    }
}

fn reasoning(cx: &mut Context<'_>, wish: &chat::Reasoning, wire: &mut Request<'_>) {
    let exclude = wish.include.map(|include| !include);
    if cx.dialect.reasoning == ReasoningForm::Object {
        let mut object = Reasoning { exclude, ..Reasoning::default() };
        match wish.amount {
            Some(ReasoningAmount::Effort(effort)) => object.effort = Some(nearest(cx, effort).as_str()),
            Some(ReasoningAmount::BudgetTokens(tokens)) => object.max_tokens = Some(tokens),
            None => {}
        }
        wire.reasoning = Some(object);
        return;
    }
    if exclude == Some(true) {
        cx.dropped("prompt.reasoning.include", "the provider decides itself whether to show its thinking");
    }
    let effort = match wish.amount {
        Some(ReasoningAmount::Effort(effort)) => effort,
        Some(ReasoningAmount::BudgetTokens(tokens)) => {
            let effort = effort_of(tokens);
            let message = format!("sent as effort `{}`; the provider takes no budget", effort.as_str());
            cx.rewritten("prompt.reasoning.budget_tokens", message);
            effort
        }
        None => return,
    };
    if cx.dialect.reasoning == ReasoningForm::Thinking {
        let kind = if effort == Effort::None { "disabled" } else { "enabled" };
        wire.thinking = Some(Thinking { kind });
        if effort == Effort::None {
            return;
        }
    }
    wire.reasoning_effort = Some(nearest(cx, effort).as_str());
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

/// Returns the effort the model knows that is nearest to the wish; of two equally near ones the cheaper.
fn nearest(cx: &mut Context<'_>, wish: Effort) -> Effort {
    let of_model = cx.dialect.rule(cx.model).map(|rule| &*rule.efforts).filter(|efforts| !efforts.is_empty());
    let known = of_model.unwrap_or(&cx.dialect.efforts);
    let distance = |effort: Effort| (effort as i8 - wish as i8).unsigned_abs();
    let best = known.iter().map(|name| name.effort()).min_by_key(|effort| (distance(*effort), *effort as u8));
    match best {
        Some(best) if best != wish => {
            let message = format!("sent as `{}`, the nearest the model knows", best.as_str());
            cx.rewritten("prompt.reasoning.effort", message);
            best
        }
        Some(_) | None => wish,
    }
}
