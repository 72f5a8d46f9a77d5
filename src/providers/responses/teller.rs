//! Tells the caller the pieces of an answer, each once however often the provider repeats it.

use super::{
    calls::{Call, Calls},
    errors::answered,
    told::{Kind, Told},
};
use crate::{
    domain::{
        chat::ProviderState,
        event::{ChatEvent, Citation, TokenLogprob},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::marks::Marks,
};

/// Which piece of an answer something is.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// Key of the item.
    pub item: &'a str,
    pub kind: Kind,
    /// Number among the item's pieces.
    pub part: u64,
}

/// What was told so far. There is one choice only.
#[derive(Debug, Default)]
pub struct Teller {
    told: Told,
    calls: Calls,
    marks: Marks,
    has_thought: bool,
    has_citations: bool,
    /// Thinking that may belong to the call that comes next.
    state: Option<ProviderState>,
}

impl Teller {
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    pub fn has_citations(&self) -> bool {
        self.has_citations
    }

    /// Tells the next words of a piece.
    pub fn more(
        &mut self,
        spot: Spot<'_>,
        text: String,
        logprobs: Vec<TokenLogprob>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        if text.is_empty() && logprobs.is_empty() {
            return Ok(());
        }
        let position = self.marks.position();
        let piece = self.told.piece(spot.item, spot.kind, spot.part, position).ok_or_else(too_long)?;
        let is_new = piece.bytes == 0;
        piece.bytes = piece.bytes.saturating_add(text.len());
        match spot.kind {
            Kind::Text => {
                self.marks.feed(&text);
                out.push(ChatEvent::Text { choice: 0, text, logprobs });
            }
            Kind::Refusal => out.push(ChatEvent::Refusal { choice: 0, text, logprobs }),
            Kind::Summary | Kind::Thinking => {
                // Thoughts are paragraphs of their own.
                let text = if is_new && self.has_thought { format!("\n\n{text}") } else { text };
                self.has_thought = true;
                out.push(ChatEvent::Reasoning { choice: 0, text });
            }
            Kind::Arguments => {
                if let Some(index) = self.calls.index(spot.item) {
                    out.push(ChatEvent::ToolCallArguments { choice: 0, index, arguments: text });
                }
            }
        }
        Ok(())
    }

    /// Tells what of a whole piece was not told yet, and returns where in the answer's text the piece began.
    pub fn rest(
        &mut self,
        spot: Spot<'_>,
        whole: &str,
        logprobs: impl FnOnce() -> Vec<TokenLogprob>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<u32, UpstreamFailure> {
        let position = self.marks.position();
        let piece = self.told.piece(spot.item, spot.kind, spot.part, position).ok_or_else(too_long)?;
        let (base, is_new, rest) = (piece.base, piece.bytes == 0, piece.rest(whole).to_owned());
        let logprobs = if is_new { logprobs() } else { Vec::new() };
        self.more(spot, rest, logprobs, out)?;
        Ok(base)
    }

    /// Begins a tool call unless it has begun.
    pub fn begin_call(
        &mut self,
        item: &str,
        call: impl FnOnce(u32) -> Call,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        self.calls.begin(item, call, out).map(|_| ()).ok_or_else(too_long)
    }

    pub fn cite(&mut self, citations: Vec<Citation>, out: &mut Vec<ChatEvent>) {
        self.has_citations |= !citations.is_empty();
        out.extend(citations.into_iter().map(|citation| ChatEvent::Citation { choice: 0, citation }));
    }

    /// Keeps thinking until it is known what it led to.
    pub fn hold(&mut self, state: ProviderState, out: &mut Vec<ChatEvent>) {
        self.release("", out);
        self.state = Some(state);
    }

    /// Tells the thinking that was kept, which led to this call or to something that is none.
    pub fn release(&mut self, tool_call_id: &str, out: &mut Vec<ChatEvent>) {
        if let Some(state) = self.state.take() {
            let state = ProviderState { tool_call_id: tool_call_id.to_owned(), ..state };
            out.push(ChatEvent::ProviderState { choice: 0, state });
        }
    }
}

fn too_long() -> UpstreamFailure {
    answered(FailureClass::BadResponse, "the provider's answer has more pieces than any answer has", None)
}
