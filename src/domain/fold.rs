//! Adds up the events of a stream to a whole completion. Unary replies are made only here, so that both forms cannot
//! drift apart.

use super::{
    chat::{Message, Part, ProviderState, Role, ToolCall, ToolKind},
    completion::{ChatCompletion, Choice},
    event::{AudioDelta, ChatEvent, Citation, FinishReason, Finished, TokenLogprob},
};

/// A completion in the making.
#[derive(Debug, Default)]
pub struct Fold {
    completion: ChatCompletion,
    choices: Vec<ChoiceFold>,
    finished: bool,
}

#[derive(Debug, Default)]
struct ChoiceFold {
    reasoning: String,
    text: String,
    refusal: String,
    tool_calls: Vec<ToolCall>,
    states: Vec<ProviderState>,
    citations: Vec<Citation>,
    logprobs: Vec<TokenLogprob>,
    refusal_logprobs: Vec<TokenLogprob>,
    audio: Option<AudioDelta>,
}

impl Fold {
    pub fn push(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Started(started) => {
                self.completion.id = started.completion_id;
                self.completion.model = started.model;
                self.completion.provider = started.provider;
                self.completion.created = started.created;
                self.completion.service_tier = started.service_tier;
            }
            ChatEvent::Text { choice, text, logprobs } => {
                let choice = self.choice(choice);
                append(&mut choice.text, text);
                choice.logprobs.extend(logprobs);
            }
            ChatEvent::Refusal { choice, text, logprobs } => {
                let choice = self.choice(choice);
                append(&mut choice.refusal, text);
                choice.refusal_logprobs.extend(logprobs);
            }
            ChatEvent::Reasoning { choice, text } => append(&mut self.choice(choice).reasoning, text),
            ChatEvent::Audio { choice, audio } => self.choice(choice).add_audio(audio),
            ChatEvent::ToolCallStarted { choice, index, id, name, kind } => {
                let call = self.choice(choice).tool_call(index);
                (call.id, call.name, call.kind) = (id, name, kind);
            }
            ChatEvent::ToolCallArguments { choice, index, arguments } => {
                append(&mut self.choice(choice).tool_call(index).arguments, arguments);
            }
            ChatEvent::Citation { choice, citation } => self.choice(choice).citations.push(citation),
            ChatEvent::ProviderState { choice, state } => self.choice(choice).states.push(state),
            ChatEvent::Warning(warning) => self.completion.warnings.push(warning),
            ChatEvent::Attempt(attempt) => self.completion.attempts.push(attempt),
            ChatEvent::Usage(usage) => self.completion.usage = Some(usage),
            ChatEvent::Finished(finished) => self.finish(finished),
        }
    }

    /// Returns the completion, or nothing when `Finished` never came.
    pub fn into_completion(self) -> Option<ChatCompletion> {
        self.finished.then_some(self.completion)
    }

    fn choice(&mut self, index: u32) -> &mut ChoiceFold {
        let index = index as usize;
        if self.choices.len() <= index {
            self.choices.resize_with(index + 1, ChoiceFold::default);
        }
        &mut self.choices[index]
    }

    fn finish(&mut self, finished: Finished) {
        let last = finished.other_choices.iter().map(|c| c.choice).max().unwrap_or(0);
        self.choice(last);
        let mut reasons = vec![(finished.reason, finished.native_reason); 1];
        reasons.resize(self.choices.len(), (FinishReason::Stop, String::new()));
        for other in finished.other_choices {
            reasons[other.choice as usize] = (other.reason, other.native_reason);
        }
        let folds = std::mem::take(&mut self.choices);
        self.completion.choices = folds
            .into_iter()
            .zip(reasons)
            .enumerate()
            .map(|(index, (fold, (reason, native)))| fold.into_choice(index as u32, reason, native))
            .collect();
        if finished.usage.is_some() {
            self.completion.usage = finished.usage;
        }
        self.completion.cost = finished.cost;
        if !finished.attempts.is_empty() {
            self.completion.attempts = finished.attempts;
        }
        self.completion.provider_metadata = finished.provider_metadata;
        self.finished = true;
    }
}

impl ChoiceFold {
    fn tool_call(&mut self, index: u32) -> &mut ToolCall {
        let index = index as usize;
        while self.tool_calls.len() <= index {
            let (id, name, arguments) = Default::default();
            self.tool_calls.push(ToolCall { id, name, arguments, kind: ToolKind::Function });
        }
        &mut self.tool_calls[index]
    }

    fn add_audio(&mut self, delta: AudioDelta) {
        let audio = self.audio.get_or_insert_default();
        if !delta.id.is_empty() {
            audio.id = delta.id;
        }
        if audio.data.is_empty() {
            audio.data = delta.data;
        } else if !delta.data.is_empty() {
            audio.data = [&audio.data[..], &delta.data[..]].concat().into();
        }
        audio.transcript.push_str(&delta.transcript);
        audio.expires = delta.expires.or(audio.expires);
    }

    fn into_choice(self, index: u32, finish_reason: FinishReason, native_finish_reason: String) -> Choice {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(Part::Reasoning(self.reasoning));
        }
        if !self.text.is_empty() {
            parts.push(Part::Text(self.text));
        }
        if !self.refusal.is_empty() {
            parts.push(Part::Refusal(self.refusal));
        }
        parts.extend(self.tool_calls.into_iter().map(Part::ToolCall));
        parts.extend(self.states.into_iter().map(Part::ProviderState));
        Choice {
            index,
            message: Message { role: Role::Assistant, parts, name: String::new() },
            finish_reason,
            native_finish_reason,
            citations: self.citations,
            logprobs: self.logprobs,
            refusal_logprobs: self.refusal_logprobs,
            audio: self.audio,
        }
    }
}

/// Appends without a copy when there is nothing to append to.
fn append(to: &mut String, more: String) {
    if to.is_empty() {
        *to = more;
    } else {
        to.push_str(&more);
    }
}
