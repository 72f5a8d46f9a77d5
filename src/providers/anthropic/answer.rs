//! An answer in the making. Whole answers and streams both come as content blocks, so both go the same way.

use serde::Serialize;

use super::{
    block::{Block, Delta, Message, WireCitation},
    citation::citation,
    messages::THINKING_BLOCK,
    usage::WireUsage,
};
use crate::{
    domain::{
        chat::{ProviderState, ToolKind},
        event::{ChatEvent, FinishReason, Finished, Started},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::adapter::Memo,
};

/// Most blocks of one answer, and most citations of one block.
const MAX_ITEMS: usize = 4096;
/// Longest id of a call: all the thinking that led to it is told with it.
const MAX_ID: usize = 1024;

#[derive(Debug, Default)]
pub struct Answer {
    /// The tool whose arguments are the answer.
    answer_tool: Option<String>,
    open: Option<Open>,
    blocks: usize,
    calls: u32,
    /// Code points of text so far.
    written: u32,
    /// Signed thinking that has led to no call yet.
    thoughts: Vec<String>,
    stop_reason: Option<String>,
    answer_was_tool: bool,
    usage: WireUsage,
}

/// The block that is being written.
#[derive(Debug)]
enum Open {
    Text {
        start: u32,
        citations: Vec<WireCitation>,
    },
    Thinking {
        text: String,
        signature: String,
    },
    ToolUse {
        index: u32,
        has_arguments: bool,
    },
    /// The answer itself, written as the arguments of a tool.
    Answer,
    /// Something callers have no use for, such as the provider's own searching.
    Hidden,
}

/// Thinking as it goes back.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thought<'a> {
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
}

impl Answer {
    pub fn new(memo: &Memo) -> Self {
        Self { answer_tool: memo.answer_tool.clone(), ..Self::default() }
    }

    pub fn start(&mut self, message: &Message, out: &mut Vec<ChatEvent>) {
        let started = Started { completion_id: message.id.clone(), model: message.model.clone(), ..Started::default() };
        out.push(ChatEvent::Started(started));
        self.count(message.usage, out);
    }

    /// Takes counters, which replace the earlier ones.
    pub fn count(&mut self, usage: WireUsage, out: &mut Vec<ChatEvent>) {
        self.usage.update(usage);
        out.extend(self.usage.usage().map(ChatEvent::Usage));
    }

    pub fn stopped(&mut self, reason: Option<String>) {
        self.stop_reason = reason.or(self.stop_reason.take());
    }

    /// Whether the provider has said why it stopped.
    pub fn has_ended(&self) -> bool {
        self.stop_reason.is_some()
    }

