//! Reads the caller's `provider_options`: members that go into lists of ours, filters of the search, and the rest.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    context::Context,
    dialect::{OptionRule, SearchForm},
};
use crate::providers::adapter::EncodeError;

/// Members the contract has fields for, or that would make the answer come in another way than was asked for.
const RESERVED: &[&str] = &[
    "background",
    "conversation",
    "input",
    "instructions",
    "max_output_tokens",
    "messages",
    "metadata",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "response_format",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "user",
];

/// Filters of a search, as Perplexity's older format had them beside everything else.
const FILTERS: &[&str] = &[
    "last_updated_after_filter",
    "last_updated_before_filter",
    "search_after_date_filter",
    "search_before_date_filter",
    "search_domain_filter",
    "search_recency_filter",
];
const NO_SEARCH: &str = "disable_search";

/// Members that say which model and tools to use, so that a name need not.
const CONFIGURATIONS: &[&str] = &["effort", "preset", "profile", "models"];

#[derive(Debug, Default)]
pub struct Options<'a> {
    /// Tools the provider runs itself.
    pub tools: Vec<&'a RawValue>,
    pub include: Vec<String>,
    pub filters: BTreeMap<&'static str, &'a RawValue>,
    /// The caller wants no search, though the model is known for it.
    pub no_search: bool,
    pub rest: BTreeMap<String, &'a RawValue>,
}

impl Options<'_> {
    /// Whether they choose model and tools.
    pub fn choose(&self) -> bool {
        CONFIGURATIONS.iter().any(|name| self.rest.contains_key(*name))
    }
}

/// Returns the members of the object in `options`, or nothing when it is none.
pub fn members(options: &str) -> Option<BTreeMap<String, &RawValue>> {
    if options.is_empty() { Some(BTreeMap::new()) } else { serde_json::from_str(options.trim()).ok() }
}

pub fn read<'a>(cx: &mut Context<'_>, options: &'a str) -> Result<Options<'a>, EncodeError> {
    let Some(members) = members(options) else {
        return Err(EncodeError::new("prompt.provider_options", "not a JSON object"));
    };
    let mut read = Options::default();
    for (name, value) in members {
        let field = format!("prompt.provider_options.{name}");
        if let Some((_, instead)) = cx.dialect.withdrawn.iter().find(|(withdrawn, _)| **withdrawn == name) {
            return Err(EncodeError::new(field, instead.as_ref()));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(EncodeError::new(field, "this member has a field of its own; set that"));
        }
        match name.as_str() {
            "tools" => read.tools = list(value, field)?,
            "include" if cx.dialect.options == OptionRule::Open => read.include = list(value, field)?,
            _ => take(cx, name, value, &mut read),
        }
    }
    Ok(read)
}

fn take<'a>(cx: &mut Context<'_>, name: String, value: &'a RawValue, read: &mut Options<'a>) {
    if cx.dialect.web_search == SearchForm::Filters {
        if let Some(filter) = FILTERS.iter().find(|filter| **filter == name) {
            read.filters.insert(filter, value);
            return;
        }
        if name == NO_SEARCH {
            read.no_search = value.get() == "true";
            return;
        }
    }
    let known = match &cx.dialect.options {
        OptionRule::Open => true,
        OptionRule::Known(known) => known.iter().any(|known| **known == name),
    };
    if known {
        read.rest.insert(name, value);
    } else {
        cx.warnings.dropped(format!("prompt.provider_options.{name}"), "the provider knows no such member");
    }
}

fn list<'a, T: serde::Deserialize<'a>>(value: &'a RawValue, field: String) -> Result<Vec<T>, EncodeError> {
    serde_json::from_str(value.get()).map_err(|_| EncodeError::new(field, "not a list of the kind the provider takes"))
}
