//! From the contract's messages to `system` and `messages`.

use serde_json::value::RawValue;

use super::{
    media,
    turns::Turns,
    wire::{Block, Request, Speaker},
};
use crate::{
    domain::chat::{ChatRequest, Message, Part, Role, ToolCall, ToolResult},
    providers::{adapter::EncodeError, place::Place, warnings::Warnings},
};

/// Kind of the provider state that carries a block of signed thinking, as JSON.
pub const THINKING_BLOCK: &str = "thinking_block";

const NO_ARGUMENTS: &str = "{}";

/// Begins a request with its conversation.
pub fn conversation<'a>(request: &'a ChatRequest, warnings: &mut Warnings) -> Result<Request<'a>, EncodeError> {
    let (mut system, mut turns) = (Vec::new(), Turns::default());
    for (index, message) in request.messages.iter().enumerate() {
        let place = Place::message(index);
        match message.role {
            Role::System | Role::Developer => {
                if !turns.is_empty() {
                    warnings.rewritten(place.field("role"), "moved to the beginning: the provider has one instruction");
                }
                system.extend(instructions(message, place)?);
            }
            Role::User => turns.say(Speaker::User, user(message, place)?),
            Role::Assistant => turns.say(Speaker::Assistant, assistant(message, place, warnings)?),
            Role::Tool => turns.say(Speaker::User, user(message, place)?),
        }
    }
    if turns.is_empty() {
        // Instructions alone are no conversation there.
        turns.say(Speaker::User, std::mem::take(&mut system).into_iter().map(|text| Block::Text { text }).collect());
    }
    Ok(Request { system: system.join("\n\n"), messages: turns.finish(), ..Request::default() })
}

fn instructions(message: &Message, place: Place) -> Result<Vec<&str>, EncodeError> {
    let mut texts = Vec::with_capacity(message.parts.len());
    for (index, part) in message.parts.iter().enumerate() {
        match part {
            Part::Text(text) if text.trim().is_empty() => {}
            Part::Text(text) => texts.push(text.as_str()),
            _ => return Err(place.part(index).refuse("", "instructions of this provider are text only")),
        }
    }
    Ok(texts)
}

fn user(message: &Message, place: Place) -> Result<Vec<Block<'_>>, EncodeError> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    for (index, part) in message.parts.iter().enumerate() {
        let place = place.part(index);
        match part {
            Part::ToolResult(found) => blocks.push(result(found, place)?),
            part => blocks.extend(said(part, place)?),
        }
    }
    Ok(blocks)
}

/// Writes what anybody can say. Blocks of white space are refused there.
fn said(part: &Part, place: Place) -> Result<Option<Block<'_>>, EncodeError> {
    Ok(match part {
        Part::Text(text) | Part::Refusal(text) => (!text.trim().is_empty()).then_some(Block::Text { text }),
        Part::Image(image) => Some(media::image(image, place)?),
        Part::File(file) => Some(media::document(file, place)?),
        Part::Audio(_) => return Err(place.refuse("audio", "the provider takes no audio")),
        Part::ToolCall(_) => return Err(place.refuse("tool_call", "only the assistant calls tools")),
        Part::ToolResult(_) => return Err(place.refuse("tool_result", "results of tools belong to the role tool")),
        Part::Reasoning(_) | Part::ProviderState(_) => None,
    })
}

/// Writes the model's turn in the order it gave it: signed thinking, words, calls with the thinking that led to them.
fn assistant<'a>(message: &'a Message, place: Place, warnings: &mut Warnings) -> Result<Vec<Block<'a>>, EncodeError> {
    let calls = || {
        message.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    };
    let first = calls().next().map(|call| call.id.as_str()).unwrap_or_default();
    let mut blocks: Vec<_> = thoughts(message)
        .filter(|(id, _)| id.is_empty() || *id == first)
        .map(|(_, block)| Block::Kept(block))
        .collect();
    for (index, part) in message.parts.iter().enumerate().filter(|(_, part)| !matches!(part, Part::ToolCall(_))) {
        blocks.extend(said(part, place.part(index))?);
    }
    for (index, call) in calls().enumerate() {
        let led_here = thoughts(message).filter(|(id, _)| index > 0 && *id == call.id);
        blocks.extend(led_here.map(|(_, block)| Block::Kept(block)));
        blocks.push(tool_use(call, place, warnings));
    }
    Ok(blocks)
}

/// Returns the signed thinking of a message, with the call each block led to.
fn thoughts(message: &Message) -> impl Iterator<Item = (&str, &RawValue)> {
    message.parts.iter().filter_map(|part| match part {
        Part::ProviderState(state) if state.kind == THINKING_BLOCK => {
            Some((state.tool_call_id.as_str(), serde_json::from_slice(&state.data).ok()?))
        }
        _ => None,
    })
}

fn tool_use<'a>(call: &'a ToolCall, place: Place, warnings: &mut Warnings) -> Block<'a> {
    let is_object = call.arguments.trim_start().starts_with('{');
    let input = serde_json::from_str(&call.arguments).ok().filter(|_| is_object);
    if input.is_none() && !call.arguments.trim().is_empty() {
        warnings.rewritten(place.field("parts.tool_call.arguments"), "sent as {}: they are no JSON object");
    }
    let input = input.or_else(|| serde_json::from_str(NO_ARGUMENTS).ok()).unwrap_or(RawValue::NULL);
    Block::ToolUse { id: &call.id, name: &call.name, input }
}

fn result<'a>(result: &'a ToolResult, place: Place) -> Result<Block<'a>, EncodeError> {
    let mut content = Vec::with_capacity(result.parts.len());
    for (index, part) in result.parts.iter().enumerate() {
        content.extend(said(part, place.result_part(index))?);
    }
    Ok(Block::ToolResult { tool_use_id: &result.tool_call_id, content, is_error: result.is_error })
}
