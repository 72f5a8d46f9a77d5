//! Reads one choice of an answer.

use base64::{Engine, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    finish::{self, Meaning},
    logprobs,
    reply::{Audio, Delta},
    rules::Rules,
    thinking::Thinking,
    tools::{Fragment, ToolCalls},
};
use crate::{
    domain::{
        event::{AudioDelta, ChatEvent, TokenLogprob},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        marks::{Mark, Marks},
        think::{Split, ThinkSplitter},
    },
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug)]
pub struct ChoiceReader {
    /// Whether a delta came, so that a message only repeats what was said.
    pub saw_delta: bool,
    think: Option<ThinkSplitter>,
    thinking: Thinking,
    marks: Option<Marks>,
    calls: ToolCalls,
    has_output: bool,
    /// The first one that is not empty; later ones do not count.
    native_reason: String,
}

impl ChoiceReader {
    pub fn new(rules: Rules) -> Self {
        Self {
            saw_delta: false,
            think: rules.think_tags.then(ThinkSplitter::default),
            thinking: Thinking::new(rules),
            marks: rules.citation_marks.then(Marks::default),
            calls: ToolCalls::default(),
            has_output: false,
            native_reason: String::new(),
        }
    }

    pub fn is_finished(&self) -> bool {
        !self.native_reason.is_empty()
    }

    pub fn has_whole_calls(&self) -> bool {
        self.calls.are_whole()
    }

    pub fn marks(&self) -> &[Mark] {
        self.marks.as_ref().map_or(&[], Marks::found)
    }

    /// Returns the finish reason in the server's words, whether there are tool calls, and whether there is anything.
    pub fn outcome(&self) -> (&str, bool, bool) {
        (&self.native_reason, !self.calls.is_empty(), self.has_output || !self.calls.is_empty())
    }

    pub fn take(
        &mut self,
        mut delta: Delta<'_>,
        logprobs: Option<&RawValue>,
        choice: u32,
        seed: u64,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        let (logprobs, refusal_logprobs) = logprobs.map(logprobs::read).unwrap_or_default();
        let reasoning = delta.take_reasoning();
        if !self.thinking.is_filler(&reasoning) {
            self.push_reasoning(reasoning.into_owned(), choice, out);
        }
        match &mut self.think {
            None => self.push_text(delta.content.text.into_owned(), logprobs, choice, out),
            Some(think) => {
                let split = think.feed(&delta.content.text);
                self.push_split(split, logprobs, choice, out);
            }
        }
        if !delta.refusal.is_empty() || !refusal_logprobs.is_empty() {
            self.has_output = true;
            let text = delta.refusal.0.into_owned();
            out.push(ChatEvent::Refusal { choice, text, logprobs: refusal_logprobs });
        }
        for call in delta.tool_calls.0.into_iter().filter_map(|call| call.0) {
            self.calls.take(Fragment::new(call), choice, seed, out)?;
        }
        if let Some(function) = delta.function_call.0 {
            self.calls.take(Fragment::legacy(function), choice, seed, out)?;
        }
        if let Some(audio) = delta.audio.0 {
            self.has_output = true;
            out.push(ChatEvent::Audio { choice, audio: read_audio(audio)? });
        }
        Ok(())
    }

    /// Takes a finish reason, which may be none yet.
    pub fn finish(&mut self, native: &str) -> Result<(), UpstreamFailure> {
        if native.is_empty() || self.is_finished() {
            return Ok(());
        }
        if let Meaning::Failed(class) = finish::meaning(native) {
            return Err(finish::failed(class, native));
        }
        self.native_reason = native.to_owned();
        Ok(())
    }

    /// Appends what was held back.
    pub fn flush(&mut self, choice: u32, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if let Some(think) = &mut self.think {
            let split = think.finish();
            self.push_split(split, Vec::new(), choice, out);
        }
        if !self.calls.are_named() {
            let message = "the provider sent a tool call without a name";
            return Err(UpstreamFailure {
                http_status: Some(200),
                ..UpstreamFailure::new(FailureClass::BadResponse, message)
            });
        }
        let state = self.calls.first_id().and_then(|id| self.thinking.state_for(id));
        out.extend(state.map(|state| ChatEvent::ProviderState { choice, state }));
        Ok(())
    }

    fn push_split(&mut self, split: Split, logprobs: Vec<TokenLogprob>, choice: u32, out: &mut Vec<ChatEvent>) {
        self.push_reasoning(split.reasoning, choice, out);
        self.push_text(split.text, logprobs, choice, out);
    }

    fn push_reasoning(&mut self, text: String, choice: u32, out: &mut Vec<ChatEvent>) {
        if text.is_empty() {
            return;
        }
        self.thinking.remember(&text);
        self.has_output = true;
        out.push(ChatEvent::Reasoning { choice, text });
    }

    fn push_text(&mut self, text: String, logprobs: Vec<TokenLogprob>, choice: u32, out: &mut Vec<ChatEvent>) {
        if text.is_empty() && logprobs.is_empty() {
            return;
        }
        if let Some(marks) = &mut self.marks {
            marks.feed(&text);
        }
        self.has_output = true;
        out.push(ChatEvent::Text { choice, text, logprobs });
    }
}

fn read_audio(audio: Audio<'_>) -> Result<AudioDelta, UpstreamFailure> {
    let data = BASE64.decode(audio.data.0.as_bytes()).map_err(|_| UpstreamFailure {
        http_status: Some(200),
        ..UpstreamFailure::new(FailureClass::BadResponse, "the provider sent audio that is no base64")
    })?;
    Ok(AudioDelta {
        id: audio.id.0.into_owned(),
        data: Bytes::from(data),
        transcript: audio.transcript.0.into_owned(),
        expires: audio.expires_at.0.and_then(|time| i64::try_from(time).ok()),
    })
}
