//! Reads an answer reply by reply. A whole completion is one reply, so both forms go the same way.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    fences::Fences,
    finish::{self, Outcome},
    reply::{Choice, Delta, FunctionCall, Reply},
    state,
};
use crate::{
    domain::{
        chat::ToolKind,
        event::{ChatEvent, Finished, Started},
        failure::UpstreamFailure,
        usage::Usage,
    },
    providers::{
        adapter::Memo,
        think::{Split, ThinkSplitter},
    },
};

/// The service gives one choice.
const CHOICE: u32 = 0;
/// Most text that waits for the call that makes it void.
const MAX_HELD: usize = 1 << 20;

/// An answer in the making.
#[derive(Debug)]
pub struct Reader {
    memo: Memo,
    started: bool,
    created: u64,
    think: ThinkSplitter,
    fences: Option<Fences>,
    /// Text beside the call that is the answer. Without such a call it is the answer after all.
    held: Option<String>,
    /// The service's state, until a call carries it.
    state: Option<String>,
    outcome: Outcome,
    calls: u32,
    usage: Option<Usage>,
    /// What the contract has no field for.
    metadata: BTreeMap<&'static str, String>,
}

impl Reader {
    pub fn new(memo: &Memo) -> Self {
        Self {
            memo: memo.clone(),
            started: false,
            created: 0,
            think: ThinkSplitter::default(),
            fences: memo.bare_json.then(Fences::default),
            held: memo.answer_tool.is_some().then(String::new),
            state: None,
            outcome: Outcome::default(),
            calls: 0,
            usage: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Whether any part of an answer came.
    pub fn has_started(&self) -> bool {
        self.started
    }

    /// Whether the service said why it stopped, so that nothing essential is missing.
    pub fn is_complete(&self) -> bool {
        self.outcome.native.is_some()
    }

    /// Takes the next reply and appends what it means to `out`.
    pub fn take(&mut self, reply: Reply<'_>, out: &mut Vec<ChatEvent>) {
        self.start(&reply, out);
        for (name, value) in [("thread_id", reply.thread_id), ("message_id", reply.message_id)] {
            if !value.is_empty() {
                self.metadata.insert(name, value.0.into_owned());
            }
        }
        let choices = reply.choices.unwrap_or_default().0.into_iter().filter_map(|choice| choice.0);
        for choice in choices.filter(|choice| choice.index.0.unwrap_or(0) == u64::from(CHOICE)) {
            self.choice(choice, out);
        }
        if let Some(usage) = reply.usage.0.and_then(|usage| usage.read()) {
            if !self.is_complete() {
                out.push(ChatEvent::Usage(usage.clone()));
            }
            self.usage = Some(usage);
        }
    }

    /// Appends what was held back, then `Finished`; or says why this is no answer.
    pub fn complete(&mut self, reason_optional: bool, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        // What comes out here must not be seen of an answer that is none: another key may still give one.
        let mut rest = Vec::new();
        self.flush(&mut rest);
        push_text(self.held.take().unwrap_or_default(), &mut rest);
        let (reason, native) = finish::reason(&self.outcome, reason_optional)?;
        out.append(&mut rest);
        if let Some(state) = self.state.take().filter(|_| !self.outcome.has_answer) {
            out.push(ChatEvent::ProviderState { choice: CHOICE, state: state::provider_state(&state, "") });
        }
        let metadata = (!self.metadata.is_empty()).then(|| serde_json::to_string(&self.metadata).unwrap_or_default());
        out.push(ChatEvent::Finished(Finished {
            usage: self.usage.take(),
            provider_metadata: metadata.unwrap_or_default(),
            ..Finished::new(reason, native)
        }));
        Ok(())
    }

    fn start(&mut self, reply: &Reply<'_>, out: &mut Vec<ChatEvent>) {
        let has_choices = reply.choices.as_ref().is_some_and(|choices| !choices.0.is_empty());
        if self.started || !has_choices {
            return;
        }
        self.started = true;
        self.created = reply.created.0.unwrap_or(0);
        out.push(ChatEvent::Started(Started {
            model: reply.model.0.clone().into_owned(),
            created: i64::try_from(self.created).unwrap_or(0),
            ..Started::default()
        }));
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut Vec<ChatEvent>) {
        let delta = choice.delta.0.or(choice.message.0).unwrap_or_default();
        if !delta.is_progress() {
            self.delta(delta, out);
        }
        if !choice.finish_reason.is_empty() {
            self.outcome.native = Some(choice.finish_reason.0.into_owned());
        }
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<ChatEvent>) {
        push_reasoning(delta.reasoning_content.0.into_owned(), out);
        if !delta.content.is_empty() {
            let split = self.think.feed(&delta.content.0);
            self.say(split, out);
        }
        if !delta.functions_state_id.is_empty() {
            self.state = Some(delta.functions_state_id.0.into_owned());
        }
        match delta.function_call.0 {
            Some(call) if self.memo.answer_tool.is_some() => self.answer(&call, out),
            Some(call) => self.call(call, out),
            None => {}
        }
    }

    /// Takes the call that stands for the answer: its arguments are the text.
    fn answer(&mut self, call: &FunctionCall<'_>, out: &mut Vec<ChatEvent>) {
        if self.outcome.has_answer {
            return;
        }
        self.think = ThinkSplitter::default();
        self.held = None;
        self.outcome.has_answer = true;
        push_text(call.arguments().into_owned(), out);
    }

    /// Takes a call, which always comes whole.
    fn call(&mut self, call: FunctionCall<'_>, out: &mut Vec<ChatEvent>) {
        self.flush(out);
        let (index, sent) = (self.calls, call.name.0.as_ref());
        self.calls = self.calls.saturating_add(1);
        self.outcome.has_call = true;
        let arguments = call.arguments().into_owned();
        let state = self.state.take().unwrap_or_default();
        let id = state::call_id(&state).unwrap_or_else(|| self.made_up_id(sent, &arguments));
        let alias = self.memo.tool_names.iter().find(|(alias, _)| alias == sent);
        let name = alias.map_or(sent, |(_, name)| name).to_owned();
        let started =
            ChatEvent::ToolCallStarted { choice: CHOICE, index, id: id.clone(), name, kind: ToolKind::Function };
        out.push(started);
        out.push(ChatEvent::ToolCallArguments { choice: CHOICE, index, arguments });
        if !state.is_empty() && state::in_call_id(&id) != Some(&state) {
            out.push(ChatEvent::ProviderState { choice: CHOICE, state: state::provider_state(&state, &id) });
        }
    }

    /// Makes an id that is the same whenever the same answer is read, and that nobody takes for a state.
    fn made_up_id(&self, name: &str, arguments: &str) -> String {
        let mut hasher = DefaultHasher::new();
        (self.created, self.calls, name, arguments).hash(&mut hasher);
        format!("call_{:016x}", hasher.finish())
    }

    fn say(&mut self, split: Split, out: &mut Vec<ChatEvent>) {
        push_reasoning(split.reasoning, out);
        if split.text.is_empty() || self.outcome.has_answer {
            return;
        }
        self.outcome.has_text = true;
        let text = match &mut self.fences {
            Some(fences) => fences.feed(split.text),
            None => split.text,
        };
        match &mut self.held {
            Some(held) if held.len() + text.len() <= MAX_HELD => held.push_str(&text),
            held => {
                let before = held.take().unwrap_or_default();
                push_text(before, out);
                push_text(text, out);
            }
        }
    }

    /// Says what was held back because it might have become a tag or a fence.
    fn flush(&mut self, out: &mut Vec<ChatEvent>) {
        let rest = self.think.finish();
        self.say(rest, out);
        if let Some(mut fences) = self.fences.take() {
            push_text(fences.finish(), out);
        }
    }
}

fn push_reasoning(text: String, out: &mut Vec<ChatEvent>) {
    if !text.is_empty() {
        out.push(ChatEvent::Reasoning { choice: CHOICE, text });
    }
}

fn push_text(text: String, out: &mut Vec<ChatEvent>) {
    if !text.is_empty() {
        out.push(ChatEvent::Text { choice: CHOICE, text, logprobs: Vec::new() });
    }
}
