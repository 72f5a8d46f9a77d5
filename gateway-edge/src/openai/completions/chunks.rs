//! The events of one chat after the other as chunks of one text completion.

use bytes::{BufMut as _, BytesMut};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::{Failure, field},
    openai::{
        frame::json_line,
        shapes::{self, Warnings},
        trail::{EventWriter, Trail, broken},
    },
    pb::{self, stream_chat_completion_response::Event},
};

use super::{
    request::Shape,
    shapes::{Choice, Logprobs, Total, finish_reason},
};

/// Turns the events of several chats, which come one after the other, into the chunks of one completion.
#[derive(Debug)]
pub struct CompletionWriter {
    id: String,
    shape: Shape,
    created: i64,
    /// Number of the prompt whose events come now.
    prompt: usize,
    /// Where the next token of each choice of this prompt begins; a choice that has begun has an entry.
    offsets: Vec<Option<usize>>,
    total: Total,
    trail: Trail,
    over: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionChunk")]
pub struct Chunk<'a> {
    id: &'a str,
    #[schemars(extend("const" = "text_completion"))]
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [Choice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<shapes::Usage>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Warnings<'a>>,
}

impl CompletionWriter {
    pub fn new(shape: Shape, id: String) -> Self {
        let offsets = vec![None; shape.n as usize];
        let (total, trail) = (Total::default(), Trail::default());
        Self { id, shape, created: 0, prompt: 0, offsets, total, trail, over: false }
    }

    fn chunk(&self, choices: &[Choice<'_>], usage: Option<Option<shapes::Usage>>, last: bool, out: &mut BytesMut) {
        let list = &self.trail.warnings;
        let warnings = (last && !list.is_empty()).then_some(Warnings { list, names: field::COMPLETIONS });
        let (id, model, created) = (&*self.id, &*self.shape.model, self.created);
        out.put_slice(b"data: ");
        json_line(&Chunk { id, object: "text_completion", created, model, choices, usage, warnings }, out);
        out.put_slice(b"\n\n");
    }

    /// Every chunk has the key when usage is asked for; only the last one has a value.
    fn no_usage(&self) -> Option<Option<shapes::Usage>> {
        self.shape.include_usage.then_some(None)
    }

    #[expect(clippy::cast_possible_truncation, reason = "prompts and choices are at most 128 together")]
    fn index(&self, choice: usize) -> u32 {
        self.prompt as u32 * self.shape.n + choice as u32
    }

    /// Writes the prompt in front of a choice, when the caller asked for it.
    fn begin(&mut self, choice: usize, out: &mut BytesMut) -> Result<(), Failure> {
        let Some(offset) = self.offsets.get_mut(choice) else { return Err(broken("a choice nobody asked for")) };
        if offset.is_some() {
            return Ok(());
        }
        *offset = Some(0);
        if let Some(text) = self.shape.echo.get(self.prompt) {
            let choice = Choice { text, index: self.index(choice), logprobs: None, finish_reason: None };
            self.chunk(&[choice], self.no_usage(), false, out);
        }
        Ok(())
    }

    fn text(
        &mut self,
        choice: usize,
        text: &str,
        logprobs: &[pb::TokenLogprob],
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        self.begin(choice, out)?;
        if text.is_empty() && logprobs.is_empty() {
            return Ok(());
        }
        let mut offset = self.offsets.get(choice).copied().flatten().unwrap_or(0);
        let logprobs = Logprobs::of(logprobs, &mut offset);
        if let Some(known) = self.offsets.get_mut(choice) {
            *known = Some(offset);
        }
        let choice = Choice { text, index: self.index(choice), logprobs, finish_reason: None };
        self.chunk(&[choice], self.no_usage(), false, out);
        Ok(())
    }

    /// Ends the choices of one prompt, and the stream with the last one.
    fn finish(&mut self, finished: &pb::ChatFinished, out: &mut BytesMut) -> Result<(), Failure> {
        self.total.add(finished.usage.as_ref());
        let last = self.prompt + 1 == self.shape.prompts;
        for at in 0..self.offsets.len() {
            self.begin(at, out)?;
            let other = finished.other_choices.iter().find(|other| at > 0 && other.choice_index as usize == at);
            let reason = other.map_or(finished.reason(), pb::ChoiceFinish::reason);
            let index = self.index(at);
            let choice = Choice { text: "", index, logprobs: None, finish_reason: Some(finish_reason(reason)) };
            self.chunk(&[choice], self.no_usage(), last && at + 1 == self.offsets.len(), out);
        }
        self.offsets.fill(None);
        self.prompt += 1;
        if last {
            if self.shape.include_usage
                && let Some(usage) = self.total.usage()
            {
                self.chunk(&[], Some(Some(usage)), false, out);
            }
            out.put_slice(b"data: [DONE]\n\n");
            self.over = true;
        }
        Ok(())
    }
}

impl EventWriter for CompletionWriter {
    fn feed(&mut self, event: pb::StreamChatCompletionResponse, out: &mut BytesMut) -> Result<(), Failure> {
        let choice = event.choice_index as usize;
        let Some(event) = event.event.filter(|_| !self.over) else { return Ok(()) };
        match event {
            Event::TextDelta(delta) => self.text(choice, &delta.text, &delta.logprobs, out)?,
            // There is no other place for it.
            Event::RefusalDelta(delta) => self.text(choice, &delta.text, &delta.logprobs, out)?,
            Event::Finished(finished) => self.finish(&finished, out)?,
            Event::Started(started) => {
                if self.created == 0 {
                    self.created = started.create_time.as_ref().map_or(0, |time| time.seconds);
                }
                self.trail.note(Event::Started(started));
            }
            // The prompts differ in their text only, so each of them brings the same warnings.
            Event::Warning(_) if self.prompt > 0 => {}
            Event::Warning(_) | Event::Attempt(_) | Event::Usage(_) => self.trail.note(event),
            // A text completion is text.
            Event::ReasoningDelta(_)
            | Event::ToolCallStarted(_)
            | Event::ToolCallArgumentsDelta(_)
            | Event::Citation(_)
            | Event::ProviderState(_)
            | Event::AudioDelta(_) => {}
        }
        Ok(())
    }

    fn fail(&mut self, failure: &Failure, out: &mut BytesMut) {
        if !self.over {
            failure.write_frame(out);
            self.over = true;
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn trail(&self) -> &Trail {
        &self.trail
    }
}
