//! Tool calls and their results in a conversation.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::{RawValue, to_raw_value};

use super::{
    context::Context,
    media,
    wire::{Empty, FunctionCall, FunctionResponse, Part, PartData},
};
use crate::{
    domain::chat::{MediaSource, Part as Piece, ToolCall, ToolKind, ToolResult},
    providers::{adapter::EncodeError, place::Place},
};

/// The one argument of a function that stands for a custom tool.
pub const INPUT: &str = "input";

/// A call of the last model turn and what was answered.
#[derive(Debug)]
pub struct OpenCall<'a> {
    call: &'a ToolCall,
    answer: Option<Answer<'a>>,
}

#[derive(Debug)]
struct Answer<'a> {
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

    /// Takes the result. Pictures go with it where the family allows that, other media into the user's next turn.
    pub fn answer(&mut self, result: &'a ToolResult, place: Place, cx: &mut Context<'a>) -> Result<(), EncodeError> {
        let mut text = Cow::Borrowed("");
        let (mut inline, mut follow_up) = (Vec::new(), Vec::new());
        for (index, piece) in result.parts.iter().enumerate() {
            let place = place.result_part(index);
            let (part, goes_with_it) = match piece {
                Piece::Text(more) if text.is_empty() => {
                    text = Cow::Borrowed(more);
                    continue;
                }
                Piece::Text(more) => {
                    text.to_mut().push_str(more);
                    continue;
                }
                Piece::Image(image) => {
                    let is_data = matches!(image.source, MediaSource::Data { .. });
                    (media::image(image, place, cx)?, cx.family.call_ids && is_data)
                }
                Piece::Audio(audio) => (media::audio(audio, place, cx)?, false),
                Piece::File(file) => (media::file(file, place, cx)?, false),
                Piece::ToolCall(_)
                | Piece::ToolResult(_)
                | Piece::Reasoning(_)
                | Piece::Refusal(_)
                | Piece::ProviderState(_) => {
                    return Err(place.refuse("", "tool results hold text, images, audio and files only"));
                }
            };
            if goes_with_it {
                inline.push(part);
            } else {
                cx.warnings.rewritten(place.field(""), "sent as the next turn of the user");
                follow_up.push(part);
            }
        }
        self.answer = Some(Answer { response: response(&text, result.is_error), inline, follow_up });
        Ok(())
    }

    /// Returns the part that answers the call, and what the user's next turn has to show besides.
    pub fn into_parts(self, cx: &Context<'a>) -> (Part<'a>, Vec<Part<'a>>) {
        let no_result = || Answer { response: response("no result", true), inline: Vec::new(), follow_up: Vec::new() };
        let answer = self.answer.unwrap_or_else(no_result);
        let part = PartData::FunctionResponse(FunctionResponse {
            id: id(self.call, cx),
            name: cx.names.sent(&self.call.name),
            response: answer.response,
            parts: answer.inline,
        });
        (part.into(), answer.follow_up)
    }
}

/// Writes a call of the model.
pub fn call<'a>(call: &'a ToolCall, place: Place, cx: &mut Context<'a>) -> Part<'a> {
    let args = match (call.kind, as_object(&call.arguments)) {
        (ToolKind::Function, Some(args)) => Cow::Borrowed(args),
        (ToolKind::Function, None) if call.arguments.trim().is_empty() => Cow::Owned(empty_object()),
        (ToolKind::Function, None) => {
            let message = "the provider takes a JSON object only; sent as its member `input`";
            cx.warnings.rewritten(place.field("tool_call.arguments"), message);
            Cow::Owned(member(INPUT, &call.arguments))
        }
        (ToolKind::Custom, _) => Cow::Owned(text_member(INPUT, &call.arguments)),
    };
    PartData::FunctionCall(FunctionCall { id: id(call, cx), name: cx.names.sent(&call.name), args }).into()
}

/// Models before Gemini 3 gave no ids, and some refuse them.
fn id<'a>(call: &'a ToolCall, cx: &Context<'_>) -> Option<&'a str> {
    (cx.family.call_ids && !call.id.is_empty()).then_some(call.id.as_str())
}

/// Returns the JSON object a result has to be: itself, or wrapped under the key that says what it is.
fn response(text: &str, is_error: bool) -> Box<RawValue> {
    match as_object(text) {
        Some(value) if !is_error => value.to_owned(),
        Some(_) | None => member(if is_error { "error" } else { "result" }, text),
    }
}

fn as_object(text: &str) -> Option<&RawValue> {
    as_json(text).filter(|value| value.get().starts_with('{'))
}

fn as_json(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text.trim()).ok()
}

/// Returns an object with one member: the JSON value the text holds, else the text.
fn member(key: &str, text: &str) -> Box<RawValue> {
    let Some(value) = as_json(text) else { return text_member(key, text) };
    to_raw_value(&BTreeMap::from([(key, value)])).unwrap_or_else(|_| empty_object())
}

fn text_member(key: &str, text: &str) -> Box<RawValue> {
    to_raw_value(&BTreeMap::from([(key, text)])).unwrap_or_else(|_| empty_object())
}

fn empty_object() -> Box<RawValue> {
    to_raw_value(&Empty {}).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
