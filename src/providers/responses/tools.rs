//! Writes the tools and the choice between them.

use serde_json::value::RawValue;

use super::{
    context::Context,
    dialect::{SearchForm, StrictTools, ToolChoiceForm},
    options::Options,
    schema::object_schema,
    search,
    wire::{AllowedTools, Grammar, KnownTool, NamedTool, Request, Tool, ToolChoice},
};
use crate::{
    domain::chat::{self, ChatRequest, ToolChoiceMode, ToolKind},
    providers::{adapter::EncodeError, support::Field},
};

pub fn encode<'a>(
    cx: &mut Context<'_>,
    request: &'a ChatRequest,
    options: &Options<'a>,
    wire: &mut Request<'a>,
) -> Result<(), EncodeError> {
    let limited_to = limited_to(cx, request);
    for (index, tool) in request.tools.iter().enumerate() {
        if limited_to.is_none_or(|names| names.iter().any(|name| name == name_of(tool))) {
            wire.tools.push(Tool::Known(encode_tool(cx, tool, index)?));
        }
    }
    let search = search::tool(cx, request, options)?;
    // A search that is merely offered may not happen, and then the answer has no ground.
    let forced = search.is_some()
        && cx.dialect.web_search == SearchForm::Filters
        && request.tools.is_empty()
        && options.tools.is_empty();
    wire.tools.extend(search.map(|tool| Tool::Known(KnownTool::WebSearch(tool))));
    wire.tools.extend(options.tools.iter().map(|tool| Tool::Other(tool)));
    // Without tools there is nothing to choose.
    if wire.tools.is_empty() {
        return Ok(());
    }
    wire.tool_choice = match &request.tool_choice {
        Some(choice) if choice.mode == ToolChoiceMode::Auto && forced => Some(ToolChoice::Mode("required")),
        Some(choice) => Some(encode_choice(cx, choice)),
        None => forced.then_some(ToolChoice::Mode("required")),
    };
    wire.parallel_tool_calls = cx.keep(Field::ParallelToolCalls, request.parallel_tool_calls);
    Ok(())
}

/// Returns the names to send alone, for a provider that cannot be told to choose among some of the tools.
fn limited_to<'a>(cx: &mut Context<'_>, request: &'a ChatRequest) -> Option<&'a [String]> {
    let choice = request.tool_choice.as_ref()?;
    let listed = cx.dialect.tool_choice == ToolChoiceForm::Allowed;
    if listed || choice.allowed_names.is_empty() || the_one(choice).is_some() || choice.mode == ToolChoiceMode::None {
        return None;
    }
    let message = "only the allowed tools were sent; the provider cannot be told to choose among some";
    cx.warnings.rewritten("prompt.tools", message);
    Some(&choice.allowed_names)
}

/// Returns the tool to be called when it can only be one.
fn the_one(choice: &chat::ToolChoice) -> Option<&str> {
    match (choice.mode, &choice.allowed_names[..]) {
        (ToolChoiceMode::Required, [name]) => Some(name),
        _ => None,
    }
}

fn name_of(tool: &chat::Tool) -> &str {
    match tool {
        chat::Tool::Function { name, .. } | chat::Tool::Custom { name, .. } => name,
    }
}

fn encode_tool<'a>(cx: &Context<'_>, tool: &'a chat::Tool, index: usize) -> Result<KnownTool<'a>, EncodeError> {
    match tool {
        chat::Tool::Function { name, description, parameters_schema, strict } => {
            let field = || format!("prompt.tools[{index}].function.parameters_schema");
            let parameters: &RawValue = object_schema(parameters_schema, field)?;
            let strict = match cx.dialect.strict_tools {
                StrictTools::Always => Some(strict.unwrap_or(false)),
                StrictTools::WhenSet => *strict,
                StrictTools::Unknown => None,
            };
            Ok(KnownTool::Function { name, description, parameters, strict })
        }
        chat::Tool::Custom { name, description, grammar } => {
            let format = grammar.as_ref();
            let format = format.map(|g| Grammar { syntax: &g.syntax, definition: &g.definition });
            Ok(KnownTool::Custom { name, description, format })
        }
    }
}

fn encode_choice<'a>(cx: &Context<'_>, choice: &'a chat::ToolChoice) -> ToolChoice<'a> {
    let named = |name: &'a str| match choice.kind {
        ToolKind::Function => NamedTool::Function { name },
        ToolKind::Custom => NamedTool::Custom { name },
    };
    if let Some(name) = the_one(choice) {
        return match cx.dialect.tool_choice {
            ToolChoiceForm::Allowed | ToolChoiceForm::Typed => ToolChoice::Typed(named(name)),
            ToolChoiceForm::Bare => ToolChoice::Bare { name },
        };
    }
    let mode = match choice.mode {
        ToolChoiceMode::Auto => "auto",
        ToolChoiceMode::None => "none",
        ToolChoiceMode::Required => "required",
    };
    let listed = cx.dialect.tool_choice == ToolChoiceForm::Allowed && choice.mode != ToolChoiceMode::None;
    if choice.allowed_names.is_empty() || !listed {
        return ToolChoice::Mode(mode);
    }
    let tools = choice.allowed_names.iter().map(|name| named(name)).collect();
    ToolChoice::Allowed(AllowedTools { mode, tools })
}
