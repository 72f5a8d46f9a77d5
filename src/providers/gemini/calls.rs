//! Tool calls and their results in a conversation, and the thought signatures that must come back with the calls.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    family::Family,
    media,
    wire::{Empty, FunctionCall, FunctionResponse, Part, PartData},
};
use crate::{
    domain::chat::{MediaSource, Message, Part as Piece, ProviderState, ToolCall, ToolKind, ToolResult},
    providers::{adapter::EncodeError, place::Place, warnings::Warnings},
};

/// Who issues the state this adapter takes back, and how it calls it.
pub const PROVIDER: &str = "google";
pub const THOUGHT_SIGNATURE: &str = "thought_signature";
const THOUGHT_SIGNATURE_TEXT: &str = "thought_signature_text";

/// Google's documented stand-in for the signature of a call the model did not make itself.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// A call of the last model turn and what was answered.
#[derive(Debug)]
pub struct OpenCall<'a> {
    call: &'a ToolCall,
    answer: Option<Answer<'a>>,
}

#[derive(Debug)]
struct Answer<'a> {
    name: &'a str,
    response: Box<RawValue>,
    inline: Vec<Part<'a>>,
    follow_up: Vec<Part<'a>>,
}

impl<'a> OpenCall<'a> {
    pub fn new(call: &'a ToolCall) -> Self {
        Self { call, answer: None }
    }

    pub fn waits_for(&self, result: &ToolResult) -> bool {
        self.answer.is_none() && self.call.id == result.tool_call_id
    }

    pub fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Takes the result. Pictures go with it where the family allows that, else into the user's next turn.
    pub fn answer(
        &mut self,
        result: &'a ToolResult,
        place: Place,
        family: &Family,
        warnings: &mut Warnings,
    ) -> Result<(), EncodeError> {
        let mut text = Cow::Borrowed("");
        let (mut inline, mut follow_up) = (Vec::new(), Vec::new());
        for (index, piece) in result.parts.iter().enumerate() {
            let place = place.result_part(index);
            match piece {
                Piece::Text(more) if text.is_empty() => text = Cow::Borrowed(more),
                Piece::Text(more) => text.to_mut().push_str(more),
                Piece::Image(image) => {
                    let part = media::image(image, place, family, warnings)?;
                    if family.call_ids && matches!(image.source, MediaSource::Data { .. }) {
                        inline.push(part);
                    } else {
                        warnings.rewritten(place.field(""), "sent as the next turn of the user");
                        follow_up.push(part);
                    }
                }
                Piece::Audio(_)
                | Piece::File(_)
                | Piece::ToolCall(_)
                | Piece::ToolResult(_)
                | Piece::Reasoning(_)
                | Piece::Refusal(_)
                | Piece::ProviderState(_) => {
                    return Err(place.refuse("", "tool results of this provider hold text and images only"));
                }
            }
        }
        let name = if result.name.is_empty() { &self.call.name } else { &result.name };
        self.answer = Some(Answer { name, response: response(&text, result.is_error), inline, follow_up });
        Ok(())
    }

    /// Returns the part that answers the call, and what the user's next turn has to show besides.
    pub fn into_parts(self, family: &Family) -> (Part<'a>, Vec<Part<'a>>) {
        let answer = self.answer.unwrap_or_else(|| Answer {
            name: &self.call.name,
            response: response("no result", true),
            inline: Vec::new(),
            follow_up: Vec::new(),
        });
        let part = PartData::FunctionResponse(FunctionResponse {
            id: id(self.call, family),
            name: answer.name,
            response: answer.response,
            parts: answer.inline,
        });
        (part.into(), answer.follow_up)
    }
}

/// Writes a call of the model.
pub fn call<'a>(call: &'a ToolCall, place: Place, family: &Family, warnings: &mut Warnings) -> Part<'a> {
    let args = match (call.kind, as_object(&call.arguments)) {
        (ToolKind::Function, Some(args)) => Cow::Borrowed(args),
        (ToolKind::Function, None) if call.arguments.trim().is_empty() => Cow::Owned(empty_object()),
        (ToolKind::Function | ToolKind::Custom, _) => {
            warnings.rewritten(
                place.field("tool_call.arguments"),
                "the provider takes a JSON object only; sent as its member `input`",
            );
            Cow::Owned(object("input", &call.arguments))
        }
    };
    PartData::FunctionCall(FunctionCall { id: id(call, family), name: &call.name, args }).into()
}

