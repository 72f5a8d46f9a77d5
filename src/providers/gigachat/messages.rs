//! From the contract's messages to the provider's: one system message at the start, one call a message, text only.

use std::borrow::Cow;

use super::{
    calls::{self, Call},
    media::Uploads,
    names::Names,
    state,
    wire::{Message, Speaker},
};
use crate::{
    domain::chat::{self, Part, Role},
    providers::{adapter::EncodeError, place::Place, warnings::Warnings},
};

/// What writing the conversation needs and changes.
#[derive(Debug)]
pub struct Writer<'a, 'w> {
    names: &'w mut Names<'a>,
    warnings: &'w mut Warnings,
    pub uploads: Uploads,
    /// All instructions, in their order.
    pub system: Vec<Cow<'a, str>>,
    pub messages: Vec<Message<'a>>,
    /// Calls of the last assistant message, with the results that have come.
    open: Vec<Call<'a>>,
}

impl<'a, 'w> Writer<'a, 'w> {
    pub fn new(names: &'w mut Names<'a>, warnings: &'w mut Warnings) -> Self {
        let (uploads, system, messages, open) = Default::default();
        Self { names, warnings, uploads, system, messages, open }
    }

    pub fn conversation(&mut self, messages: &'a [chat::Message]) -> Result<(), EncodeError> {
        for (index, message) in messages.iter().enumerate() {
            let place = Place::message(index);
            if message.role != Role::Tool {
                self.close_calls();
            }
            match message.role {
                Role::System | Role::Developer => self.instructions(message, place)?,
                Role::User => self.user(message, place)?,
                Role::Assistant => self.assistant(message, place)?,
                Role::Tool => self.results(message, place)?,
            }
        }
        self.close_calls();
        Ok(())
    }

    /// Puts the instructions in their place, once all are known.
    pub fn into_messages(mut self) -> (Vec<Message<'a>>, Uploads) {
        if !self.system.is_empty() {
            let content = Cow::Owned(self.system.join("\n\n"));
            self.messages.insert(0, Message { role: Speaker::System, content, ..Message::default() });
        }
        (self.messages, self.uploads)
    }

    fn instructions(&mut self, message: &'a chat::Message, place: Place) -> Result<(), EncodeError> {
        let text = text_only(&message.parts, |part| place.part(part))?;
        if !self.messages.is_empty() {
            self.warnings.rewritten(place.field("role"), "moved to the start: the provider takes one system message");
        }
        if !text.is_empty() {
            self.system.push(text);
        }
        Ok(())
    }

    fn user(&mut self, message: &'a chat::Message, place: Place) -> Result<(), EncodeError> {
        let (mut texts, mut attachments) = (Vec::new(), Vec::new());
        self.uploads.begin_message();
        for (index, part) in message.parts.iter().enumerate() {
            let place = place.part(index);
            match part {
                Part::Text(text) => texts.push(text.as_str()),
                Part::Image(image) => attachments.push(self.uploads.image(image, place)?),
                Part::Audio(audio) => attachments.push(self.uploads.audio(audio, place)?),
                Part::File(file) => attachments.push(self.uploads.file(file, place, self.warnings)?),
                Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Refusal(_)
                | Part::ProviderState(_) => {
                    return Err(place.refuse("", "a user says text and shows pictures, sound and files only"));
                }
            }
        }
        self.say(Message { role: Speaker::User, content: joined(texts), attachments, ..Message::default() });
        Ok(())
    }

    fn assistant(&mut self, message: &'a chat::Message, place: Place) -> Result<(), EncodeError> {
        let (mut texts, mut of_message) = (Vec::new(), None);
        for (index, part) in message.parts.iter().enumerate() {
            let place = place.part(index);
            match part {
                Part::Text(text) | Part::Refusal(text) => texts.push(text.as_str()),
                Part::ToolCall(call) => self.open.push(Call::new(call, self.names, place, self.warnings)),
                Part::ProviderState(state) => match state::in_provider_state(state) {
                    Some(id) if state.tool_call_id.is_empty() => of_message = Some(id),
                    Some(id) if calls::set_state(&mut self.open, &state.tool_call_id, id) => {}
                    Some(_) | None => {
                        let why = "it comes from another provider, or what it belongs to is gone";
                        self.warnings.dropped(place.field("provider_state"), why);
                    }
                },
                // The review has warned of it.
                Part::Reasoning(_) => {}
                Part::Image(_) | Part::Audio(_) | Part::File(_) | Part::ToolResult(_) => {
                    return Err(place.refuse("", "the provider takes only text and calls from an assistant"));
                }
            }
        }
        if let Some(call) = self.open.first_mut() {
            call.set_state(of_message.take());
        }
        let functions_state_id = of_message.map(Cow::Borrowed);
        let said =
            Message { role: Speaker::Assistant, content: joined(texts), functions_state_id, ..Message::default() };
        if self.open.is_empty() || !said.content.is_empty() {
            self.say(said);
        }
        Ok(())
    }

    fn results(&mut self, message: &'a chat::Message, place: Place) -> Result<(), EncodeError> {
        for (index, part) in message.parts.iter().enumerate() {
            let place = place.part(index);
            let Part::ToolResult(result) = part else {
                return Err(place.refuse("", "a tool's message holds results only"));
            };
            let Some(call) = calls::unanswered(&mut self.open, result) else {
                let why = "no call of the message before has this id and waits for a result";
                return Err(place.refuse("tool_result.tool_call_id", why));
            };
            let text = text_only(&result.parts, |part| place.result_part(part))?;
            call.answer(&text, result.is_error);
        }
        Ok(())
    }

    /// Writes the calls of the last assistant message, each with its result behind it.
    fn close_calls(&mut self) {
        for call in std::mem::take(&mut self.open) {
            if !call.is_answered() {
                self.warnings.rewritten("prompt.messages", "a call without a result got an empty one");
            }
            let [called, answered] = call.into_messages();
            self.say(called);
            self.messages.push(answered);
        }
    }

    /// Adds a message, to the one before if the same one speaks on.
    fn say(&mut self, message: Message<'a>) {
        let before = self.messages.last_mut().filter(|before| before.role == message.role && !before.is_closed());
        let Some(before) = before else {
            self.messages.push(message);
            return;
        };
        if before.content.is_empty() {
            before.content = message.content;
        } else if !message.content.is_empty() {
            let content = before.content.to_mut();
            content.push('\n');
            content.push_str(&message.content);
        }
        let new = message.attachments.into_iter().filter(|file| !before.attachments.contains(file));
        before.attachments.extend(new.collect::<Vec<_>>());
        before.function_call = message.function_call;
        before.functions_state_id = message.functions_state_id.or(before.functions_state_id.take());
    }
}

impl Message<'_> {
    /// Whether nothing can follow within the message.
    fn is_closed(&self) -> bool {
        self.function_call.is_some() || self.functions_state_id.is_some()
    }
}

/// Joins texts the way parts of a message are joined.
fn joined(texts: Vec<&str>) -> Cow<'_, str> {
    match texts[..] {
        [] => Cow::Borrowed(""),
        [text] => Cow::Borrowed(text),
        _ => Cow::Owned(texts.join("\n")),
    }
}

fn text_only(parts: &[Part], place: impl Fn(usize) -> Place) -> Result<Cow<'_, str>, EncodeError> {
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let Part::Text(text) = part else {
            return Err(place(index).refuse("", "the provider takes only text here"));
        };
        texts.push(text.as_str());
    }
    Ok(joined(texts))
}
