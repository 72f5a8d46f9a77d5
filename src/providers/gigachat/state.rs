//! `functions_state_id`: what the service wants back with a call it made, to find what it thought then.
//!
//! It travels in the id of the call, `call_<uuid>`, the one thing every client returns. Whatever an id cannot carry
//! travels as provider state.

use bytes::Bytes;

use crate::domain::chat::ProviderState;

pub const PROVIDER: &str = "gigachat";
pub const KIND: &str = "functions_state_id";

const PREFIX: &str = "call_";

/// Returns the id of the call that carries a state, if it can.
pub fn call_id(state: &str) -> Option<String> {
    is_uuid(state).then(|| format!("{PREFIX}{state}"))
}

/// Returns the state that the id of a call carries.
pub fn in_call_id(id: &str) -> Option<&str> {
    id.strip_prefix(PREFIX).filter(|state| is_uuid(state))
}

/// Returns a state as the contract carries it; `tool_call_id` is empty when it belongs to the whole message.
pub fn provider_state(state: &str, tool_call_id: &str) -> ProviderState {
    ProviderState {
        provider: PROVIDER.to_owned(),
        kind: KIND.to_owned(),
        data: Bytes::copy_from_slice(state.as_bytes()),
        tool_call_id: tool_call_id.to_owned(),
        ..ProviderState::default()
    }
}

/// Returns what `provider_state` put there.
pub fn in_provider_state(state: &ProviderState) -> Option<&str> {
    let ours = state.provider == PROVIDER && state.kind == KIND;
    std::str::from_utf8(&state.data).ok().filter(|text| ours && !text.is_empty())
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
