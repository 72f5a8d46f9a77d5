//! One candidate of an answer in the making: its parts as events, and what is needed of it at the end.

use base64::{Engine, engine::general_purpose};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::{
    calls::INPUT,
    chunk::{Candidate, FunctionCall, InlineData, Part, Text},
    grounding,
    logprobs::logprobs,
    metadata::{Metadata, compact_text},
    server, signatures,
};
use crate::{
    domain::{
        chat::ToolKind,
        event::{AudioDelta, ChatEvent, TokenLogprob},
        usage::{Warning, WarningAction},
    },
    providers::adapter::Memo,
};

/// About so many bytes of text are remembered for its citations, and of what the service's own tools did. A million
/// tokens is half of it.
const MAX_TEXT: usize = 8 << 20;

/// What is the same for all candidates of an answer.
#[derive(Debug, Default)]
pub struct Origin {
    pub memo: Memo,
    pub response_id: String,
}

#[derive(Debug, Default)]
pub struct Choice {
    number: u32,
    /// Kept for the citations, whose places are known only at the end.
    text: String,
    has_output: bool,
    pub calls: u32,
    pub finish_reason: Option<String>,
    pub metadata: Metadata,
    server_parts: Vec<String>,
    server_bytes: usize,
    told_of_loss: bool,
}

impl Choice {
    pub fn new(number: u32) -> Self {
        Self { number, ..Self::default() }
    }

    /// Whether there was an answer besides thinking.
    pub fn is_usable(&self) -> bool {
        self.has_output || self.calls > 0
    }

    /// Takes what a chunk says of this candidate.
    pub fn take(&mut self, candidate: Candidate<'_>, origin: &Origin, out: &mut Vec<ChatEvent>) {
        if !self.metadata.take(&candidate) {
            self.tell_loss("metadata", out);
        }
        let mut tokens = candidate.logprobs_result.map(|result| logprobs(result.get())).unwrap_or_default();
        for part in candidate.content.into_iter().flat_map(|content| content.parts) {
            self.part(part, origin, &mut tokens, out);
        }
        if let Some(reason) = candidate.finish_reason {
            self.finish_reason = Some(reason.0.into_owned());
        }
    }

    /// Appends what is complete only now: citations, and what the service's own tools did.
    pub fn end(&self, out: &mut Vec<ChatEvent>) {
        if let Some(metadata) = &self.metadata.grounding_metadata {
            let citations = grounding::citations(metadata.get(), &self.text).into_iter();
            out.extend(citations.map(|citation| ChatEvent::Citation { choice: self.number, citation }));
        }
        if !self.server_parts.is_empty() {
            out.push(ChatEvent::ProviderState { choice: self.number, state: server::state(&self.server_parts) });
        }
    }

    fn part(&mut self, part: Part<'_>, origin: &Origin, tokens: &mut Vec<TokenLogprob>, out: &mut Vec<ChatEvent>) {
        if let Some(kept) = server::server_part(&part) {
            self.server_bytes += kept.len();
            if self.server_bytes > MAX_TEXT {
                return self.tell_loss("traces of the provider's own tools", out);
            }
            // Its signature is inside and goes back with it.
            return self.server_parts.push(kept);
        }
        // Streams end with an empty text that carries the finish reason or a signature.
        if let Some(Text(text)) = part.text.filter(|text| !text.0.is_empty()) {
            if part.thought {
                out.push(ChatEvent::Reasoning { choice: self.number, text: text.into_owned() });
            } else {
                self.text(&text);
                let logprobs = std::mem::take(tokens);
                out.push(ChatEvent::Text { choice: self.number, text: text.into_owned(), logprobs });
            }
        }
        if let Some(media) = part.inline_data {
            self.media(&media, part.thought, out);
        }
        if let Some(file) = part.file_data {
            self.file(file, out);
        }
        let at = out.len();
        let tool_call_id = part.function_call.map(|call| self.call(call, origin, out));
        if let Some(Text(signature)) = part.thought_signature {
            let state = signatures::state(&signature, tool_call_id.unwrap_or_default());
            // Before its call: some clients look for it beside the call's name only.
            out.insert(at, ChatEvent::ProviderState { choice: self.number, state });
        }
    }

