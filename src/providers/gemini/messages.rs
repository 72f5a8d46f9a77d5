//! From the contract's messages to `contents` and `systemInstruction`: who speaks when, and what may follow what.

use super::{
    calls::{self, OpenCall},
    context::Context,
    media, server,
    signatures::{self, sign},
    wire::{Content, Part, PartData, Speaker},
};
use crate::{
    domain::chat::{Message, Part as Piece, ProviderState, Role},
    providers::{adapter::EncodeError, place::Place},
};

/// The conversation as the service wants it.
#[derive(Debug, Default)]
pub struct Conversation<'a> {
    pub system: Vec<Part<'a>>,
    pub contents: Vec<Content<'a>>,
}

/// Hoists instructions, joins turns of the same speaker and puts the results of calls where the service expects them.
pub fn conversation<'a>(messages: &'a [Message], cx: &mut Context<'a>) -> Result<Conversation<'a>, EncodeError> {
    let mut writer = Writer { cx, conversation: Conversation::default(), open: Vec::new(), joinable: false };
    for (index, message) in messages.iter().enumerate() {
        writer.message(message, Place::message(index))?;
    }
    writer.close_calls();
    writer.keep_the_rules();
    Ok(writer.conversation)
}

struct Writer<'a, 'w> {
    cx: &'w mut Context<'a>,
    conversation: Conversation<'a>,
    /// Calls of the last model turn, with the results that have come.
    open: Vec<OpenCall<'a>>,
    /// Whether the last turn may take more parts; one with results of calls may not.
    joinable: bool,
}

