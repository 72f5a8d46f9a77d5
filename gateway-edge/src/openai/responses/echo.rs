//! Members of the request that the response object repeats, in the caller's own bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

type Raw = Option<Box<RawValue>>;

/// What was asked, as every response object tells it. Clients require most of these to be there, null or not.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Echo {
    instructions: Raw,
    max_output_tokens: Raw,
    #[serde(default)]
    pub model: String,
    parallel_tool_calls: Raw,
    previous_response_id: Raw,
    reasoning: Raw,
    store: Raw,
    temperature: Raw,
    text: Raw,
    tool_choice: Raw,
    tools: Raw,
    top_p: Raw,
    truncation: Raw,
    metadata: Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tool_calls: Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Raw,
}

impl Echo {
    /// Reads a body that was read before, so it cannot be wrong.
    pub fn read(json: &[u8]) -> Self {
        let mut echo: Self = serde_json::from_slice(json).unwrap_or_default();
        // Nothing is stored, whatever was asked.
        echo.store = raw("false");
        for (member, default) in [
            (&mut echo.parallel_tool_calls, "true"),
            (&mut echo.reasoning, r#"{"effort":null,"summary":null}"#),
            (&mut echo.temperature, "1.0"),
            (&mut echo.text, r#"{"format":{"type":"text"}}"#),
            (&mut echo.tool_choice, r#""auto""#),
            (&mut echo.tools, "[]"),
            (&mut echo.top_p, "1.0"),
            (&mut echo.truncation, r#""disabled""#),
            (&mut echo.metadata, "{}"),
        ] {
            if member.is_none() {
                *member = raw(default);
            }
        }
        if let Some(whole) = echo.tools.as_deref().and_then(completed) {
            echo.tools = Some(whole);
        }
        echo
    }
}

/// Gives functions the members that a reply must have and a request need not. `None` when they have them.
fn completed(tools: &RawValue) -> Raw {
    let mut tools: Vec<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(tools.get()).ok()?;
    let mut is_changed = false;
    for tool in tools.iter_mut().filter(|tool| tool.get("type").is_some_and(|kind| kind.get() == r#""function""#)) {
        for member in ["parameters", "strict"] {
            if !tool.contains_key(member) {
                tool.insert(member.to_owned(), RawValue::NULL.to_owned());
                is_changed = true;
            }
        }
    }
    is_changed.then(|| to_raw_value(&tools).ok()).flatten()
}

fn raw(json: &str) -> Raw {
    RawValue::from_string(json.to_owned()).ok()
}
