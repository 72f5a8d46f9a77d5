//! How the answer shall look: text, any JSON object, or JSON that follows a schema.

use std::borrow::Cow;

use super::{
    functions::parameters,
    members::object,
    names::good_name,
    wire::{Body, Calling, Function, ResponseFormat},
};
use crate::{
    domain::chat,
    providers::{adapter::EncodeError, warnings::Warnings},
};

const DESCRIPTION: &str = "Return the final answer in this structure.";
const ANY_OBJECT: &str = "Reply with one valid JSON object and nothing else.";

/// What a wished form means beside members of the body.
#[derive(Debug, Default)]
pub struct Asked {
    /// Joins the system message.
    pub instruction: Option<String>,
    /// The function whose arguments are the answer.
    pub answer_tool: Option<String>,
    /// Whether only the instruction asks for JSON.
    pub bare_json: bool,
}

/// Asks for the form of the answer, in the body or otherwise.
pub fn ask<'a>(
    format: &'a chat::ResponseFormat,
    native_schema: bool,
    body: &mut Body<'a>,
    warnings: &mut Warnings,
) -> Result<Asked, EncodeError> {
    let (name, description, schema, strict) = match format {
        chat::ResponseFormat::Text => return Ok(Asked::default()),
        chat::ResponseFormat::JsonSchema { name, description, schema, strict } if !schema.is_empty() => {
            (name, description, schema, strict)
        }
        chat::ResponseFormat::JsonObject | chat::ResponseFormat::JsonSchema { .. } => {
            return Ok(instruct(ANY_OBJECT.to_owned(), warnings));
        }
    };
    let schema_path = || "prompt.response_format.json_schema.schema".to_owned();
    if native_schema {
        let schema = object(schema).ok_or_else(|| EncodeError::new(schema_path(), "a schema is a JSON object"))?;
        if !description.is_empty() {
            let why = "the provider takes no description of the answer";
            warnings.dropped("prompt.response_format.json_schema.description", why);
        }
        body.response_format = Some(ResponseFormat::JsonSchema { schema, strict: *strict });
        return Ok(Asked::default());
    }
    if *strict == Some(true) {
        let why = "the provider does not promise that the answer follows the schema";
        warnings.dropped("prompt.response_format.json_schema.strict", why);
    }
    // The function that stands for the answer would have to be forced, and so no other could be called.
    if !body.functions.is_empty() {
        return Ok(instruct(format!("{ANY_OBJECT} It must follow this JSON Schema: {schema}"), warnings));
    }
    let name = good_name(if name.is_empty() { "answer" } else { name });
    body.functions.push(Function {
        name: Cow::Owned(name.clone()),
        description: if description.is_empty() { DESCRIPTION.into() } else { description.into() },
        parameters: parameters(schema, schema_path, warnings)?,
        few_shot_examples: None,
        return_parameters: None,
    });
    body.function_call = Some(Calling::Function { name: Cow::Owned(name.clone()) });
    Ok(Asked { answer_tool: Some(name), ..Asked::default() })
}

fn instruct(instruction: String, warnings: &mut Warnings) -> Asked {
    warnings
        .rewritten("prompt.response_format", "sent as an instruction, which the model may not follow to the letter");
    Asked { instruction: Some(instruction), bare_json: true, ..Asked::default() }
}
