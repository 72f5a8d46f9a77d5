//! Reads wishes about thinking out of `provider_options`, where SDKs put them in the spelling of the provider their
//! users have in mind. What is clear becomes the field of the contract, so that every dialect can spell it; the rest
//! is passed on as it is.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{extras::Extras, switches::EffortName};
use crate::{
    domain::chat::{ChatRequest, Effort, Reasoning, ReasoningAmount},
    providers::adapter::EncodeError,
};

/// `reasoning` of aggregators.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Object {
    effort: Option<EffortName>,
    max_tokens: Option<u32>,
    exclude: Option<bool>,
    enabled: Option<bool>,
}

/// `thinking` of DeepSeek, GLM and Claude.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thinking {
    r#type: Switch,
    budget_tokens: Option<u32>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Enabled,
    Disabled,
}

/// `chat_template_kwargs` of local servers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    enable_thinking: bool,
}

/// Returns the request with the wish in its field; as it is when that is set already or nothing is clear.
pub fn reasoning(request: &ChatRequest) -> Result<Cow<'_, ChatRequest>, EncodeError> {
    if request.reasoning.is_some() || request.provider_options.is_empty() {
        return Ok(Cow::Borrowed(request));
    }
    let members = Extras::read(&request.provider_options)?;
    let found = members.0.iter().enumerate().find_map(|(at, (name, value))| Some((at, clear(name, value)?)));
    let Some((at, wish)) = found else { return Ok(Cow::Borrowed(request)) };
    let rest = members.0.iter().enumerate().filter(|(other, _)| *other != at);
    let rest: Vec<_> = rest.map(|(_, (name, value))| format!("{}:{value}", serde_json::Value::from(&**name))).collect();
    let provider_options = if rest.is_empty() { String::new() } else { format!("{{{}}}", rest.join(",")) };
    Ok(Cow::Owned(ChatRequest { reasoning: Some(wish), provider_options, ..request.clone() }))
}

fn clear(name: &str, value: &RawValue) -> Option<Reasoning> {
    let amount = |amount| Some(Reasoning { amount: Some(amount), include: None });
    let off = ReasoningAmount::Effort(Effort::None);
    match name {
        "reasoning" => object(serde_json::from_str(value.get()).ok()?),
        "thinking" => {
            let Thinking { r#type, budget_tokens } = serde_json::from_str(value.get()).ok()?;
            if r#type == Switch::Disabled { amount(off) } else { amount(ReasoningAmount::BudgetTokens(budget_tokens?)) }
        }
        "chat_template_kwargs" => {
            let Template { enable_thinking } = serde_json::from_str(value.get()).ok()?;
            if enable_thinking { None } else { amount(off) }
        }
        "enable_thinking" if value.get() == "false" => amount(off),
        _ => None,
    }
}

fn object(wire: Object) -> Option<Reasoning> {
    let amount = match (wire.enabled, wire.effort, wire.max_tokens) {
        (Some(false), None, None) => Some(ReasoningAmount::Effort(Effort::None)),
        (None | Some(true), Some(effort), None) => Some(ReasoningAmount::Effort(effort.effort())),
        (None | Some(true), None, Some(tokens)) => Some(ReasoningAmount::BudgetTokens(tokens)),
        (None, None, None) => None,
        // Enabled without an amount, or two amounts: the provider decides.
        (Some(_), _, _) | (None, Some(_), Some(_)) => return None,
    };
    let include = wire.exclude.map(|exclude| !exclude);
    (amount.is_some() || include.is_some()).then_some(Reasoning { amount, include })
}
