//! Tools, the choice among them, web search and the form of the answer.

use serde_json::value::RawValue;

use super::{
    family::Family,
    wire::{
        CallingMode, Empty, FunctionCallingConfig, FunctionDeclaration, GenerationConfig, Part, Tool as WireTool,
        ToolConfig,
    },
};
use crate::{
    domain::chat::{ChatRequest, ResponseFormat, Tool, ToolChoice, ToolChoiceMode, WebSearch},
    providers::{adapter::EncodeError, warnings::Warnings},
};

/// Returns the tools of the request: search, and all functions in one object.
pub fn tools<'a>(
    request: &'a ChatRequest,
    family: &Family,
    warnings: &mut Warnings,
) -> Result<Vec<WireTool<'a>>, EncodeError> {
    let mut tools = Vec::new();
    if let Some(search) = &request.web_search {
        if !family.search {
            warnings.dropped("prompt.web_search", "this model does not search");
        } else if !family.search_with_tools && !request.tools.is_empty() {
            warnings.dropped("prompt.web_search", "this model does not search when there are functions");
        } else {
            search_options(search, warnings);
            tools.push(WireTool::GoogleSearch(Empty {}));
        }
    }
    let functions: Result<Vec<_>, _> =
        request.tools.iter().enumerate().map(|(index, tool)| function(tool, index, warnings)).collect();
    let functions = functions?;
    if !functions.is_empty() {
        tools.push(WireTool::FunctionDeclarations(functions));
    }
    Ok(tools)
}

/// Returns how the model may use `tools`, when that needs saying.
pub fn tool_config<'a>(
    request: &'a ChatRequest,
    tools: &[WireTool<'_>],
    warnings: &mut Warnings,
) -> Option<ToolConfig<'a>> {
    if request.parallel_tool_calls == Some(false) {
        warnings.dropped("prompt.parallel_tool_calls", "the provider cannot be held to one call a turn");
    }
    let function_calling_config = match &request.tool_choice {
        // The service refuses a choice among no functions.
        Some(choice) if request.tools.is_empty() => {
            if choice.mode == ToolChoiceMode::Required {
                warnings.dropped("prompt.tool_choice", "there is no tool to choose");
            }
            None
        }
        Some(choice) => Some(calling(choice)),
        None => None,
    };
    // Without this, search and functions in one request are a 400.
    let include_server_side_tool_invocations = (tools.len() > 1).then_some(true);
    let config = ToolConfig { function_calling_config, include_server_side_tool_invocations };
    (config.function_calling_config.is_some() || tools.len() > 1).then_some(config)
}

/// Sets the form of the answer. Where JSON and functions exclude each other it becomes an instruction in `system`.
pub fn response_format<'a>(
    request: &'a ChatRequest,
    family: &Family,
    config: &mut GenerationConfig<'a>,
    system: &mut Vec<Part<'a>>,
    warnings: &mut Warnings,
) -> Result<(), EncodeError> {
    let schema = match &request.response_format {
        None | Some(ResponseFormat::Text) => return Ok(()),
        Some(ResponseFormat::JsonObject) => None,
        Some(ResponseFormat::JsonSchema { description, schema, .. }) => {
            if !description.is_empty() {
                let field = "prompt.response_format.json_schema.description";
                warnings.dropped(field, "the provider takes no description of the answer");
            }
            (!schema.is_empty())
                .then(|| json_schema(schema, "prompt.response_format.json_schema.schema"))
                .transpose()?
        }
    };
    if !family.json_with_tools && !request.tools.is_empty() {
        let message = "sent as an instruction: this model takes no answer format when there are functions";
        warnings.rewritten("prompt.response_format", message);
        system.push(match schema {
            Some(schema) => Part::text(format!("Answer with JSON only, following this JSON Schema: {schema}")),
            None => Part::text("Answer with one JSON object only."),
        });
        return Ok(());
    }
    config.response_mime_type = Some("application/json");
    config.response_json_schema = schema;
    Ok(())
}

fn search_options(search: &WebSearch, warnings: &mut Warnings) {
    let given = [
        ("context_size", !search.context_size.is_empty()),
        ("user_location", search.user_location.is_some()),
        ("allowed_domains", !search.allowed_domains.is_empty()),
        ("excluded_domains", !search.excluded_domains.is_empty()),
        ("start_time", search.start_time.is_some()),
        ("end_time", search.end_time.is_some()),
        ("max_age", search.max_age_seconds.is_some()),
    ];
    for (name, _) in given.iter().filter(|(_, given)| *given) {
        warnings.dropped(format!("prompt.web_search.{name}"), format!("the provider's search takes no {name}"));
    }
}

fn function<'a>(tool: &'a Tool, index: usize, warnings: &mut Warnings) -> Result<FunctionDeclaration<'a>, EncodeError> {
    let path = format!("prompt.tools[{index}]");
    let Tool::Function { name, description, parameters_schema, strict } = tool else {
        let message = "this provider knows functions with JSON arguments only";
        return Err(EncodeError { field: format!("{path}.custom"), message: message.to_owned() });
    };
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let message = "names of functions begin with a letter or `_` with this provider";
        return Err(EncodeError { field: format!("{path}.function.name"), message: message.to_owned() });
    }
    if *strict == Some(true) {
        let message = "the provider does not promise that arguments follow the schema";
        warnings.dropped(format!("{path}.function.strict"), message);
    }
    let schema = (!parameters_schema.is_empty())
        .then(|| json_schema(parameters_schema, &format!("{path}.function.parameters_schema")));
    Ok(FunctionDeclaration { name, description, parameters_json_schema: schema.transpose()? })
}

fn json_schema<'a>(text: &'a str, field: &str) -> Result<&'a RawValue, EncodeError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(schema) if schema.get().starts_with('{') => Ok(schema),
        Ok(_) | Err(_) => Err(EncodeError { field: field.to_owned(), message: "a schema is a JSON object".to_owned() }),
    }
}

fn calling(choice: &ToolChoice) -> FunctionCallingConfig<'_> {
    let mode = match choice.mode {
        ToolChoiceMode::Auto if choice.allowed_names.is_empty() => CallingMode::Auto,
        ToolChoiceMode::Auto => CallingMode::Validated,
        ToolChoiceMode::Required => CallingMode::Any,
        ToolChoiceMode::None => CallingMode::None,
    };
    let allowed_function_names = if choice.mode == ToolChoiceMode::None { &[] } else { &choice.allowed_names[..] };
    FunctionCallingConfig { mode, allowed_function_names }
}
