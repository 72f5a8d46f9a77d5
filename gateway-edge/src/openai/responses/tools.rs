//! Tools and the choice among them, in the flat form. Of the built-in tools only web search has a counterpart.

use crate::{
    error::Failure,
    openai::{
        body::WebSearch,
        lenient::StringOr,
        search,
        tools::{exactly, mode_only},
        words::{TOOLS, one_of},
    },
    pb,
};

use super::body::{FlatChoice, FlatTool};

/// What the model may use.
#[derive(Default)]
pub struct Tools {
    pub tools: Vec<pb::Tool>,
    pub web_search: Option<pb::WebSearchOptions>,
}

pub fn tools(bodies: Vec<FlatTool<'_>>) -> Result<Tools, Failure> {
    use pb::tool::Tool;

    let mut out = Tools::default();
    for (at, body) in bodies.into_iter().enumerate() {
        let missing = || Failure::missing(format!("tools[{at}].name"));
        let description = body.description.unwrap_or_default();
        let tool = match body.r#type.as_deref().unwrap_or("function") {
            "function" => Tool::Function(pb::FunctionTool {
                name: body.name.ok_or_else(missing)?,
                description,
                parameters_schema: body.parameters.map(|raw| raw.get().to_owned()).unwrap_or_default(),
                strict: body.strict,
            }),
            "custom" => {
                let grammar = body.format.and_then(|format| {
                    let (syntax, definition) = (format.syntax?, format.definition?);
                    Some(pb::Grammar { syntax, definition })
                });
                Tool::Custom(pb::CustomTool { name: body.name.ok_or_else(missing)?, description, grammar })
            }
            // With and without the date of a version.
            kind if kind.starts_with("web_search") => {
                let options = WebSearch {
                    search_context_size: body.search_context_size,
                    user_location: body.user_location,
                    filters: body.filters,
                    ..WebSearch::default()
                };
                out.web_search = Some(search::web_search(options, &format!("tools[{at}]"))?);
                continue;
            }
            _ => {
                let message = "Of the built-in tools only web search is supported here.";
                return Err(Failure::unsupported(format!("tools[{at}].type"), message));
            }
        };
        out.tools.push(pb::Tool { tool: Some(tool) });
    }
    Ok(out)
}

pub fn choice(choice: StringOr<FlatChoice<'_>>) -> Result<pb::ToolChoice, Failure> {
    let body = match choice {
        StringOr::String(mode) => return mode_only(&mode, "tool_choice"),
        StringOr::Other(body) => body,
    };
    match body.r#type.as_deref().unwrap_or("function") {
        "allowed_tools" => {
            let mut choice = mode_only(body.mode.as_deref().unwrap_or("auto"), "tool_choice.mode")?;
            for (at, tool) in body.tools.unwrap_or_default().into_iter().enumerate() {
                let kind = tool.r#type.as_deref().unwrap_or("function");
                choice.kind = one_of(kind, TOOLS, || format!("tool_choice.tools[{at}].type"))?.into();
                choice.allowed_names.extend(tool.name);
            }
            Ok(choice)
        }
        kind @ ("function" | "custom") => {
            let kind = one_of(kind, TOOLS, || "tool_choice.type".into())?;
            Ok(exactly(body.name.ok_or_else(|| Failure::missing("tool_choice.name"))?, kind))
        }
        _ => Err(Failure::unsupported("tool_choice", "A built-in tool cannot be chosen here.")),
    }
}
