//! What the service's own tools did in an answer: calls of a search, code that was run. The contract has no words for
//! it, so it travels as one opaque state and goes back as it came, which the service asks for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{chunk, wire};
use crate::domain::chat::ProviderState;

/// Kind of the state: a JSON list of parts.
pub const SERVER_PARTS: &str = "server_parts";

/// One of these and maybe a signature.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ServerPart<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tool_call: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tool_response: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    executable_code: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    code_execution_result: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thought_signature: Option<String>,
}

/// Returns the JSON of a part of an answer, when it is one of the service's own tools.
pub fn server_part(part: &chunk::Part<'_>) -> Option<String> {
    let mut kept = ServerPart {
        tool_call: part.tool_call,
        tool_response: part.tool_response,
        executable_code: part.executable_code,
        code_execution_result: part.code_execution_result,
        thought_signature: None,
    };
    kept.data()?;
    kept.thought_signature = part.thought_signature.as_ref().map(|signature| signature.0.clone().into_owned());
    serde_json::to_string(&kept).ok()
}

/// Returns the state that holds these parts.
pub fn state(parts: &[String]) -> ProviderState {
    let data = Bytes::from(format!("[{}]", parts.join(",")));
    ProviderState { kind: SERVER_PARTS.to_owned(), data, ..ProviderState::default() }
}

/// Returns the parts of a state as they go back; nothing when it is not of this kind or cannot be read.
pub fn parts(state: &ProviderState) -> Option<Vec<wire::Part<'_>>> {
    if state.kind != SERVER_PARTS {
        return None;
    }
    let parts: Vec<ServerPart<'_>> = serde_json::from_slice(&state.data).ok()?;
    parts.into_iter().map(ServerPart::into_wire).collect()
}

impl<'a> ServerPart<'a> {
    fn data(&self) -> Option<wire::PartData<'a>> {
        self.tool_call
            .map(wire::PartData::ToolCall)
            .or(self.tool_response.map(wire::PartData::ToolResponse))
            .or(self.executable_code.map(wire::PartData::ExecutableCode))
            .or(self.code_execution_result.map(wire::PartData::CodeExecutionResult))
    }

    fn into_wire(self) -> Option<wire::Part<'a>> {
        Some(wire::Part { data: self.data()?, thought_signature: self.thought_signature.map(Into::into) })
    }
}
