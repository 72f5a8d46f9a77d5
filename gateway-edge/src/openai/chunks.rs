//! The events of a stream as OpenAI's chunks: events in, `data:` frames out. No IO and no clock.
//!
//! The order of keys and chunks obeys what measured clients choke on: the role once per
//! choice, id and name of a tool call once, never text, calls and reasoning in one delta, annotations once, one finish
//! chunk, usage once and last.

use bytes::{BufMut as _, BytesMut};

use crate::{
    error::Failure,
    pb::{self, stream_chat_completion_response::Event},
};

use super::{
    frame::{json, json_text},
    shapes::{Logprobs, code_points},
    state::ExtraContent,
    trail::{EventWriter, Trail, broken},
};

/// OpenAI's own limit of `n`. It bounds what a confused provider can make us write.
const MAX_CHOICES: u32 = 128;
const MAX_TOOL_CALLS: usize = 1024;

const ROLE: &[u8] = br#""role":"assistant","content":"","refusal":null"#;
const ROLE_WITHOUT_TEXT: &[u8] = br#""role":"assistant","content":null,"refusal":null"#;

/// Turns the events of one stream into frames.
#[derive(Debug)]
pub struct ChunkWriter {
    include_usage: bool,
    legacy_functions: bool,
    /// Names the completion when the service does not.
    fallback_id: String,
    /// Start of every chunk, `data: {"id":…,"model":…,` and then `"choices":[{"index":`.
    head: Vec<u8>,
    /// Length of the part of `head` before `"choices"`.
    top: usize,
    choices: Vec<ChoiceState>,
    trail: Trail,
    over: bool,
}

#[derive(Debug, Default)]
struct ChoiceState {
    role_sent: bool,
    calls: Vec<CallState>,
    citations: Vec<pb::Citation>,
    /// Code points of text.
    written: u32,
    /// States that wait for their call, or for the end when they belong to the message.
    states: Vec<pb::ProviderState>,
    audio: AudioState,
}

#[derive(Debug)]
struct CallState {
    index: u32,
    id: String,
    custom: bool,
    /// Whether the call's one `extra_content` is out: accumulating clients cannot join two of them.
    has_state: bool,
}

/// Accumulating clients join strings and add up numbers, so these go out once.
#[derive(Debug, Default)]
struct AudioState {
    id_sent: bool,
    expiry_sent: bool,
    /// Bytes that did not fill a group of three: base64 with padding in its middle cannot be joined.
    rest: Vec<u8>,
}

impl ChunkWriter {
    pub fn new(include_usage: bool, legacy_functions: bool, fallback_id: String) -> Self {
        Self {
            include_usage,
            legacy_functions,
            fallback_id,
            head: Vec::new(),
            top: 0,
            choices: Vec::new(),
            trail: Trail::default(),
            over: false,
        }
    }
}

impl EventWriter for ChunkWriter {
    fn feed(&mut self, event: pb::StreamChatCompletionResponse, out: &mut BytesMut) -> Result<(), Failure> {
        let at = event.choice_index;
        if at >= MAX_CHOICES {
            return Err(broken("a choice beyond the largest number of choices"));
        }
        let Some(event) = event.event else { return Ok(()) };
        if self.over {
            return Ok(());
        }
        match event {
            Event::TextDelta(delta) => {
                let logprobs = Logprobs::of(&delta.logprobs, &[]);
                let slot = self.slot(at);
                slot.written = slot.written.saturating_add(code_points(&delta.text));
                self.text(at, b"\"content\":", &delta.text, logprobs, out);
            }
            Event::ReasoningDelta(delta) => self.text(at, b"\"reasoning_content\":", &delta.text, None, out),
            Event::RefusalDelta(delta) => {
                let logprobs = Logprobs::of(&[], &delta.logprobs);
                self.text(at, b"\"refusal\":", &delta.text, logprobs, out);
            }
            Event::ToolCallStarted(call) => self.call_started(at, call, out)?,
            Event::ToolCallArgumentsDelta(delta) => self.call_arguments(at, &delta, out)?,
            Event::AudioDelta(delta) => self.audio(at, &delta, out),
            Event::Finished(finished) => self.finish(&finished, out),
            Event::Started(started) => self.start(&started),
            Event::Citation(citation) => self.slot(at).citations.push(citation),
            Event::ProviderState(state) => self.state(at, state, out),
            Event::Warning(_) | Event::Attempt(_) | Event::Usage(_) => self.trail.note(event),
        }
        Ok(())
    }

