//! Writes the conversation as items.

use std::{borrow::Cow, collections::HashMap};

use super::{
    content,
    context::Context,
    dialect::Conversation,
    state,
    wire::{Content, Input, Item, Message, Request, ToolItem},
};
use crate::{
    domain::chat::{self, ChatRequest, Part, ProviderState, Role, ToolCall, ToolKind, ToolResult},
    providers::{adapter::EncodeError, place::Place},
};

/// What later items must know of earlier ones.
struct Known<'a> {
    calls: HashMap<&'a str, &'a ToolCall>,
    signatures: HashMap<&'a str, &'a str>,
}

pub fn encode<'a>(cx: &mut Context<'_>, request: &'a ChatRequest, wire: &mut Request<'a>) -> Result<(), EncodeError> {
    let messages = &request.messages[..];
    let calls = messages.iter().flat_map(|message| &message.parts).filter_map(as_call);
    let known = Known {
        calls: calls.map(|call| (&*call.id, call)).collect(),
        signatures: state::signatures(messages, &cx.dialect.issuer),
    };
    let typed = cx.dialect.conversation == Conversation::Typed;
    let first = if typed { instructions(messages, wire)? } else { 0 };
    let mut items = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate().skip(first) {
        let place = Place::message(index);
        match message.role {
            Role::System => items.push(simple(cx, "system", message, place)?),
            Role::Developer if cx.dialect.developer_role => items.push(simple(cx, "developer", message, place)?),
            Role::Developer => items.push(simple(cx, "system", message, place)?),
            Role::User => {
                let content = content::of_user(cx, &message.parts, place)?;
                items.push(Item::Message(Message { kind: kind(cx), role: "user", content }));
            }
            Role::Assistant => assistant(cx, message, place, &known, &mut items)?,
            Role::Tool => tool_results(cx, message, place, &known, &mut items)?,
        }
    }
    wire.input = if typed { simplest(items) } else { Input::Items(items) };
    Ok(())
}

/// Takes what the system says before anybody else, and returns how many messages that was. Somebody must remain.
fn instructions(messages: &[chat::Message], wire: &mut Request<'_>) -> Result<usize, EncodeError> {
    let count = messages.iter().take_while(|message| message.role == Role::System).count();
    if count == messages.len() || count == 0 {
        return Ok(0);
    }
    let texts = messages.iter().take(count).enumerate();
    let texts =
        texts.map(|(index, message)| content::text_only(&message.parts, |part| Place::message(index).part(part)));
    wire.instructions = Some(texts.collect::<Result<Vec<_>, _>>()?.join("\n\n"));
    Ok(count)
}

/// Returns the text alone when a user's single text is all there is.
fn simplest(mut items: Vec<Item<'_>>) -> Input<'_> {
    match &mut items[..] {
        [Item::Message(Message { role: "user", content: Content::Text(text), .. })] => {
            Input::Text(std::mem::take(text))
        }
        _ => Input::Items(items),
    }
}

fn kind(cx: &Context<'_>) -> Option<&'static str> {
    (cx.dialect.conversation == Conversation::Typed).then_some("message")
}

/// Writes a message that holds nothing but text.
fn simple<'a>(
    cx: &Context<'_>,
    role: &'static str,
    message: &'a chat::Message,
    place: Place,
) -> Result<Item<'a>, EncodeError> {
    let content = Content::Text(content::text_only(&message.parts, |part| place.part(part))?);
    Ok(Item::Message(Message { kind: kind(cx), role, content }))
}

fn assistant<'a>(
    cx: &mut Context<'_>,
    message: &'a chat::Message,
    place: Place,
    known: &Known<'a>,
    items: &mut Vec<Item<'a>>,
) -> Result<(), EncodeError> {
    let mut text = Cow::Borrowed("");
    let mut calls: Vec<&ToolCall> = Vec::new();
    let mut states: Vec<(Place, &ProviderState)> = Vec::new();
    for (index, part) in message.parts.iter().enumerate() {
        let place = place.part(index);
        match part {
            Part::Text(more) | Part::Refusal(more) => content::append(&mut text, more),
            Part::ToolCall(call) => calls.push(call),
            Part::ProviderState(state) => states.push((place, state)),
            // The review dropped it.
            Part::Reasoning(_) => {}
            Part::Image(_) | Part::Audio(_) | Part::File(_) | Part::ToolResult(_) => {
                return Err(place.refuse("", "the provider takes no such part from an assistant"));
            }
        }
    }
    let has_call = |id: &str| calls.iter().any(|call| call.id == id);
    let mut reasoning = Vec::new();
    for (place, state) in states {
        if let Some(item) = state::reasoning_item(state, &cx.dialect.issuer) {
            reasoning.push((Some(&*state.tool_call_id).filter(|id| has_call(id)), item));
        } else if !(has_call(&state.tool_call_id) && known.signatures.contains_key(&*state.tool_call_id)) {
            let why = "it comes from another provider, or what it belongs to is gone";
            cx.warnings.dropped(place.field("provider_state"), why);
        }
    }
    let before = |call: Option<&str>| {
        let fitting = reasoning.iter().filter(move |(before, _)| *before == call);
        fitting.map(|(_, item)| Item::State(item)).collect::<Vec<_>>()
    };
    items.extend(before(None));
    if !text.is_empty() || (calls.is_empty() && reasoning.is_empty()) {
        items.push(Item::Message(Message { kind: kind(cx), role: "assistant", content: Content::Text(text) }));
    }
    for call in calls {
        items.extend(before(Some(&call.id)));
        items.push(Item::Tool(tool_call(call, known)));
    }
    Ok(())
}

fn tool_call<'a>(call: &'a ToolCall, known: &Known<'a>) -> ToolItem<'a> {
    let (call_id, name, arguments) = (&*call.id, &*call.name, &*call.arguments);
    match call.kind {
        ToolKind::Function => {
            // By the book there is always an object.
            let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
            let thought_signature = known.signatures.get(call_id).copied();
            ToolItem::FunctionCall { call_id, name, arguments, thought_signature }
        }
        ToolKind::Custom => ToolItem::CustomToolCall { call_id, name, input: arguments },
    }
}

/// Writes one item for each result.
fn tool_results<'a>(
    cx: &Context<'_>,
    message: &'a chat::Message,
    place: Place,
    known: &Known<'a>,
    items: &mut Vec<Item<'a>>,
) -> Result<(), EncodeError> {
    for (index, part) in message.parts.iter().enumerate() {
        let place = place.part(index);
        let Part::ToolResult(result) = part else {
            return Err(place.refuse("", "a tool's message holds tool results only"));
        };
        let output = content::of_result(cx, &result.parts, place)?;
        items.push(Item::Tool(tool_result(cx, result, output, known)));
    }
    Ok(())
}

fn tool_result<'a>(cx: &Context<'_>, result: &'a ToolResult, output: Content<'a>, known: &Known<'a>) -> ToolItem<'a> {
    let call_id = &*result.tool_call_id;
    let call = known.calls.get(call_id);
    if call.is_some_and(|call| call.kind == ToolKind::Custom) {
        return ToolItem::CustomToolCallOutput { call_id, output };
    }
    let own = Some(&*result.name).filter(|name| !name.is_empty());
    let name = own.or_else(|| call.map(|call| &*call.name)).filter(|_| cx.dialect.result_name);
    let thought_signature = known.signatures.get(call_id).copied();
    ToolItem::FunctionCallOutput { call_id, name, output, thought_signature }
}

fn as_call(part: &Part) -> Option<&ToolCall> {
    if let Part::ToolCall(call) = part { Some(call) } else { None }
}