    fn text(&mut self, text: &str) {
        self.has_output = true;
        if self.text.len() < MAX_TEXT {
            self.text.push_str(text);
        }
    }

    /// Sound is an event. The contract has none for pictures and other files, so they go to the caller at the end.
    fn media(&mut self, media: &InlineData<'_>, thought: bool, out: &mut Vec<ChatEvent>) {
        let mime_type = media.mime_type.as_ref().map_or("", |text| &text.0);
        let base64 = media.data.as_ref().map_or("", |text| &text.0);
        self.has_output |= !thought;
        let kept = if mime_type.starts_with("audio/") {
            let sound = decoded(base64).map(|data| AudioDelta { data: data.into(), ..AudioDelta::default() });
            let is_readable = sound.is_some();
            out.extend(sound.map(|audio| ChatEvent::Audio { choice: self.number, audio }));
            is_readable
        } else if mime_type.starts_with("image/") {
            self.metadata.take_image(mime_type, base64, thought)
        } else {
            to_raw_value(media).is_ok_and(|file| self.metadata.take_file(&file))
        };
        if !kept {
            self.tell_loss(&format!("{mime_type} data"), out);
        }
    }

    fn file(&mut self, file: &RawValue, out: &mut Vec<ChatEvent>) {
        self.has_output = true;
        if !self.metadata.take_file(file) {
            self.tell_loss("files", out);
        }
    }

    /// Appends a call, which always comes whole, and returns its id.
    fn call(&mut self, call: FunctionCall<'_>, origin: &Origin, out: &mut Vec<ChatEvent>) -> String {
        let (choice, index, response_id) = (self.number, self.calls, &origin.response_id);
        self.calls += 1;
        let id = match call.id {
            Some(Text(id)) if !id.is_empty() => id.into_owned(),
            Some(_) | None if response_id.is_empty() => format!("call_{}", Uuid::now_v7().simple()),
            Some(_) | None => format!("call_{response_id}_{choice}_{index}"),
        };
        let sent = call.name.map(|name| name.0.into_owned()).unwrap_or_default();
        let mut arguments = call.args.map_or_else(|| "{}".to_owned(), |args| compact_text(args.get()));
        let mut kind = ToolKind::Function;
        if origin.memo.custom_tools.contains(&sent) {
            kind = ToolKind::Custom;
            arguments = input(&arguments).unwrap_or(arguments);
        }
        let callers = origin.memo.tool_names.iter().find(|(name, _)| *name == sent);
        let name = callers.map_or(sent, |(_, callers)| callers.clone());
        out.push(ChatEvent::ToolCallStarted { choice, index, id: id.clone(), name, kind });
        out.push(ChatEvent::ToolCallArguments { choice, index, arguments });
        id
    }

    fn tell_loss(&mut self, what: &str, out: &mut Vec<ChatEvent>) {
        if std::mem::replace(&mut self.told_of_loss, true) {
            return;
        }
        out.push(ChatEvent::Warning(Warning {
            field: "prompt.modalities".to_owned(),
            action: WarningAction::Dropped,
            message: format!("the answer held {what} that could not be passed on"),
        }));
    }
}

/// Returns the text a custom tool is called with.
fn input(arguments: &str) -> Option<String> {
    let arguments: serde_json::Value = serde_json::from_str(arguments).ok()?;
    arguments.get(INPUT)?.as_str().map(str::to_owned)
}

/// Reads base64 in either alphabet.
fn decoded(base64: &str) -> Option<Vec<u8>> {
    general_purpose::STANDARD.decode(base64).or_else(|_| general_purpose::URL_SAFE.decode(base64)).ok()
}
