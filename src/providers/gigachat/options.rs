//! What callers set in `provider_options`: members of the provider's body that have no field in the contract. What the
//! service does with members it does not know is not documented, so only those of a list go there.

use serde_json::value::RawValue;

use super::members::Members;
use crate::providers::{adapter::EncodeError, warnings::Warnings};

const PASSED_ON: &[&str] =
    &["repetition_penalty", "profanity_check", "update_interval", "flags", "storage", "function_ranker"];

/// Member with more about the caller's functions, by their names: `few_shot_examples` and `return_parameters`.
const FUNCTION_OPTIONS: &str = "function_options";

/// The options of a request.
#[derive(Debug, Default)]
pub struct Extras<'a> {
    /// Members of the body.
    pub body: Members<'a>,
    functions: Members<'a>,
}

impl<'a> Extras<'a> {
    pub fn read(options: &'a str, warnings: &mut Warnings) -> Result<Self, EncodeError> {
        let mut extras = Self::default();
        if options.is_empty() {
            return Ok(extras);
        }
        for (name, value) in object(options, "prompt.provider_options")?.0 {
            if PASSED_ON.contains(&&*name) {
                if value.get() != "null" {
                    extras.body.0.push((name, value));
                }
            } else if name == FUNCTION_OPTIONS {
                extras.functions = object(value.get(), "prompt.provider_options.function_options")?;
            } else {
                warnings.dropped("prompt.provider_options", format!("`{name}` is not passed on to this provider"));
            }
        }
        Ok(extras)
    }

    /// Returns the examples and the schema of the result of a function, by the name the caller gave it.
    pub fn of_function(&self, name: &str) -> (Option<&'a RawValue>, Option<&'a RawValue>) {
        let options = self.functions.get(name).and_then(|options| Members::read(options.get())).unwrap_or_default();
        (options.get("few_shot_examples"), options.get("return_parameters"))
    }
}

fn object<'a>(json: &'a str, field: &str) -> Result<Members<'a>, EncodeError> {
    Members::read(json).ok_or_else(|| EncodeError::new(field, "it is not a JSON object"))
}