    pub fn open_block(&mut self, block: Block, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        self.close_block(out);
        self.blocks += 1;
        if self.blocks > MAX_ITEMS || block.id.len() > MAX_ID {
            let message = "the answer has too many parts, or a part with too long an id";
            return Err(UpstreamFailure::new(FailureClass::BadResponse, message));
        }
        self.open = Some(match block.r#type.as_str() {
            "text" => Open::Text { start: self.written, citations: block.citations.unwrap_or_default() },
            "thinking" => Open::Thinking { text: String::new(), signature: block.signature },
            "redacted_thinking" => {
                self.keep(&Thought::RedactedThinking { data: &block.data });
                Open::Hidden
            }
            "tool_use" if self.answer_tool.as_ref() == Some(&block.name) => {
                self.answer_was_tool = true;
                Open::Answer
            }
            "tool_use" => self.call(block.id, block.name, out),
            _ => Open::Hidden,
        });
        self.text(block.text, out);
        self.think(block.thinking, out);
        Ok(())
    }

    pub fn delta(&mut self, delta: Delta, out: &mut Vec<ChatEvent>) {
        match delta.r#type.as_str() {
            "text_delta" => self.text(delta.text, out),
            "thinking_delta" => self.think(delta.thinking, out),
            "input_json_delta" => self.arguments(delta.partial_json, out),
            "signature_delta" => {
                if let Some(Open::Thinking { signature, .. }) = &mut self.open {
                    signature.push_str(&delta.signature);
                }
            }
            "citations_delta" => {
                if let Some(Open::Text { citations, .. }) = &mut self.open {
                    citations.extend(delta.citation.filter(|_| citations.len() < MAX_ITEMS));
                }
            }
            _ => {}
        }
    }

    pub fn arguments(&mut self, arguments: String, out: &mut Vec<ChatEvent>) {
        if arguments.is_empty() {
            return;
        }
        match &mut self.open {
            Some(Open::ToolUse { index, has_arguments }) => {
                *has_arguments = true;
                out.push(ChatEvent::ToolCallArguments { choice: 0, index: *index, arguments });
            }
            Some(Open::Answer) => out.push(ChatEvent::Text { choice: 0, text: arguments, logprobs: Vec::new() }),
            _ => {}
        }
    }

    pub fn close_block(&mut self, out: &mut Vec<ChatEvent>) {
        match self.open.take() {
            Some(Open::Text { start, citations }) => {
                let span = (start, self.written);
                let cited = citations.into_iter().map(|wire| citation(wire, span));
                out.extend(cited.map(|citation| ChatEvent::Citation { choice: 0, citation }));
            }
            Some(Open::Thinking { text, signature }) if !signature.is_empty() => {
                self.keep(&Thought::Thinking { thinking: &text, signature: &signature });
            }
            // Others write `{}` for no arguments, and callers expect JSON.
            Some(Open::ToolUse { index, has_arguments: false }) => {
                out.push(ChatEvent::ToolCallArguments { choice: 0, index, arguments: "{}".to_owned() });
            }
            Some(Open::ToolUse { .. } | Open::Thinking { .. } | Open::Answer | Open::Hidden) | None => {}
        }
    }

    /// Takes the end and appends what was held back, then `Finished`.
    pub fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let Some(native) = self.stop_reason.take() else {
            out.extend(self.usage.usage().map(ChatEvent::Usage));
            return Err(UpstreamFailure {
                code: Some("upstream_incomplete".to_owned()),
                ..UpstreamFailure::new(FailureClass::Network, "the provider's answer ended without a stop reason")
            });
        };
        self.close_block(out);
        self.tell_thoughts("", out);
        let usage = self.usage.usage();
        out.push(ChatEvent::Finished(Finished { usage, ..Finished::new(self.reason(&native), native) }));
        Ok(())
    }

    fn reason(&self, native: &str) -> FinishReason {
        match native {
            "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
            "refusal" => FinishReason::ContentFilter,
            "tool_use" if !self.answer_was_tool || self.calls > 0 => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        }
    }

    fn text(&mut self, text: String, out: &mut Vec<ChatEvent>) {
        if text.is_empty() || !matches!(self.open, Some(Open::Text { .. })) {
            return;
        }
        self.written = self.written.saturating_add(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        out.push(ChatEvent::Text { choice: 0, text, logprobs: Vec::new() });
    }

    fn think(&mut self, more: String, out: &mut Vec<ChatEvent>) {
        if let Some(Open::Thinking { text, .. }) = self.open.as_mut().filter(|_| !more.is_empty()) {
            text.push_str(&more);
            out.push(ChatEvent::Reasoning { choice: 0, text: more });
        }
    }

    fn call(&mut self, id: String, name: String, out: &mut Vec<ChatEvent>) -> Open {
        let index = self.calls;
        self.calls += 1;
        let (choice, kind) = (0, ToolKind::Function);
        out.push(ChatEvent::ToolCallStarted { choice, index, id: id.clone(), name, kind });
        self.tell_thoughts(&id, out);
        Open::ToolUse { index, has_arguments: false }
    }

    fn keep(&mut self, thought: &Thought<'_>) {
        self.thoughts.extend(serde_json::to_string(thought).ok());
    }

    /// Passes signed thinking on, with the call it led to.
    fn tell_thoughts(&mut self, tool_call_id: &str, out: &mut Vec<ChatEvent>) {
        for thought in self.thoughts.drain(..) {
            let state = ProviderState {
                kind: THINKING_BLOCK.to_owned(),
                data: thought.into(),
                tool_call_id: tool_call_id.to_owned(),
                ..ProviderState::default()
            };
            out.push(ChatEvent::ProviderState { choice: 0, state });
        }
    }
}