/// Puts the signatures of a message where they came from: on its calls, or on its last text.
pub fn sign<'a>(message: &'a Message, place: Place, parts: &mut [Part<'a>], family: &Family, warnings: &mut Warnings) {
    let calls: Vec<_> = message.parts.iter().filter_map(as_call).collect();
    let first_call = parts.len() - calls.len();
    for (index, piece) in message.parts.iter().enumerate() {
        let Piece::ProviderState(state) = piece else { continue };
        let target = if state.tool_call_id.is_empty() {
            parts[..first_call].iter_mut().rfind(|part| matches!(part.data, PartData::Text(_)))
        } else {
            let at = calls.iter().position(|call| call.id == state.tool_call_id);
            at.map(|at| &mut parts[first_call + at])
        };
        match (target, signature(state)) {
            (Some(part), Some(signature)) if state.provider == PROVIDER => {
                part.thought_signature = Some(Cow::Owned(signature));
            }
            _ => warnings.dropped(
                place.part(index).field("provider_state"),
                "it comes from another provider, or what it belongs to is gone",
            ),
        }
    }
    // Gemini 3 and newer check the first call of each step and nothing else.
    if let Some(part) = parts.get_mut(first_call).filter(|_| family.call_ids) {
        part.thought_signature.get_or_insert(Cow::Borrowed(NO_SIGNATURE));
    }
}

/// Returns the kind and the bytes of a signature. One that is not plain base64 is kept letter by letter.
pub fn signature_state(signature: &str) -> (&'static str, Bytes) {
    match STANDARD.decode(signature) {
        Ok(bytes) if STANDARD.encode(&bytes) == signature => (THOUGHT_SIGNATURE, bytes.into()),
        Ok(_) | Err(_) => (THOUGHT_SIGNATURE_TEXT, Bytes::copy_from_slice(signature.as_bytes())),
    }
}

/// Returns the signature a state holds, as it goes over the wire.
fn signature(state: &ProviderState) -> Option<String> {
    match state.kind.as_str() {
        THOUGHT_SIGNATURE => Some(STANDARD.encode(&state.data)),
        THOUGHT_SIGNATURE_TEXT => String::from_utf8(state.data.to_vec()).ok(),
        _ => None,
    }
}

fn as_call(piece: &Piece) -> Option<&ToolCall> {
    match piece {
        Piece::ToolCall(call) => Some(call),
        Piece::Text(_)
        | Piece::Image(_)
        | Piece::Audio(_)
        | Piece::File(_)
        | Piece::ToolResult(_)
        | Piece::Reasoning(_)
        | Piece::Refusal(_)
        | Piece::ProviderState(_) => None,
    }
}

/// Models before Gemini 3 gave no ids, and some refuse them.
fn id<'a>(call: &'a ToolCall, family: &Family) -> Option<&'a str> {
    (family.call_ids && !call.id.is_empty()).then_some(call.id.as_str())
}

/// Returns the JSON object a result has to be: itself, or wrapped under the key that says what it is.
fn response(text: &str, is_error: bool) -> Box<RawValue> {
    match as_object(text) {
        Some(value) if !is_error => value.to_owned(),
        Some(_) | None => object(if is_error { "error" } else { "result" }, text),
    }
}

fn as_object(text: &str) -> Option<&RawValue> {
    as_json(text).filter(|value| value.get().starts_with('{'))
}

fn as_json(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text.trim()).ok()
}

/// Returns an object with one member: the JSON value the text holds, else the text.
fn object(key: &str, text: &str) -> Box<RawValue> {
    let member = match as_json(text) {
        Some(value) => to_raw_value(&BTreeMap::from([(key, value)])),
        None => to_raw_value(&BTreeMap::from([(key, text)])),
    };
    member.unwrap_or_else(|_| empty_object())
}

fn empty_object() -> Box<RawValue> {
    to_raw_value(&Empty {}).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