    /// Writes the one frame that tells a client of a failure after the status line; no `[DONE]` follows.
    fn fail(&mut self, failure: &Failure, out: &mut BytesMut) {
        if self.over {
            return;
        }
        failure.write_frame(out);
        self.over = true;
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn trail(&self) -> &Trail {
        &self.trail
    }
}

impl ChunkWriter {
    fn start(&mut self, started: &pb::ChatStarted) {
        self.trail.provider.clone_from(&started.provider);
        let id = if started.completion_id.is_empty() { &self.fallback_id } else { &started.completion_id };
        let created = started.create_time.as_ref().map_or(0, |time| time.seconds);
        let mut head = Vec::with_capacity(160);
        head.extend_from_slice(b"data: {\"id\":");
        json(&mut head, id);
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        head.extend_from_slice(itoa::Buffer::new().format(created).as_bytes());
        head.extend_from_slice(b",\"model\":");
        json(&mut head, &started.model);
        if !started.service_tier.is_empty() {
            head.extend_from_slice(b",\"service_tier\":");
            json(&mut head, &started.service_tier);
        }
        head.push(b',');
        self.top = head.len();
        head.extend_from_slice(b"\"choices\":[{\"index\":");
        self.head = head;
    }

    /// Returns what is known of a choice, which need not have begun.
    fn slot(&mut self, at: u32) -> &mut ChoiceState {
        let at = at as usize;
        if self.choices.len() <= at {
            self.choices.resize_with(at + 1, ChoiceState::default);
        }
        &mut self.choices[at]
    }

    /// Writes the roles of all choices below `end` that lack theirs: Python's helper indexes a list with the choice, so
    /// they must begin in order.
    fn begin_choices(&mut self, end: usize, out: &mut BytesMut) {
        for at in 0..end {
            if !self.choices[at].role_sent {
                self.choices[at].role_sent = true;
                self.open(at, out);
                out.put_slice(ROLE);
                self.close(out);
            }
        }
    }

    fn choice(&mut self, at: u32, out: &mut BytesMut) -> &mut ChoiceState {
        // The hot path: this choice has begun, and so have those below it.
        if !self.slot(at).role_sent {
            self.begin_choices(at as usize + 1, out);
        }
        &mut self.choices[at as usize]
    }

    /// Writes a chunk up to the inside of its delta.
    fn open(&mut self, at: usize, out: &mut BytesMut) {
        if self.head.is_empty() {
            // The contract promises `started` first; a stream without it is still readable.
            self.start(&pb::ChatStarted::default());
        }
        out.put_slice(&self.head);
        out.put_slice(itoa::Buffer::new().format(at).as_bytes());
        out.put_slice(b",\"delta\":{");
    }

    fn close(&self, out: &mut BytesMut) {
        out.put_slice(b"},\"finish_reason\":null}]");
        self.end(out);
    }

