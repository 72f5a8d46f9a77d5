//! Functions the model may call, and whether it must.

use super::{
    names::Names,
    options::Extras,
    schema::{self, Schema},
    wire::{Calling, CallingMode, Function},
};
use crate::{
    domain::chat::{ChatRequest, Tool, ToolChoice, ToolChoiceMode},
    providers::{adapter::EncodeError, warnings::Warnings},
};

/// Writes the functions the model may call.
pub fn functions<'a>(
    request: &'a ChatRequest,
    names: &mut Names<'a>,
    extras: &Extras<'a>,
    warnings: &mut Warnings,
) -> Result<Vec<Function<'a>>, EncodeError> {
    let allowed = allowed_names(request, warnings)?;
    let mut functions = Vec::with_capacity(request.tools.len());
    for (index, tool) in request.tools.iter().enumerate() {
        let Tool::Function { name, description, parameters_schema, .. } = tool else {
            let why = "the provider knows functions with JSON arguments only";
            return Err(EncodeError::new(format!("prompt.tools[{index}].custom"), why));
        };
        if !allowed.is_empty() && !allowed.contains(name) {
            continue;
        }
        let path = || format!("prompt.tools[{index}].function.parameters_schema");
        let parameters = parameters(parameters_schema, path, warnings)?;
        let (few_shot_examples, return_parameters) = extras.of_function(name);
        let (name, description) = (names.sent(name), description.into());
        functions.push(Function { name, description, parameters, few_shot_examples, return_parameters });
    }
    Ok(functions)
}

/// Reduces the schema of a function's arguments, with a warning when that changes what fits.
pub fn parameters<'a>(
    schema: &'a str,
    path: impl Fn() -> String,
    warnings: &mut Warnings,
) -> Result<Schema<'a>, EncodeError> {
    let reduced = schema::reduce(schema).map_err(|why| EncodeError::new(path(), why))?;
    if reduced.differs {
        warnings.rewritten(path(), "the provider reads a part of JSON Schema only; what it does not know was left out");
    }
    Ok(reduced.schema)
}

/// Tells what the model shall do with the functions, of which there is one at least.
pub fn calling<'a>(
    choice: Option<&'a ToolChoice>,
    functions: &[Function<'a>],
    names: &mut Names<'a>,
    warnings: &mut Warnings,
) -> Calling<'a> {
    let Some(choice) = choice else { return Calling::Mode(CallingMode::Auto) };
    match (choice.mode, &choice.allowed_names[..], functions) {
        (ToolChoiceMode::Auto, ..) => Calling::Mode(CallingMode::Auto),
        (ToolChoiceMode::None, ..) => Calling::Mode(CallingMode::None),
        (ToolChoiceMode::Required, [name], _) => Calling::Function { name: names.sent(name) },
        (ToolChoiceMode::Required, _, [only]) => Calling::Function { name: only.name.clone() },
        (ToolChoiceMode::Required, ..) => {
            let why = "sent as auto: the provider can force one function, not any of several";
            warnings.rewritten("prompt.tool_choice.mode", why);
            Calling::Mode(CallingMode::Auto)
        }
    }
}

/// Returns the names of the only functions to send; none means all.
fn allowed_names<'a>(request: &'a ChatRequest, warnings: &mut Warnings) -> Result<&'a [String], EncodeError> {
    let Some(choice) = &request.tool_choice else { return Ok(&[]) };
    let known = |name: &String| {
        request.tools.iter().any(|tool| matches!(tool, Tool::Function { name: known, .. } if known == name))
    };
    if let Some(at) = choice.allowed_names.iter().position(|name| !known(name)) {
        let field = format!("prompt.tool_choice.allowed_names[{at}]");
        return Err(EncodeError::new(field, "there is no such function among the tools"));
    }
    // A single function that must be called is forced by its name, beside the others.
    let is_forced = choice.mode == ToolChoiceMode::Required && choice.allowed_names.len() == 1;
    if is_forced || choice.mode == ToolChoiceMode::None || choice.allowed_names.is_empty() {
        return Ok(&[]);
    }
    let why = "only the allowed functions were sent: the provider cannot be told to choose among some";
    warnings.rewritten("prompt.tools", why);
    Ok(&choice.allowed_names)
}
