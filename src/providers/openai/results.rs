//! Writes what tools returned.

use std::borrow::Cow;

use super::{
    content::{simplest, user_part},
    context::Context,
    switches::ToolResultMedia,
    tool_ids::tool_call_id,
    wire::{Content, Message, Part},
};
use crate::{
    domain::chat,
    providers::{adapter::EncodeError, place::Place},
};

/// What stands in front of pictures that were moved out of a result.
const MOVED: &str = "What the tools returned:";

/// Media of results in a row that must wait for a user's message behind them.
#[derive(Debug, Default)]
pub struct Results<'a> {
    media: Vec<Part<'a>>,
}

impl<'a> Results<'a> {
    /// Returns the user's message with the media of the results so far, if there are any.
    pub fn moved_media(&mut self) -> Option<Message<'a>> {
        if self.media.is_empty() {
            return None;
        }
        let mut parts = vec![Part::Text { text: Cow::Borrowed(MOVED) }];
        parts.append(&mut self.media);
        Some(Message { role: "user", content: Some(Content::Parts(parts)), ..Message::default() })
    }
}

/// Writes one message for each result in the message at `index`.
pub fn encode<'a>(
    cx: &mut Context<'_>,
    messages: &'a [chat::Message],
    index: usize,
    results: &mut Results<'a>,
    wire: &mut Vec<Message<'a>>,
) -> Result<(), EncodeError> {
    let (earlier, rest) = messages.split_at(index);
    for (number, part) in rest.iter().take(1).flat_map(|message| &message.parts).enumerate() {
        let place = Place::message(index).part(number);
        let chat::Part::ToolResult(result) = part else {
            return Err(place.refuse("", "a tool's message holds tool results only"));
        };
        let content = content(cx, result, place, results)?;
        let name = cx.dialect.tool_result_name.then(|| tool_name(earlier, result)).flatten();
        wire.push(Message {
            role: "tool",
            content: Some(content),
            name: name.map(Cow::Borrowed),
            tool_call_id: Some(tool_call_id(cx.dialect, &result.tool_call_id)),
            ..Message::default()
        });
    }
    Ok(())
}

fn content<'a>(
    cx: &mut Context<'_>,
    result: &'a chat::ToolResult,
    place: Place,
    results: &mut Results<'a>,
) -> Result<Content<'a>, EncodeError> {
    let mut parts = Vec::with_capacity(result.parts.len());
    for (number, part) in result.parts.iter().enumerate() {
        let place = place.result_part(number);
        match part {
            chat::Part::Text(text) => parts.push(Part::Text { text: Cow::Borrowed(text) }),
            media if cx.dialect.tool_result_media == ToolResultMedia::Native => {
                parts.push(user_part(cx, media, place)?)
            }
            media => {
                results.media.push(user_part(cx, media, place)?);
                cx.warnings.rewritten(place.field(""), "moved to a user's message behind the results");
            }
        }
    }
    Ok(simplest(cx.dialect, parts))
}

/// Returns the name of the tool that was called, which a result may leave out.
fn tool_name<'a>(earlier: &'a [chat::Message], result: &'a chat::ToolResult) -> Option<&'a str> {
    if !result.name.is_empty() {
        return Some(&result.name);
    }
    let mut parts = earlier.iter().rev().flat_map(|message| &message.parts);
    parts.find_map(|part| match part {
        chat::Part::ToolCall(call) if call.id == result.tool_call_id => Some(&*call.name),
        _ => None,
    })
}