    fn end(&self, out: &mut BytesMut) {
        out.put_slice(if self.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" });
    }

    fn text(&mut self, at: u32, key: &[u8], text: &str, logprobs: Option<Logprobs<'_>>, out: &mut BytesMut) {
        if text.is_empty() && logprobs.is_none() {
            return;
        }
        self.choice(at, out);
        out.reserve(self.head.len() + text.len() + 96);
        self.open(at as usize, out);
        out.put_slice(key);
        json_text(text, out);
        if let Some(logprobs) = logprobs {
            out.put_slice(b"},\"logprobs\":");
            json(&mut out.writer(), &logprobs);
            out.put_slice(b",\"finish_reason\":null}]");
            return self.end(out);
        }
        self.close(out);
    }

    fn call_started(&mut self, at: u32, call: pb::ToolCallStarted, out: &mut BytesMut) -> Result<(), Failure> {
        let state = self.slot(at);
        if state.calls.iter().any(|known| known.index == call.tool_call_index) {
            // Repeated ids and names would be joined to "call_1call_1".
            return Ok(());
        }
        if state.calls.len() >= MAX_TOOL_CALLS {
            return Err(broken("too many tool calls"));
        }
        let custom = call.kind() == pb::ToolKind::Custom;
        let belongs = |s: &pb::ProviderState| !s.tool_call_id.is_empty() && s.tool_call_id == call.id;
        let early: Vec<_> = state.states.extract_if(.., |s| belongs(s)).collect();
        let has_state = !early.is_empty();
        state.calls.push(CallState { index: call.tool_call_index, id: call.id.clone(), custom, has_state });
        let first = state.calls.len() == 1;
        let fresh = !std::mem::replace(&mut state.role_sent, true);
        if self.legacy_functions && !first {
            // The deprecated form has room for one call.
            return Ok(());
        }
        self.begin_choices(at as usize, out);
        self.open(at as usize, out);
        if fresh {
            out.put_slice(ROLE_WITHOUT_TEXT);
            out.put_slice(b",");
        }
        if self.legacy_functions {
            out.put_slice(b"\"function_call\":{\"name\":");
            json(&mut out.writer(), &call.name);
            out.put_slice(b",\"arguments\":\"\"}");
        } else {
            out.put_slice(b"\"tool_calls\":[{\"index\":");
            out.put_slice(itoa::Buffer::new().format(call.tool_call_index).as_bytes());
            out.put_slice(b",\"id\":");
            json(&mut out.writer(), &call.id);
            let kind: &[u8] = if custom {
                b",\"type\":\"custom\",\"custom\":{\"name\":"
            } else {
                b",\"type\":\"function\",\"function\":{\"name\":"
            };
            out.put_slice(kind);
            json(&mut out.writer(), &call.name);
            out.put_slice(if custom { b",\"input\":\"\"}" } else { b",\"arguments\":\"\"}" });
            extra(&early.iter().collect::<Vec<_>>(), out);
            out.put_slice(b"}]");
        }
        self.close(out);
        Ok(())
    }

    fn call_arguments(
        &mut self,
        at: u32,
        delta: &pb::ToolCallArgumentsDelta,
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        let call = self.choices.get(at as usize).and_then(|choice| {
            let position = choice.calls.iter().position(|call| call.index == delta.tool_call_index)?;
            Some((position, choice.calls[position].custom))
        });
        let Some((position, custom)) = call else { return Err(broken("arguments of a tool call that never started")) };
        if delta.arguments.is_empty() || (self.legacy_functions && position > 0) {
            return Ok(());
        }
        out.reserve(self.head.len() + delta.arguments.len() + 128);
        self.open(at as usize, out);
        if self.legacy_functions {
            out.put_slice(b"\"function_call\":{\"arguments\":");
            json_text(&delta.arguments, out);
            out.put_slice(b"}");
        } else {
            out.put_slice(b"\"tool_calls\":[{\"index\":");
            out.put_slice(itoa::Buffer::new().format(delta.tool_call_index).as_bytes());
            out.put_slice(if custom { b",\"custom\":{\"input\":" } else { b",\"function\":{\"arguments\":" });
            json_text(&delta.arguments, out);
            out.put_slice(b"}}]");
        }
        self.close(out);
        Ok(())
    }

    fn state(&mut self, at: u32, state: pb::ProviderState, out: &mut BytesMut) {
        if self.legacy_functions && !state.tool_call_id.is_empty() {
            return;
        }
        let choice = self.slot(at);
        let its = |call: &&mut CallState| !call.id.is_empty() && call.id == state.tool_call_id && !call.has_state;
        let Some(call) = choice.calls.iter_mut().find(its) else {
            return choice.states.push(state);
        };
        call.has_state = true;
        let (index, custom) = (call.index, call.custom);
        self.open(at as usize, out);
        out.put_slice(b"\"tool_calls\":[{\"index\":");
        out.put_slice(itoa::Buffer::new().format(index).as_bytes());
        // AI SDK requires the object; an empty fragment changes nothing anywhere.
        out.put_slice(if custom { b",\"custom\":{\"input\":\"\"}" } else { b",\"function\":{\"arguments\":\"\"}" });
        extra(&[&state], out);
        out.put_slice(b"}]");
        self.close(out);
    }
}

mod finish;

fn extra(states: &[&pb::ProviderState], out: &mut BytesMut) {
    if !states.is_empty() {
        out.put_slice(b",\"extra_content\":");
        json(&mut out.writer(), &ExtraContent::OfCall(states));
    }
}

#[cfg(test)]
mod tests;
