//! Reads the items of an answer: what the model said, thought and called, and what was searched for it. Tools that the
//! provider runs itself are none of the caller's business.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    calls::Call,
    dialect::Word,
    errors::answered,
    logprobs,
    metadata::Metadata,
    raw::{Raw, list, object, text},
    reply::{Item, Part},
    sources::{Sources, read_annotations},
    state::{ENCRYPTED_REASONING, THOUGHT_SIGNATURE},
    teller::{Spot, Teller},
    told::Kind,
};
use crate::domain::{
    chat::{ProviderState, ToolKind},
    event::ChatEvent,
    failure::{FailureClass, UpstreamFailure},
};

/// Reads items into what is told now and what is told at the end.
#[derive(Debug)]
pub struct Items {
    pub teller: Teller,
    pub sources: Sources,
    pub metadata: Metadata,
    /// Who issues the state.
    issuer: Word,
    /// Whether custom tools are the caller's; elsewhere the provider runs them.
    custom_tools: bool,
}

impl Items {
    pub fn new(issuer: Word, custom_tools: bool) -> Self {
        let (teller, sources, metadata) = Default::default();
        Self { teller, sources, metadata, issuer, custom_tools }
    }

    /// Takes the beginning of an item; only calls have one that matters.
    pub fn begin(&mut self, raw: &RawValue, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let item: Item<'_> = object(Some(raw));
        // Without a name it begins when it is whole.
        if self.tool_kind(&item).is_none() || text(item.name).is_empty() {
            return Ok(());
        }
        self.begin_call(&item, &item.key(), out)
    }

    /// Takes a whole item, of which something may have been told.
    pub fn take(&mut self, raw: &RawValue, key: &str, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let item: Item<'_> = object(Some(raw));
        let kind = text(item.kind);
        if let Some(tool) = self.tool_kind(&item) {
            return self.call(&item, key, tool, out);
        }
        if kind == "reasoning" {
            return self.reasoning(&item, raw, key, out);
        }
        self.teller.release("", out);
        match kind.as_str() {
            "message" => self.message(&item, key, out)?,
            "search_results" => self.sources.take_results(item.results),
            "fetch_url_results" => self.metadata.keep("fetch_url_results", item.contents),
            images if images.contains("image") && images.ends_with("results") => {
                self.metadata.keep("images", item.results);
            }
            _ => {}
        }
        Ok(())
    }

    fn message(&mut self, item: &Item<'_>, key: &str, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        for (number, raw) in list(item.content).into_iter().enumerate() {
            let part: Part<'_> = object(Some(raw));
            let logprobs = || logprobs::read(part.logprobs);
            let spot = |kind| Spot { item: key, kind, part: number as u64 };
            match text(part.kind).as_str() {
                "output_text" | "text" => {
                    let base = self.teller.rest(spot(Kind::Text), &text(part.text), logprobs, out)?;
                    self.teller.cite(read_annotations(part.annotations, base), out);
                }
                "refusal" => {
                    self.teller.rest(spot(Kind::Refusal), &text(part.refusal), logprobs, out)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reasoning(
        &mut self,
        item: &Item<'_>,
        raw: &RawValue,
        key: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        for (kind, parts) in [(Kind::Summary, item.summary), (Kind::Thinking, item.content)] {
            for (number, raw) in list(parts).into_iter().enumerate() {
                let part: Part<'_> = object(Some(raw));
                let spot = Spot { item: key, kind, part: number as u64 };
                self.teller.rest(spot, &text(part.text), Vec::new, out)?;
            }
        }
        if !text(item.encrypted_content).is_empty() {
            let data = Bytes::copy_from_slice(raw.get().as_bytes());
            let state = self.state(ENCRYPTED_REASONING, data);
            self.teller.hold(state, out);
        }
        Ok(())
    }

    fn call(
        &mut self,
        item: &Item<'_>,
        key: &str,
        tool: ToolKind,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        if text(item.name).is_empty() {
            let message = "the provider sent a tool call without a name";
            return Err(answered(FailureClass::BadResponse, message, None));
        }
        let id = text(item.call_id);
        self.teller.release(&id, out);
        self.begin_call(item, key, out)?;
        let arguments = match tool {
            ToolKind::Function => arguments(item.arguments),
            ToolKind::Custom => text(item.input),
        };
        let spot = Spot { item: key, kind: Kind::Arguments, part: 0 };
        self.teller.rest(spot, &arguments, Vec::new, out)?;
        let signature = text(item.thought_signature);
        if !signature.is_empty() {
            let state = self.state(THOUGHT_SIGNATURE, Bytes::from(signature));
            out.push(ChatEvent::ProviderState { choice: 0, state: ProviderState { tool_call_id: id, ..state } });
        }
        Ok(())
    }

    fn begin_call(&mut self, item: &Item<'_>, key: &str, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let kind = self.tool_kind(item).unwrap_or_default();
        let call = |index| {
            let ids = [item.call_id, item.id].map(text);
            let id = ids.into_iter().find(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
            Call { id, name: text(item.name), kind }
        };
        self.teller.begin_call(key, call, out)
    }

    /// Returns which kind of the caller's tools an item calls, if any.
    fn tool_kind(&self, item: &Item<'_>) -> Option<ToolKind> {
        match text(item.kind).as_str() {
            "function_call" => Some(ToolKind::Function),
            "custom_tool_call" if self.custom_tools => Some(ToolKind::Custom),
            _ => None,
        }
    }

    fn state(&self, kind: &str, data: Bytes) -> ProviderState {
        ProviderState { provider: self.issuer.to_string(), kind: kind.to_owned(), data, ..ProviderState::default() }
    }
}

/// Returns arguments as JSON text: by the book they stand in a text, but an object is understood, too.
fn arguments(raw: Raw<'_>) -> String {
    match raw.map(RawValue::get) {
        Some(object) if object.starts_with('{') => object.to_owned(),
        Some(_) | None => text(raw),
    }
}
