//! Tools, the choice among them, and calls of them in the history. The deprecated `functions` become tools here.

use serde_json::value::RawValue;

use crate::{error::Failure, pb};

use super::{
    body::{CustomBody, FunctionBody, Named, ToolBody, ToolCallBody, ToolChoiceBody},
    lenient::StringOr,
    state,
    words::{MODES, TOOLS, one_of},
};

pub fn tools(tools: Vec<ToolBody<'_>>) -> Result<Vec<pb::Tool>, Failure> {
    tools.into_iter().enumerate().map(|(i, body)| tool(i, body)).collect()
}

fn tool(at: usize, body: ToolBody<'_>) -> Result<pb::Tool, Failure> {
    use pb::tool::Tool;

    // Without `type` there is nothing else it could be than a function.
    let kind = body.r#type.as_deref().unwrap_or("function");
    let tool = match one_of(kind, TOOLS, || format!("tools[{at}].type"))? {
        pb::ToolKind::Custom => {
            let custom = body.custom.ok_or_else(|| Failure::missing(format!("tools[{at}].custom")))?;
            Tool::Custom(custom_tool(custom, || format!("tools[{at}].custom"))?)
        }
        pb::ToolKind::Function | pb::ToolKind::Unspecified => {
            let function = body.function.ok_or_else(|| Failure::missing(format!("tools[{at}].function")))?;
            Tool::Function(function_tool(function, || format!("tools[{at}].function"))?)
        }
    };
    Ok(pb::Tool { tool: Some(tool) })
}

/// Turns the deprecated list of functions into tools.
pub fn functions(functions: Vec<FunctionBody<'_>>) -> Result<Vec<pb::Tool>, Failure> {
    let one = |(i, body)| {
        let function = function_tool(body, || format!("functions[{i}]"))?;
        Ok(pb::Tool { tool: Some(pb::tool::Tool::Function(function)) })
    };
    functions.into_iter().enumerate().map(one).collect()
}

fn function_tool(body: FunctionBody<'_>, at: impl Fn() -> String) -> Result<pb::FunctionTool, Failure> {
    Ok(pb::FunctionTool {
        name: body.name.ok_or_else(|| Failure::missing(format!("{}.name", at())))?,
        description: body.description.unwrap_or_default(),
        parameters_schema: body.parameters.map(|raw| raw.get().to_owned()).unwrap_or_default(),
        strict: body.strict,
    })
}

fn custom_tool(body: CustomBody, at: impl Fn() -> String) -> Result<pb::CustomTool, Failure> {
    Ok(pb::CustomTool {
        name: body.name.ok_or_else(|| Failure::missing(format!("{}.name", at())))?,
        description: body.description.unwrap_or_default(),
        grammar: body.format.and_then(|format| format.grammar).map(|grammar| pb::Grammar {
            syntax: grammar.syntax.unwrap_or_default(),
            definition: grammar.definition.unwrap_or_default(),
        }),
    })
}

pub fn choice(choice: StringOr<ToolChoiceBody<'_>>) -> Result<pb::ToolChoice, Failure> {
    let body = match choice {
        StringOr::String(mode) => return mode_only(&mode, "tool_choice"),
        StringOr::Other(body) => body,
    };
    let kind = body.r#type.as_deref().unwrap_or("function");
    if kind == "allowed_tools" {
        let allowed = body.allowed_tools.ok_or_else(|| Failure::missing("tool_choice.allowed_tools"))?;
        let mode = allowed.mode.as_deref().unwrap_or("auto");
        let mut choice = mode_only(mode, "tool_choice.allowed_tools.mode")?;
        for tool in allowed.tools.unwrap_or_default() {
            let kind = if tool.custom.is_some() { pb::ToolKind::Custom } else { pb::ToolKind::Function };
            if let Some(name) = tool.function.or(tool.custom).and_then(|named| named.name) {
                choice.allowed_names.push(name);
                choice.kind = kind.into();
            }
        }
        return Ok(choice);
    }
    let kind = one_of(kind, TOOLS, || "tool_choice.type".into())?;
    let named = if kind == pb::ToolKind::Custom { body.custom } else { body.function };
    let missing = if kind == pb::ToolKind::Custom { "tool_choice.custom.name" } else { "tool_choice.function.name" };
    let name = named.and_then(|named| named.name).ok_or_else(|| Failure::missing(missing))?;
    Ok(exactly(name, kind))
}

/// Turns the deprecated `function_call` of a request into a tool choice.
pub fn function_choice(choice: StringOr<Named>) -> Result<pb::ToolChoice, Failure> {
    match choice {
        StringOr::String(mode) => mode_only(&mode, "function_call"),
        StringOr::Other(named) => {
            let name = named.name.ok_or_else(|| Failure::missing("function_call.name"))?;
            Ok(exactly(name, pb::ToolKind::Function))
        }
    }
}

pub fn mode_only(mode: &str, param: &'static str) -> Result<pb::ToolChoice, Failure> {
    let mode = one_of(mode, MODES, || param.into())?;
    Ok(pb::ToolChoice { mode: mode.into(), ..pb::ToolChoice::default() })
}

pub fn exactly(name: String, kind: pb::ToolKind) -> pb::ToolChoice {
    let mode = pb::ToolChoiceMode::Required.into();
    pb::ToolChoice { mode, allowed_names: vec![name], kind: kind.into() }
}

/// A call in the history, with the state of the provider that came with it.
pub fn call(
    body: ToolCallBody<'_>,
    at: impl Fn() -> String,
) -> Result<(pb::ToolCall, Vec<pb::ProviderState>), Failure> {
    let id = body.id.ok_or_else(|| Failure::missing(format!("{}.id", at())))?;
    // Some clients leave `type` out; the member that is there tells.
    let kind = match body.r#type.as_deref() {
        Some(kind) => one_of(kind, TOOLS, || format!("{}.type", at()))?,
        None if body.custom.is_some() => pb::ToolKind::Custom,
        None => pb::ToolKind::Function,
    };
    let (name, arguments) = if kind == pb::ToolKind::Custom {
        let custom = body.custom.ok_or_else(|| Failure::missing(format!("{}.custom", at())))?;
        (custom.name, custom.input.unwrap_or_default())
    } else {
        let function = body.function.ok_or_else(|| Failure::missing(format!("{}.function", at())))?;
        (function.name, arguments(function.arguments))
    };
    let name = name.ok_or_else(|| Failure::missing(format!("{}.name", at())))?;
    let states = body.extra_content.map(|raw| state::read(raw, &id)).unwrap_or_default();
    Ok((pb::ToolCall { id, name, arguments, kind: kind.into() }, states))
}

/// Returns arguments as the model wrote them, also when a client sends the object instead of its text.
pub fn arguments(raw: Option<&RawValue>) -> String {
    let Some(raw) = raw.map(RawValue::get) else { return String::new() };
    if raw.starts_with('"') { serde_json::from_str(raw).unwrap_or_default() } else { raw.to_owned() }
}
