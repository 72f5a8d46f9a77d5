//! Tools and the choice among them.

use serde_json::value::RawValue;

use super::{
    calls::INPUT,
    context::Context,
    json::Json,
    schema::{Schema, schema},
    search::google_search,
    wire::{CallingMode, FunctionCallingConfig, FunctionDeclaration, Tool as WireTool, ToolConfig},
};
use crate::{
    domain::chat::{ChatRequest, Grammar, Tool, ToolChoice, ToolChoiceMode},
    providers::adapter::EncodeError,
};

/// Returns the tools of the request: the service's own, and all functions in one object. `others` are tools of the
/// service that the contract has no field for.
pub fn tools<'a>(
    request: &'a ChatRequest,
    others: Vec<&'a RawValue>,
    cx: &mut Context<'a>,
) -> Result<Vec<WireTool<'a>>, EncodeError> {
    let mut tools = Vec::new();
    let alone = request.tools.is_empty() || cx.family.search_with_tools;
    if let Some(search) = request.web_search.as_ref().filter(|_| cx.family.search) {
        if alone {
            tools.push(WireTool::GoogleSearch(google_search(search, cx)));
        } else {
            cx.warnings.dropped("prompt.web_search", "this model does not search when there are functions");
        }
    }
    if alone {
        tools.extend(others.into_iter().map(WireTool::Other));
    } else if !others.is_empty() {
        let message = "this model takes no other tools when there are functions";
        cx.warnings.dropped("prompt.provider_options.tools", message);
    }
    let mut functions = Vec::with_capacity(request.tools.len());
    for (index, tool) in request.tools.iter().enumerate() {
        functions.push(declaration(tool, index, cx)?);
    }
    if !functions.is_empty() {
        tools.push(WireTool::FunctionDeclarations(functions));
    }
    Ok(tools)
}

/// Returns how the model may use `tools`, when that needs saying.
pub fn tool_config<'a>(
    request: &'a ChatRequest,
    tools: &[WireTool<'_>],
    cx: &mut Context<'a>,
) -> Option<ToolConfig<'a>> {
    let function_calling_config = match &request.tool_choice {
        // The service refuses a choice among no functions.
        Some(choice) if request.tools.is_empty() => {
            if choice.mode == ToolChoiceMode::Required {
                cx.warnings.dropped("prompt.tool_choice", "there is no tool to choose");
            }
            None
        }
        Some(choice) => Some(calling(choice, cx)),
        None => None,
    };
    // Without this, search and functions in one request are a 400.
    let both = !request.tools.is_empty() && tools.len() > 1;
    let config = ToolConfig { function_calling_config, include_server_side_tool_invocations: both.then_some(true) };
    (config.function_calling_config.is_some() || both).then_some(config)
}

fn declaration<'a>(tool: &'a Tool, index: usize, cx: &mut Context<'a>) -> Result<FunctionDeclaration<'a>, EncodeError> {
    match tool {
        Tool::Function { name, description, parameters_schema, .. } => {
            let mut declaration = declared(name, description, cx);
            if !parameters_schema.is_empty() {
                let field = format!("prompt.tools[{index}].function.parameters_schema");
                match schema(parameters_schema, &field, false, cx)? {
                    Schema::Json(schema) => declaration.parameters_json_schema = Some(schema),
                    Schema::OpenApi(schema) => declaration.parameters = schema,
                }
            }
            Ok(declaration)
        }
        Tool::Custom { name, description, grammar } => {
            if let Some(Grammar { syntax, .. }) = grammar {
                let message = format!("the provider cannot be held to a grammar ({syntax})");
                cx.warnings.dropped(format!("prompt.tools[{index}].custom.grammar"), message);
            }
            Ok(FunctionDeclaration { parameters: Some(one_text()), ..declared(name, description, cx) })
        }
    }
}

fn declared<'a>(name: &'a str, description: &'a str, cx: &Context<'a>) -> FunctionDeclaration<'a> {
    FunctionDeclaration { name: cx.names.sent(name), description, parameters_json_schema: None, parameters: None }
}

/// Returns the schema of the function that stands for a custom tool, in the form every model takes.
fn one_text() -> Json {
    let text = |name: &str| (String::from("type"), Json::text(name));
    Json::Object(vec![
        text("object"),
        ("properties".into(), Json::Object(vec![(INPUT.into(), Json::Object(vec![text("string")]))])),
        ("required".into(), Json::List(vec![Json::text(INPUT)])),
    ])
}

fn calling<'a>(choice: &'a ToolChoice, cx: &Context<'a>) -> FunctionCallingConfig<'a> {
    let mode = match choice.mode {
        ToolChoiceMode::Auto if choice.allowed_names.is_empty() => CallingMode::Auto,
        ToolChoiceMode::Auto => CallingMode::Validated,
        ToolChoiceMode::Required => CallingMode::Any,
        ToolChoiceMode::None => CallingMode::None,
    };
    let names: &[String] = if choice.mode == ToolChoiceMode::None { &[] } else { &choice.allowed_names };
    let allowed_function_names = names.iter().map(|name| cx.names.sent(name)).collect();
    FunctionCallingConfig { mode, allowed_function_names }
}
