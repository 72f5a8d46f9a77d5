//! Writes the tools and the choice between them.

use serde_json::value::RawValue;

use super::{
    context::{Context, refuse},
    dialect::{Field, RequiredChoice},
    options::raw,
    wire::{AllowedTools, Custom, CustomFormat, Function, Grammar, Name, NamedTool, Request, Tool, ToolChoice},
};
use crate::{
    domain::chat::{self, ChatRequest, ToolChoiceMode, ToolKind},
    providers::adapter::EncodeError,
};

const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    // Without tools the rest is refused by some servers and means nothing to the others.
    if request.tools.is_empty() {
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

/// Returns the names to send alone, for a provider that cannot be told to choose among some of the tools.
fn limited_to<'a>(cx: &mut Context<'_>, request: &'a ChatRequest) -> Option<&'a [String]> {
    let choice = request.tool_choice.as_ref()?;
    if cx.dialect.allowed_tools || choice.allowed_names.is_empty() || is_one(choice) {
        return None;
    }
    cx.rewritten("prompt.tools", "only the allowed tools were sent; the provider cannot be told to choose among some");
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

fn encode_tool<'a>(cx: &mut Context<'_>, tool: &'a chat::Tool, index: usize) -> Result<Tool<'a>, EncodeError> {
    match tool {
        chat::Tool::Function { name, description, parameters_schema, strict } => {
            let path = || format!("prompt.tools[{index}].function.parameters_schema");
            let mut parameters = raw(parameters_schema, path)?;
            if parameters.is_none() && cx.dialect.parameters_required {
                parameters = serde_json::from_str::<&RawValue>(NO_ARGUMENTS).ok();
            }
            let mut strict = *strict;
            if !cx.dialect.strict_tools && strict.take() == Some(true) {
                let field = format!("prompt.tools[{index}].function.strict");
                cx.dropped(field, "the provider knows no strict tools");
            }
            Ok(Tool::Function { function: Function { name, description, parameters, strict } })
        }
        chat::Tool::Custom { .. } if !cx.dialect.custom_tools => {
            refuse(format!("prompt.tools[{index}].custom"), "the provider knows only function tools")
        }
        chat::Tool::Custom { name, description, grammar } => {
            let format = grammar.as_ref().map(|grammar| CustomFormat::Grammar {
                grammar: Grammar { syntax: &grammar.syntax, definition: &grammar.definition },
            });
            Ok(Tool::Custom { custom: Custom { name, description, format } })
        }
    }
}

fn encode_choice<'a>(cx: &mut Context<'_>, choice: &'a chat::ToolChoice) -> Option<ToolChoice<'a>> {
    let named = |name: &'a String| match choice.kind {
        ToolKind::Function => NamedTool::Function { function: Name { name } },
        ToolKind::Custom => NamedTool::Custom { custom: Name { name } },
    };
    if let (true, Some(name)) = (is_one(choice), choice.allowed_names.first()) {
        return Some(ToolChoice::Named(named(name)));
    }
    let mode = match (choice.mode, cx.dialect.required_choice) {
        (ToolChoiceMode::Auto, _) => "auto",
        (ToolChoiceMode::None, _) => "none",
        (ToolChoiceMode::Required, RequiredChoice::Required) => "required",
        (ToolChoiceMode::Required, RequiredChoice::Any) => "any",
        (ToolChoiceMode::Required, RequiredChoice::Drop) => {
            cx.dropped("prompt.tool_choice", "the provider cannot be made to call a tool");
            return None;
        }
    };
    if choice.allowed_names.is_empty() || !cx.dialect.allowed_tools || choice.mode == ToolChoiceMode::None {
        return Some(ToolChoice::Mode(mode));
    }
    let tools = choice.allowed_names.iter().map(named).collect();
    Some(ToolChoice::Allowed { kind: "allowed_tools", allowed_tools: AllowedTools { mode, tools } })
}
