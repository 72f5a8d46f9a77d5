//! Writes the tools and the choice between them.

use serde_json::value::RawValue;

use super::{
    context::Context,
    formats::raw,
    switches::RequiredChoice,
    wire::{AllowedTools, Custom, CustomFormat, Function, Grammar, Name, NamedTool, Request, Tool, ToolChoice},
};
use crate::{
    domain::chat::{self, ChatRequest, ToolChoiceMode, ToolKind},
    providers::{adapter::EncodeError, support::Field},
};

const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    // Without tools the rest is refused by some servers and means nothing to the others.
    if request.tools.is_empty() || is_forbidden(cx, request) {
        return Ok(());
    }
    let limited_to = limited_to(cx, request);
    for (index, tool) in request.tools.iter().enumerate() {
        let tool = encode_tool(cx, tool, index)?;
        if limited_to.is_none_or(|names| names.iter().any(|name| name == name_of(&tool))) {
            wire.tools.push(tool);
        }
    }
    wire.tool_choice = request.tool_choice.as_ref().and_then(|choice| encode_choice(cx, choice));
    wire.parallel_tool_calls = cx.keep(Field::ParallelToolCalls, request.parallel_tool_calls);
    Ok(())
}

/// Whether no tool may be called, of a provider that cannot be told so otherwise than by knowing none.
fn is_forbidden(cx: &Context<'_>, request: &ChatRequest) -> bool {
    let none = request.tool_choice.as_ref().is_some_and(|choice| choice.mode == ToolChoiceMode::None);
    none && cx.dialect.required_choice == RequiredChoice::Drop
}

/// Returns the names to send alone, for a provider that cannot be told to choose among some of the tools.
fn limited_to<'a>(cx: &mut Context<'_>, request: &'a ChatRequest) -> Option<&'a [String]> {
    let choice = request.tool_choice.as_ref()?;
    if cx.dialect.allowed_tools || choice.allowed_names.is_empty() || is_one(choice) {
        return None;
    }
    let message = "only the allowed tools were sent; the provider cannot be told to choose among some";
    cx.warnings.rewritten("prompt.tools", message);
    Some(&choice.allowed_names)
}

/// Whether exactly one tool is to be called.
fn is_one(choice: &chat::ToolChoice) -> bool {
    choice.mode == ToolChoiceMode::Required && choice.allowed_names.len() == 1
}

fn name_of<'a>(tool: &Tool<'a>) -> &'a str {
    match tool {
        Tool::Function { function } => function.name,
        Tool::Custom { custom } => custom.name,
    }
}

fn encode_tool<'a>(cx: &Context<'_>, tool: &'a chat::Tool, index: usize) -> Result<Tool<'a>, EncodeError> {
    match tool {
        chat::Tool::Function { name, description, parameters_schema, strict } => {
            let path = || format!("prompt.tools[{index}].function.parameters_schema");
            let mut parameters = raw(parameters_schema, path)?;
            if parameters.is_none() && cx.dialect.parameters_required {
                parameters = serde_json::from_str::<&RawValue>(NO_ARGUMENTS).ok();
            }
            let strict = cx.keep(Field::ToolStrict, *strict);
            Ok(Tool::Function { function: Function { name, description, parameters, strict } })
        }
        chat::Tool::Custom { name, description, grammar } => {
            let format = grammar.as_ref().map(|grammar| CustomFormat::Grammar {
                grammar: Grammar { syntax: &grammar.syntax, definition: &grammar.definition },
            });
            Ok(Tool::Custom { custom: Custom { name, description, format } })
        }
    }
}

fn encode_choice<'a>(cx: &Context<'_>, choice: &'a chat::ToolChoice) -> Option<ToolChoice<'a>> {
    let named = |name: &'a String| match choice.kind {
        ToolKind::Function => NamedTool::Function { function: Name { name } },
        ToolKind::Custom => NamedTool::Custom { custom: Name { name } },
    };
    if choice.mode == ToolChoiceMode::Required && !cx.takes(Field::ToolChoiceRequired) {
        return None;
    }
    if let (true, Some(name)) = (is_one(choice), choice.allowed_names.first()) {
        return Some(ToolChoice::Named(named(name)));
    }
    let mode = match (choice.mode, cx.dialect.required_choice) {
        (ToolChoiceMode::Auto, _) => "auto",
        (ToolChoiceMode::None, _) => "none",
        (ToolChoiceMode::Required, RequiredChoice::Required | RequiredChoice::Drop) => "required",
        (ToolChoiceMode::Required, RequiredChoice::Any) => "any",
    };
    if choice.allowed_names.is_empty() || !cx.dialect.allowed_tools || choice.mode == ToolChoiceMode::None {
        return Some(ToolChoice::Mode(mode));
    }
    let tools = choice.allowed_names.iter().map(named).collect();
    Some(ToolChoice::Allowed { kind: "allowed_tools", allowed_tools: AllowedTools { mode, tools } })
}
