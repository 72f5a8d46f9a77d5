//! Tools, the choice among them, and the tool that stands for an answer of a given shape.

use serde_json::value::RawValue;

use super::{
    family::Family,
    wire::{Tool as WireTool, ToolChoice as WireChoice, UserLocation},
};
use crate::{
    domain::chat::{ChatRequest, ResponseFormat, Tool, ToolChoice, ToolChoiceMode, WebSearch},
    providers::{adapter::EncodeError, warnings::Warnings},
};

/// The version of the search tool this adapter is written for.
const WEB_SEARCH: &str = "web_search_20250305";
const ANY_OBJECT: &str = r#"{"type":"object","properties":{}}"#;

#[derive(Debug, Default)]
pub struct Tools<'a> {
    pub tools: Vec<WireTool<'a>>,
    pub choice: Option<WireChoice<'a>>,
    /// Name of the tool that stands for the answer.
    pub answer_tool: Option<String>,
}

pub fn tools<'a>(request: &'a ChatRequest, family: &Family, warnings: &mut Warnings) -> Result<Tools<'a>, EncodeError> {
    let mut tools = Vec::with_capacity(request.tools.len());
    let allowed = request.tool_choice.as_ref().map(|choice| &choice.allowed_names[..]).unwrap_or_default();
    let named = request.tool_choice.as_ref().is_some_and(forces_one);
    for (index, tool) in request.tools.iter().enumerate() {
        let Tool::Function { name, description, parameters_schema, strict } = tool else { continue };
        if !allowed.is_empty() && !named && !allowed.contains(name) {
            warnings.rewritten("prompt.tool_choice.allowed_names", "only the allowed tools are sent");
            continue;
        }
        let input_schema = schema(parameters_schema, || format!("prompt.tools[{index}].function.parameters_schema"))?;
        let strict = strict.filter(|strict| *strict && family.strict_tools);
        tools.push(WireTool::Function { name, description, input_schema, strict });
    }
    let mut choice = choice(request, tools.is_empty());
    if let Some(search) = &request.web_search {
        tools.push(web_search(search, warnings));
    }
    let answer_tool = answer_tool(request, family, &mut tools, &mut choice, warnings)?;
    Ok(Tools { tools, choice, answer_tool })
}

/// Reads a JSON Schema without taking it apart; an absent one allows any object.
pub fn schema(text: &str, field: impl FnOnce() -> String) -> Result<&RawValue, EncodeError> {
    let text = if text.is_empty() { ANY_OBJECT } else { text };
    serde_json::from_str(text).map_err(|error| EncodeError::new(field(), format!("not valid JSON: {error}")))
}

/// Whether exactly one tool must be called.
fn forces_one(choice: &ToolChoice) -> bool {
    choice.mode == ToolChoiceMode::Required && choice.allowed_names.len() == 1
}

fn choice(request: &ChatRequest, no_tools: bool) -> Option<WireChoice<'_>> {
    if no_tools {
        return None;
    }
    let one_at_a_time = (request.parallel_tool_calls == Some(false)).then_some(true);
    let (kind, name) = match &request.tool_choice {
        Some(choice) if forces_one(choice) => ("tool", choice.allowed_names.first().map_or("", String::as_str)),
        Some(ToolChoice { mode: ToolChoiceMode::Required, .. }) => ("any", ""),
        Some(ToolChoice { mode: ToolChoiceMode::None, .. }) => ("none", ""),
        Some(ToolChoice { mode: ToolChoiceMode::Auto, .. }) => ("auto", ""),
        None if one_at_a_time.is_some() => ("auto", ""),
        None => return None,
    };
    let disable_parallel_tool_use = one_at_a_time.filter(|_| kind != "none");
    Some(WireChoice { r#type: kind, name, disable_parallel_tool_use })
}

fn web_search<'a>(search: &'a WebSearch, warnings: &mut Warnings) -> WireTool<'a> {
    let dates = search.start_time.is_some() || search.end_time.is_some() || search.max_age_seconds.is_some();
    if dates {
        warnings.dropped("prompt.web_search", "the provider's search takes no dates");
    }
    if !search.context_size.is_empty() {
        warnings.dropped("prompt.web_search.context_size", "the provider's search has one size");
    }
    WireTool::WebSearch {
        r#type: WEB_SEARCH,
        name: "web_search",
        allowed_domains: &search.allowed_domains,
        blocked_domains: &search.excluded_domains,
        user_location: search.user_location.as_ref().map(|place| UserLocation {
            r#type: "approximate",
            city: &place.city,
            region: &place.region,
            country: &place.country,
            timezone: &place.timezone,
        }),
    }
}

/// Models without structured output are made to call a tool whose arguments are the answer.
fn answer_tool<'a>(
    request: &'a ChatRequest,
    family: &Family,
    tools: &mut Vec<WireTool<'a>>,
    choice: &mut Option<WireChoice<'a>>,
    warnings: &mut Warnings,
) -> Result<Option<String>, EncodeError> {
    let Some(ResponseFormat::JsonSchema { name, description, schema: text, .. }) = &request.response_format else {
        return Ok(None);
    };
    if family.structured_output {
        return Ok(None);
    }
    let field = "prompt.response_format.json_schema";
    if !tools.is_empty() {
        let message = "this model cannot both call tools and be held to a schema; use a newer one";
        return Err(EncodeError::new(field, message));
    }
    warnings.rewritten("prompt.response_format", "a tool that must be called stands for the answer");
    let name = if name.is_empty() { "answer" } else { name };
    let input_schema = schema(text, || format!("{field}.schema"))?;
    tools.push(WireTool::Function { name, description, input_schema, strict: None });
    *choice = Some(WireChoice { r#type: "tool", name, disable_parallel_tool_use: Some(true) });
    Ok(Some(name.to_owned()))
}