impl<'a> Writer<'a, '_> {
    fn message(&mut self, message: &'a Message, place: Place) -> Result<(), EncodeError> {
        match message.role {
            Role::System | Role::Developer => self.instructions(message, place),
            Role::User => {
                self.close_calls();
                let parts = self.user_parts(message, place)?;
                self.turn(Speaker::User, parts);
                Ok(())
            }
            Role::Assistant => {
                self.close_calls();
                let parts = self.model_parts(message, place)?;
                self.turn(Speaker::Model, parts);
                Ok(())
            }
            Role::Tool => self.results(message, place),
        }
    }

    fn instructions(&mut self, message: &'a Message, place: Place) -> Result<(), EncodeError> {
        for (index, piece) in message.parts.iter().enumerate() {
            let Piece::Text(text) = piece else {
                return Err(place.part(index).refuse("", "instructions of this provider are text only"));
            };
            if !text.is_empty() {
                self.conversation.system.push(Part::text(text));
            }
        }
        Ok(())
    }

    fn user_parts(&mut self, message: &'a Message, place: Place) -> Result<Vec<Part<'a>>, EncodeError> {
        let mut parts = Vec::with_capacity(message.parts.len());
        for (index, piece) in message.parts.iter().enumerate() {
            parts.extend(self.part(piece, place.part(index))?);
        }
        Ok(parts)
    }

    /// Writes what the service did itself, the model's words, and its calls: the order in which the service gives them.
    fn model_parts(&mut self, message: &'a Message, place: Place) -> Result<Vec<Part<'a>>, EncodeError> {
        let mut parts = Vec::with_capacity(message.parts.len());
        let (mut words, mut calls) = (Vec::new(), Vec::new());
        for (index, piece) in message.parts.iter().enumerate() {
            let place = place.part(index);
            match piece {
                Piece::ToolCall(call) => {
                    calls.push(calls::call(call, place, self.cx));
                    self.open.push(OpenCall::new(call));
                }
                Piece::ProviderState(state) => parts.extend(self.server_parts(state, place)),
                Piece::Reasoning(_) => {}
                Piece::Text(_)
                | Piece::Refusal(_)
                | Piece::Image(_)
                | Piece::Audio(_)
                | Piece::File(_)
                | Piece::ToolResult(_) => words.extend(self.part(piece, place)?),
            }
        }
        parts.append(&mut words);
        let first_call = parts.len();
        parts.append(&mut calls);
        sign(message, place, &mut parts, first_call, self.cx);
        Ok(parts)
    }

    /// Returns what a state says the service's own tools did. Signatures find their place once all parts have theirs.
    fn server_parts(&mut self, state: &'a ProviderState, place: Place) -> Vec<Part<'a>> {
        let parts = server::parts(state);
        if parts.is_none() && signatures::signature(state).is_none() {
            self.cx.warnings.dropped(place.field("provider_state"), "it is no state of this provider's");
        }
        parts.unwrap_or_default()
    }

    /// Writes what both speakers may say; nothing for an empty text, which older models refuse.
    fn part(&mut self, piece: &'a Piece, place: Place) -> Result<Option<Part<'a>>, EncodeError> {
        match piece {
            Piece::Text(text) | Piece::Refusal(text) => Ok((!text.is_empty()).then(|| Part::text(text))),
            Piece::Image(image) => media::image(image, place, self.cx).map(Some),
            Piece::Audio(audio) => media::audio(audio, place, self.cx).map(Some),
            Piece::File(file) => media::file(file, place, self.cx).map(Some),
            Piece::ToolCall(_) | Piece::ToolResult(_) | Piece::Reasoning(_) | Piece::ProviderState(_) => {
                Err(place.refuse("", "this kind of part does not belong in a message of this role"))
            }
        }
    }

    fn results(&mut self, message: &'a Message, place: Place) -> Result<(), EncodeError> {
        for (index, piece) in message.parts.iter().enumerate() {
            let place = place.part(index);
            let Piece::ToolResult(result) = piece else {
                return Err(place.refuse("", "a tool message holds tool results only"));
            };
            let Some(call) = self.open.iter_mut().find(|call| call.waits_for(result)) else {
                let message = "it names no open call of the assistant message before it";
                return Err(place.refuse("tool_result.tool_call_id", message));
            };
            call.answer(result, place, self.cx)?;
        }
        Ok(())
    }

    /// Writes the results of the last model turn: as many as there were calls and in their order, whatever came.
    fn close_calls(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let (mut parts, mut follow_up) = (Vec::with_capacity(self.open.len()), Vec::new());
        for call in std::mem::take(&mut self.open) {
            if !call.is_answered() {
                self.cx.warnings.rewritten("prompt.messages", "a call without a result was answered with an error");
            }
            let (part, more) = call.into_parts(self.cx);
            parts.push(part);
            follow_up.extend(more);
        }
        self.conversation.contents.push(Content { role: Speaker::User, parts });
        self.joinable = false;
        self.turn(Speaker::User, follow_up);
    }

    fn turn(&mut self, role: Speaker, mut parts: Vec<Part<'a>>) {
        if parts.is_empty() {
            return;
        }
        match self.conversation.contents.last_mut() {
            Some(last) if last.role == role && self.joinable => last.parts.append(&mut parts),
            Some(_) | None => self.conversation.contents.push(Content { role, parts }),
        }
        self.joinable = true;
    }

    /// Mends what the service would refuse: no turn at all, calls out of nothing, an unwanted last word of the model.
    fn keep_the_rules(&mut self) {
        let contents = &mut self.conversation.contents;
        if contents.first().is_none_or(begins_with_calls) {
            contents.insert(0, blank());
        }
        if !self.cx.family.prefill && contents.last().is_some_and(|last| last.role == Speaker::Model) {
            let message = "this model continues no answer; a blank turn of the user was added at the end";
            self.cx.warnings.rewritten("prompt.messages", message);
            contents.push(blank());
        }
        if !self.cx.family.system_instruction && !self.conversation.system.is_empty() {
            self.cx.warnings.rewritten("prompt.messages", "this model takes instructions as words of the user only");
            let mut parts = std::mem::take(&mut self.conversation.system);
            match contents.first_mut() {
                Some(first) if first.role == Speaker::User => {
                    parts.append(&mut first.parts);
                    first.parts = parts;
                }
                Some(_) | None => contents.insert(0, Content { role: Speaker::User, parts }),
            }
        }
    }
}

fn begins_with_calls(content: &Content<'_>) -> bool {
    content.parts.iter().any(|part| matches!(part.data, PartData::FunctionCall(_)))
}

fn blank<'a>() -> Content<'a> {
    Content { role: Speaker::User, parts: vec![Part::text(" ")] }
}
