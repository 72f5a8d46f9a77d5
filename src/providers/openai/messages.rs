//! Writes the conversation.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    alternate,
    content::{simplest, user_part},
    context::{Context, refuse},
    dialect::{DeveloperRole, Dialect, EmptyContent, Field, ReasoningEcho, ToolCallIds},
    wire::{AudioRef, Content, CustomCall, FunctionCall, Message, Part, ToolCall},
};
use crate::{
    domain::chat::{self, Role, ToolKind},
    providers::adapter::EncodeError,
};

pub fn encode<'a>(cx: &mut Context<'_>, messages: &'a [chat::Message]) -> Result<Vec<Message<'a>>, EncodeError> {
    let mut wire = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let from = wire.len();
        match message.role {
            Role::System => wire.push(instructions(cx, message, index, "system")?),
            Role::Developer => {
                let role = match cx.dialect.developer_role {
                    DeveloperRole::Keep => "developer",
                    DeveloperRole::System => "system",
                };
                wire.push(instructions(cx, message, index, role)?);
            }
            Role::User => wire.push(user(cx, message, index)?),
            Role::Assistant => wire.push(assistant(cx, message, index)?),
            Role::Tool => tool_results(cx, messages, index, &mut wire)?,
        }
        if !message.name.is_empty() && message.role != Role::Tool {
            if cx.supports(Field::MessageName) {
                wire[from].name = Some(Cow::Borrowed(&message.name));
            } else {
                cx.dropped(format!("prompt.messages[{index}].name"), "the provider takes no names");
            }
        }
    }
    Ok(alternate::arrange(cx, wire))
}

fn part_path(message: usize, part: usize) -> String {
    format!("prompt.messages[{message}].parts[{part}]")
}

fn instructions<'a>(
    cx: &Context<'_>,
    message: &'a chat::Message,
    index: usize,
    role: &'static str,
) -> Result<Message<'a>, EncodeError> {
    let content = text_only(cx.dialect, &message.parts, |part| part_path(index, part))?;
    Ok(Message { role, content: Some(content), ..Message::default() })
}

fn text_only<'a>(
    dialect: &Dialect,
    parts: &'a [chat::Part],
    path: impl Fn(usize) -> String,
) -> Result<Content<'a>, EncodeError> {
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let chat::Part::Text(text) = part else {
            return refuse(path(index), "the provider takes only text here");
        };
        texts.push(Part::Text { text: Cow::Borrowed(text) });
    }
    Ok(simplest(dialect, texts))
}

fn user<'a>(cx: &Context<'_>, message: &'a chat::Message, index: usize) -> Result<Message<'a>, EncodeError> {
    let mut parts = Vec::with_capacity(message.parts.len());
    for (number, part) in message.parts.iter().enumerate() {
        parts.push(match part {
            chat::Part::Text(text) => Part::Text { text: Cow::Borrowed(text) },
            other => user_part(cx.dialect, other, &part_path(index, number))?,
        });
    }
    Ok(Message { role: "user", content: Some(simplest(cx.dialect, parts)), ..Message::default() })
}

fn assistant<'a>(cx: &mut Context<'_>, message: &'a chat::Message, index: usize) -> Result<Message<'a>, EncodeError> {
    let mut wire = Message { role: "assistant", ..Message::default() };
    let mut parts = Vec::new();
    for (number, part) in message.parts.iter().enumerate() {
        match part {
            chat::Part::Text(text) => parts.push(Part::Text { text: Cow::Borrowed(text) }),
            chat::Part::Refusal(refusal) if cx.dialect.refusal_parts => parts.push(Part::Refusal { refusal }),
            chat::Part::Refusal(refusal) => parts.push(Part::Text { text: Cow::Borrowed(refusal) }),
            chat::Part::ToolCall(call) => wire.tool_calls.push(tool_call(cx, call, &part_path(index, number))?),
            chat::Part::Reasoning(text) => echo_reasoning(cx, &mut wire, text, &part_path(index, number)),
            chat::Part::ProviderState(_) => {
                let path = format!("{}.provider_state", part_path(index, number));
                cx.dropped(path, "the provider has no state to get back");
            }
            chat::Part::Audio(audio) if cx.dialect.audio_input && !audio.audio_id.is_empty() => {
                wire.audio = Some(AudioRef { id: &audio.audio_id });
            }
            chat::Part::Audio(_) | chat::Part::Image(_) | chat::Part::File(_) | chat::Part::ToolResult(_) => {
                return refuse(part_path(index, number), "the provider takes no such part from an assistant");
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
    if cx.dialect.reasoning_echo == ReasoningEcho::Always && !wire.tool_calls.is_empty() {
        wire.reasoning_content.get_or_insert_default();
    }
    Ok(wire)
}

fn echo_reasoning<'a>(cx: &mut Context<'_>, wire: &mut Message<'a>, text: &'a str, path: &str) {
    match (cx.dialect.reasoning_echo, &mut wire.reasoning_content) {
        (ReasoningEcho::Strip, _) => {
            cx.dropped(format!("{path}.reasoning"), "the provider takes no earlier thinking back");
        }
        (ReasoningEcho::Keep | ReasoningEcho::Always, Some(before)) => before.to_mut().push_str(text),
        (ReasoningEcho::Keep | ReasoningEcho::Always, none) => *none = Some(Cow::Borrowed(text)),
    }
}

fn tool_call<'a>(cx: &Context<'_>, call: &'a chat::ToolCall, path: &str) -> Result<ToolCall<'a>, EncodeError> {
    let id = tool_call_id(cx.dialect, &call.id);
    let (name, arguments) = (call.name.as_str(), call.arguments.as_str());
    match call.kind {
        ToolKind::Function => Ok(ToolCall::Function { id, function: FunctionCall { name, arguments } }),
        ToolKind::Custom if cx.dialect.custom_tools => {
            Ok(ToolCall::Custom { id, custom: CustomCall { name, input: arguments } })
        }
        ToolKind::Custom => refuse(format!("{path}.tool_call.kind"), "the provider knows only function tools"),
    }
}

/// Writes one message for each result.
fn tool_results<'a>(
    cx: &Context<'_>,
    messages: &'a [chat::Message],
    index: usize,
    wire: &mut Vec<Message<'a>>,
) -> Result<(), EncodeError> {
    for (number, part) in messages[index].parts.iter().enumerate() {
        let path = part_path(index, number);
        let chat::Part::ToolResult(result) = part else {
            return refuse(path, "a tool's message holds tool results only");
        };
        let content = text_only(cx.dialect, &result.parts, |part| format!("{path}.tool_result.parts[{part}]"))?;
        let name = cx.dialect.tool_result_name.then(|| tool_name(&messages[..index], result)).flatten();
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

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns an id in the provider's style; the same id always becomes the same one, so calls and results still match.
fn tool_call_id<'a>(dialect: &Dialect, id: &'a str) -> Cow<'a, str> {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if dialect.tool_call_ids == ToolCallIds::Any || fits {
        return Cow::Borrowed(id);
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let mut rest = hasher.finish();
    let letter = |_| {
        let letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
        char::from(letter)
    };
    Cow::Owned((0..9).map(letter).collect())
}
