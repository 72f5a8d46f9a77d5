//! Writes the conversation.

use std::borrow::Cow;

use super::{
    alternate, assistant,
    content::{simplest, text_only, user_part},
    context::Context,
    results::{self, Results},
    switches::DeveloperRole,
    wire::{Content, Message, Part},
};
use crate::{
    domain::chat::{self, Role},
    providers::{adapter::EncodeError, place::Place, support::Field},
};

/// Writes messages. `preface` are instructions of our own that go before all others.
pub fn encode<'a>(
    cx: &mut Context<'_>,
    messages: &'a [chat::Message],
    preface: Option<String>,
) -> Result<Vec<Message<'a>>, EncodeError> {
    let mut wire = Vec::with_capacity(messages.len());
    if let Some(text) = preface {
        wire.push(Message { role: "system", content: Some(Content::Text(Cow::Owned(text))), ..Message::default() });
    }
    let mut results = Results::default();
    for (index, message) in messages.iter().enumerate() {
        let place = Place::message(index);
        if message.role != Role::Tool {
            wire.extend(results.moved_media());
        }
        let from = wire.len();
        match message.role {
            Role::System => wire.push(instructions(cx, message, place, "system")?),
            Role::Developer => {
                let role = match cx.dialect.developer_role {
                    DeveloperRole::Keep => "developer",
                    DeveloperRole::System => "system",
                };
                wire.push(instructions(cx, message, place, role)?);
            }
            Role::User => wire.push(user(cx, message, place)?),
            Role::Assistant => wire.push(assistant::encode(cx, message, place)?),
            Role::Tool => results::encode(cx, messages, index, &mut results, &mut wire)?,
        }
        let named = !message.name.is_empty() && message.role != Role::Tool && cx.takes(Field::MessageName);
        if let Some(wire) = wire.get_mut(from).filter(|_| named) {
            wire.name = Some(Cow::Borrowed(&message.name));
        }
    }
    wire.extend(results.moved_media());
    Ok(alternate::arrange(cx, wire))
}

fn instructions<'a>(
    cx: &Context<'_>,
    message: &'a chat::Message,
    place: Place,
    role: &'static str,
) -> Result<Message<'a>, EncodeError> {
    let content = text_only(cx.dialect, &message.parts, |part| place.part(part))?;
    Ok(Message { role, content: Some(content), ..Message::default() })
}

fn user<'a>(cx: &Context<'_>, message: &'a chat::Message, place: Place) -> Result<Message<'a>, EncodeError> {
    let mut parts = Vec::with_capacity(message.parts.len());
    for (number, part) in message.parts.iter().enumerate() {
        parts.push(match part {
            chat::Part::Text(text) => Part::Text { text: Cow::Borrowed(text) },
            other => user_part(cx, other, place.part(number))?,
        });
    }
    Ok(Message { role: "user", content: Some(simplest(cx.dialect, parts)), ..Message::default() })
}
