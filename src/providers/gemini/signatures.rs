//! Thought signatures: Gemini 3 and newer refuse a call of the current turn that comes back without the one it had.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    context::Context,
    wire::{Part, PartData},
};
use crate::{
    domain::{
        chat::{Message, Part as Piece, ProviderState, ToolCall},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::place::Place,
};

/// Kind of the state: the bytes of a signature.
pub const THOUGHT_SIGNATURE: &str = "thought_signature";
/// The same for a signature that is not plain base64, letter by letter.
const THOUGHT_SIGNATURE_TEXT: &str = "thought_signature_text";

/// Google's documented stand-in for the signature of a call the model did not make itself.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Returns the state that carries a signature.
pub fn state(signature: &str, tool_call_id: String) -> ProviderState {
    let (kind, data) = match STANDARD.decode(signature) {
        Ok(bytes) if STANDARD.encode(&bytes) == signature => (THOUGHT_SIGNATURE, bytes.into()),
        Ok(_) | Err(_) => (THOUGHT_SIGNATURE_TEXT, Bytes::copy_from_slice(signature.as_bytes())),
    };
    ProviderState { kind: kind.to_owned(), data, tool_call_id, ..ProviderState::default() }
}

/// Returns the signature a state holds, as it goes over the wire.
pub fn signature(state: &ProviderState) -> Option<String> {
    match state.kind.as_str() {
        THOUGHT_SIGNATURE => Some(STANDARD.encode(&state.data)),
        THOUGHT_SIGNATURE_TEXT => String::from_utf8(state.data.to_vec()).ok(),
        _ => None,
    }
}

/// Puts the signatures of a message where they came from: on the calls of `parts`, which begin at `first_call`, or on
/// the last part before them.
pub fn sign<'a>(
    message: &'a Message,
    place: Place,
    parts: &mut Vec<Part<'a>>,
    mut first_call: usize,
    cx: &mut Context<'_>,
) {
    for (index, piece) in message.parts.iter().enumerate() {
        let Piece::ProviderState(state) = piece else { continue };
        let Some(signature) = signature(state) else { continue };
        let target = if state.tool_call_id.is_empty() {
            // A signature may come without words, at the end of a stream.
            if cx.family.call_ids && parts.iter().take(first_call).all(is_of_server) {
                parts.insert(first_call, Part::text(""));
                first_call += 1;
            }
            parts.iter_mut().take(first_call).filter(|part| !is_of_server(part)).last()
        } else {
            let at = calls(message).position(|call| call.id == state.tool_call_id);
            at.and_then(|at| parts.get_mut(first_call + at))
        };
        match target {
            Some(part) => part.thought_signature = Some(Cow::Owned(signature)),
            None => {
                let field = place.part(index).field("provider_state");
                cx.warnings.dropped(field, "what it belongs to is not in the message");
            }
        }
    }
    // Of each step the service checks the first call only. The stand-in is for a call that another model made.
    if let Some(part) = parts.get_mut(first_call).filter(|_| cx.family.call_ids) {
        part.thought_signature.get_or_insert(Cow::Borrowed(NO_SIGNATURE));
    }
}

fn calls(message: &Message) -> impl Iterator<Item = &ToolCall> {
    message.parts.iter().filter_map(|piece| if let Piece::ToolCall(call) = piece { Some(call) } else { None })
}

/// Whether a part goes back exactly as it came.
fn is_of_server(part: &Part<'_>) -> bool {
    match part.data {
        PartData::ToolCall(_)
        | PartData::ToolResponse(_)
        | PartData::ExecutableCode(_)
        | PartData::CodeExecutionResult(_) => true,
        PartData::Text(_)
        | PartData::InlineData(_)
        | PartData::FileData(_)
        | PartData::FunctionCall(_)
        | PartData::FunctionResponse(_) => false,
    }
}

/// Whether the service refused a signature: one of another model, or one that was damaged on its way.
pub fn are_refused(failure: &UpstreamFailure) -> bool {
    let message = failure.message.to_ascii_lowercase();
    let words = ["thought signature is not valid", "corrupted thought signature"];
    failure.class == FailureClass::Caller && words.iter().any(|words| message.contains(words))
}
