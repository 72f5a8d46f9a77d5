//! Brings a conversation into the order a provider insists on: instructions first, then user and assistant in turns.

use std::borrow::Cow;

use super::{
    context::Context,
    switches::{AssistantLast, SystemMessages},
    wire::{Content, Message, Part},
};

/// What a user may be taken to say when the assistant had the last word.
const CONTINUE: &str = "Continue.";

pub fn arrange<'a>(cx: &mut Context<'_>, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
    let messages = match cx.dialect.system_messages {
        SystemMessages::Anywhere => messages,
        SystemMessages::First => system_first(cx, messages),
        SystemMessages::Merged => {
            let messages = system_first(cx, messages);
            merge_neighbours(cx, messages, is_system)
        }
    };
    let mut messages = messages;
    if cx.dialect.alternating_roles {
        messages = drop_empty(cx, messages);
        messages = merge_neighbours(cx, messages, |message| matches!(message.role, "user" | "assistant"));
    }
    end(cx, &mut messages);
    messages
}

/// Gives the user the last word, where the provider insists on that.
fn end(cx: &mut Context<'_>, messages: &mut Vec<Message<'_>>) {
    let Some(last) = messages.last_mut().filter(|message| message.role == "assistant") else { return };
    match cx.dialect.assistant_last {
        AssistantLast::Allowed => {}
        AssistantLast::Prefix => last.prefix = Some(true),
        AssistantLast::Continue => {
            let message = "a user's turn was added; the provider wants the last word to be the user's";
            cx.warnings.rewritten("prompt.messages", message);
            let content = Some(Content::Text(Cow::Borrowed(CONTINUE)));
            messages.push(Message { role: "user", content, ..Message::default() });
        }
    }
}

fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, "system" | "developer")
}

fn system_first<'a>(cx: &mut Context<'_>, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
    let leading = messages.iter().take_while(|message| is_system(message)).count();
    if !messages.iter().skip(leading).any(is_system) {
        return messages;
    }
    cx.warnings.rewritten("prompt.messages", "system messages were moved to the front, where the provider wants them");
    let (mut first, rest): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_system);
    first.extend(rest);
    first
}

fn drop_empty<'a>(cx: &mut Context<'_>, mut messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
    let before = messages.len();
    messages.retain(|message| {
        let has_content = match &message.content {
            None | Some(Content::Null) => false,
            Some(Content::Text(text)) => !text.is_empty(),
            Some(Content::Parts(parts)) => !parts.is_empty(),
        };
        has_content || !message.tool_calls.is_empty() || message.role == "tool"
    });
    if messages.len() != before {
        cx.warnings.rewritten("prompt.messages", "empty messages were left out; the provider refuses them");
    }
    messages
}

/// Joins neighbours of the same role with a blank line.
fn merge_neighbours<'a>(
    cx: &mut Context<'_>,
    messages: Vec<Message<'a>>,
    which: impl Fn(&Message<'_>) -> bool,
) -> Vec<Message<'a>> {
    let before = messages.len();
    let mut merged: Vec<Message<'a>> = Vec::with_capacity(before);
    for message in messages {
        match merged.last_mut() {
            Some(last) if last.role == message.role && which(&message) => merge(last, message),
            Some(_) | None => merged.push(message),
        }
    }
    if merged.len() != before {
        cx.warnings
            .rewritten("prompt.messages", "neighbouring messages of one role were joined, as the provider wants turns");
    }
    merged
}

fn merge<'a>(into: &mut Message<'a>, from: Message<'a>) {
    into.content = match (into.content.take(), from.content) {
        (None | Some(Content::Null), content) | (content, None | Some(Content::Null)) => content,
        (Some(Content::Text(mut first)), Some(Content::Text(second))) => {
            if !first.is_empty() && !second.is_empty() {
                first.to_mut().push_str("\n\n");
            }
            first.to_mut().push_str(&second);
            Some(Content::Text(first))
        }
        (Some(first), Some(second)) => {
            let mut parts = parts(first);
            parts.extend(self::parts(second));
            Some(Content::Parts(parts))
        }
    };
    into.tool_calls.extend(from.tool_calls);
    into.reasoning_content = into.reasoning_content.take().or(from.reasoning_content);
    into.name = None;
}

fn parts(content: Content<'_>) -> Vec<Part<'_>> {
    match content {
        Content::Null => Vec::new(),
        Content::Text(text) => vec![Part::Text { text }],
        Content::Parts(parts) => parts,
    }
}
