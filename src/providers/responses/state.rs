//! State a provider gives with an answer and wants back with the next request, at the place where it came.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::chat::{Message, Part, ProviderState};

/// A whole reasoning item. It stands before the tool call it names, else before everything else of its message.
pub const ENCRYPTED_REASONING: &str = "encrypted_reasoning";
/// A text that belongs to a tool call.
pub const THOUGHT_SIGNATURE: &str = "thought_signature";

/// Whether a conversation holds encrypted thinking of `issuer`.
pub fn has_reasoning(messages: &[Message], issuer: &str) -> bool {
    states(messages).any(|state| state.provider == issuer && state.kind == ENCRYPTED_REASONING)
}

/// Returns the signatures of a conversation by the ids of their calls.
pub fn signatures<'a>(messages: &'a [Message], issuer: &str) -> HashMap<&'a str, &'a str> {
    let ours = states(messages).filter(|state| state.provider == issuer && state.kind == THOUGHT_SIGNATURE);
    ours.filter_map(|state| Some((&*state.tool_call_id, std::str::from_utf8(&state.data).ok()?))).collect()
}

/// Returns the reasoning item in a state, or nothing when it holds none of `issuer`.
pub fn reasoning_item<'a>(state: &'a ProviderState, issuer: &str) -> Option<&'a RawValue> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
    }
    if state.provider != issuer || state.kind != ENCRYPTED_REASONING {
        return None;
    }
    let item: &RawValue = serde_json::from_slice(&state.data).ok()?;
    let kind: Kind<'_> = serde_json::from_str(item.get()).ok()?;
    (kind.kind == "reasoning").then_some(item)
}

fn states(messages: &[Message]) -> impl Iterator<Item = &ProviderState> {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts.filter_map(|part| if let Part::ProviderState(state) = part { Some(state) } else { None })
}
