//! Writes what the assistant said earlier.

use std::borrow::Cow;

use super::{
    content::simplest,
    context::Context,
    switches::{EmptyContent, ReasoningEcho},
    tool_ids::tool_call_id,
    wire::{AudioRef, Content, CustomCall, FunctionCall, Message, Part, ToolCall},
};
use crate::{
    domain::chat::{self, ProviderState, ToolKind},
    providers::{adapter::EncodeError, place::Place},
};

/// The kind of state that holds the thinking before a tool call, for callers that do not send it back themselves.
pub const REASONING_STATE: &str = "reasoning_content";

pub fn encode<'a>(cx: &mut Context<'_>, message: &'a chat::Message, place: Place) -> Result<Message<'a>, EncodeError> {
    let mut wire = Message { role: "assistant", ..Message::default() };
    let mut parts = Vec::new();
    let mut remembered = None;
    for (number, part) in message.parts.iter().enumerate() {
        let place = place.part(number);
        match part {
            chat::Part::Text(text) => parts.push(Part::Text { text: Cow::Borrowed(text) }),
            chat::Part::Refusal(refusal) if cx.dialect.refusal_parts => parts.push(Part::Refusal { refusal }),
            chat::Part::Refusal(refusal) => parts.push(Part::Text { text: Cow::Borrowed(refusal) }),
            chat::Part::ToolCall(call) => wire.tool_calls.push(tool_call(cx, call)),
            chat::Part::Reasoning(text) => echo(cx, &mut wire, text),
            chat::Part::ProviderState(state) if is_thinking(cx, state) => {
                remembered = remembered.or(std::str::from_utf8(&state.data).ok());
            }
            chat::Part::ProviderState(_) => {
                cx.warnings.dropped(place.field("provider_state"), "the provider has no such state to get back");
            }
            chat::Part::Audio(audio) if !audio.audio_id.is_empty() => {
                wire.audio = Some(AudioRef { id: &audio.audio_id });
            }
            chat::Part::Audio(_) | chat::Part::Image(_) | chat::Part::File(_) | chat::Part::ToolResult(_) => {
                return Err(place.refuse("", "the provider takes no such part from an assistant"));
            }
        }
    }
    if parts.is_empty() && !wire.tool_calls.is_empty() {
        wire.content = match cx.dialect.tool_call_content {
            EmptyContent::Null => Some(Content::Null),
            EmptyContent::Empty => Some(Content::Text(Cow::Borrowed(""))),
            EmptyContent::Omit => None,
        };
    } else if !parts.is_empty() || wire.audio.is_none() {
        wire.content = Some(simplest(cx.dialect, parts));
    }
    if !wire.tool_calls.is_empty() && cx.dialect.reasoning_echo != ReasoningEcho::Strip {
        // What the caller says of the thinking wins over what was remembered.
        let always = (cx.dialect.reasoning_echo == ReasoningEcho::Always).then_some("");
        wire.reasoning_content = wire.reasoning_content.or(remembered.or(always).map(Cow::Borrowed));
    }
    Ok(wire)
}

fn is_thinking(cx: &Context<'_>, state: &ProviderState) -> bool {
    state.kind == REASONING_STATE && cx.dialect.reasoning_echo != ReasoningEcho::Strip
}

fn echo<'a>(cx: &Context<'_>, wire: &mut Message<'a>, text: &'a str) {
    match (cx.dialect.reasoning_echo, &mut wire.reasoning_content) {
        (ReasoningEcho::Strip, _) => {}
        (ReasoningEcho::Keep | ReasoningEcho::Always, Some(before)) => before.to_mut().push_str(text),
        (ReasoningEcho::Keep | ReasoningEcho::Always, none) => *none = Some(Cow::Borrowed(text)),
    }
}

fn tool_call<'a>(cx: &Context<'_>, call: &'a chat::ToolCall) -> ToolCall<'a> {
    let id = tool_call_id(cx.dialect, &call.id);
    let (name, arguments) = (call.name.as_str(), call.arguments.as_str());
    match call.kind {
        ToolKind::Function => ToolCall::Function { id, function: FunctionCall { name, arguments } },
        ToolKind::Custom => ToolCall::Custom { id, custom: CustomCall { name, input: arguments } },
    }
}
