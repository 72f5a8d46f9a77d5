//! What of `provider_options` is passed on: members that the service takes and the contract has no field for, by name,
//! because the service refuses a request with any other.

use std::{borrow::Cow, collections::BTreeMap};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{
    context::Context,
    wire::{Extra, SafetySetting},
};
use crate::providers::adapter::EncodeError;

const FIELD: &str = "prompt.provider_options";

/// Members of the body that go as they are.
const BODY: &[&str] = &["cachedContent", "continuationToken", "labels"];

/// Members of `generationConfig` that go as they are.
const CONFIG: &[&str] = &["enableEnhancedCivicAnswers", "imageConfig", "mediaResolution", "speechConfig", THINKING];

/// Also at the top, where Google's own OpenAI layer has it.
pub const THINKING: &str = "thinkingConfig";

/// The service's tools that a caller may add.
const TOOLS: &[&str] = &["codeExecution", "fileSearch", "googleMaps", "urlContext"];

/// The options, sorted by where they belong.
#[derive(Debug, Default)]
pub struct Options<'a> {
    pub body: Extra<'a>,
    pub config: Extra<'a>,
    pub tools: Vec<&'a RawValue>,
    pub safety_settings: Vec<SafetySetting>,
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Sorts the options. They stand at the top or, as Google's own OpenAI layer has it, in the member `google`.
pub fn options<'a>(text: &'a str, cx: &mut Context<'_>) -> Result<Options<'a>, EncodeError> {
    let mut options = Options::default();
    if text.is_empty() {
        return Ok(options);
    }
    for (name, value) in members(text, FIELD)? {
        if name != "google" {
            options.add(&name, value, FIELD, cx)?;
            continue;
        }
        let field = format!("{FIELD}.google");
        for (name, value) in members(value.get(), &field)? {
            options.add(&name, value, &field, cx)?;
        }
    }
    Ok(options)
}

impl<'a> Options<'a> {
    fn add(&mut self, name: &str, value: &'a RawValue, field: &str, cx: &mut Context<'_>) -> Result<(), EncodeError> {
        let path = format!("{field}.{name}");
        if let Some(known) = known(BODY, name) {
            self.body.insert(known, value);
        } else if is(THINKING, name) {
            self.config.insert(THINKING, value);
        } else if is("safetySettings", name) {
            self.safety_settings = read(value, &path, "a list of objects with `category` and `threshold`")?;
        } else if is("tools", name) {
            self.add_tools(value, &path, cx)?;
        } else if is("generationConfig", name) {
            for (name, value) in members(value.get(), &path)? {
                match known(CONFIG, &name) {
                    Some(known) => drop(self.config.insert(known, value)),
                    None => not_passed_on(&format!("{path}.{name}"), cx),
                }
            }
        } else {
            not_passed_on(&path, cx);
        }
        Ok(())
    }

    fn add_tools(&mut self, value: &'a RawValue, path: &str, cx: &mut Context<'_>) -> Result<(), EncodeError> {
        let what = "a list of objects with one tool each";
        let tools: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| EncodeError::new(path, what))?;
        for (index, tool) in tools.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let tool_members = members(tool.get(), &path)?;
            if tool_members.len() == 1 && tool_members.keys().all(|name| known(TOOLS, name).is_some()) {
                self.tools.push(tool);
            } else {
                not_passed_on(&path, cx);
            }
        }
        Ok(())
    }
}

fn not_passed_on(path: &str, cx: &mut Context<'_>) {
    let name = path.strip_prefix("prompt.").unwrap_or(path);
    cx.warnings.dropped(FIELD, format!("`{name}` is not passed on"));
}

/// Returns the service's name for a member, which may be written in either of the two ways it takes.
fn known(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| is(known, name))
}

fn is(known: &str, name: &str) -> bool {
    let mut snake = String::with_capacity(known.len() + 4);
    for letter in known.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    name == known || name == snake
}

fn members<'a>(text: &'a str, field: &str) -> Result<Members<'a>, EncodeError> {
    serde_json::from_str(text).map_err(|_| EncodeError::new(field, "it is not a JSON object"))
}

fn read<T: DeserializeOwned>(value: &RawValue, field: &str, what: &str) -> Result<T, EncodeError> {
    serde_json::from_str(value.get()).map_err(|_| EncodeError::new(field, format!("it is not {what}")))
}
