//! Turns replies into events, and remembers what the format makes it remember. A stream is many replies and a whole
//! completion is one, so both go through here and cannot drift apart.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    choice::ChoiceReader,
    citations, finish,
    metadata::Metadata,
    reply::{Choice, Delta, Reply},
    rules::Rules,
    usage,
};
use crate::{
    domain::{
        event::{ChatEvent, ChoiceFinish, Finished, Started},
        failure::{FailureClass, UpstreamFailure},
        usage::{Cost, Usage},
    },
    providers::room::Room,
};

/// More choices than the contract allows are a broken reply, not something to make room for.
const MAX_CHOICES: u64 = 128;

/// Which form a reply has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Chunk,
}

/// How the body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server said so.
    Marked,
    /// The connection closed.
    Closed,
}

#[derive(Debug)]
pub struct Reader {
    rules: Rules,
    choices: Vec<ChoiceReader>,
    started: bool,
    /// Tells this answer from others.
    seed: u64,
    usage: Option<Usage>,
    cost: Option<Cost>,
    metadata: Metadata,
    has_annotations: bool,
    /// A reply named itself the last one.
    last_seen: bool,
}

impl Reader {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            choices: Vec::new(),
            started: false,
            seed: 0,
            usage: None,
            cost: None,
            metadata: Metadata::default(),
            has_annotations: false,
            last_seen: false,
        }
    }

    /// Whether every choice has a finish reason, so that nothing essential is missing.
    pub fn is_complete(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(ChoiceReader::is_finished)
    }

    pub fn has_choices(&self) -> bool {
        !self.choices.is_empty()
    }

    /// Takes a reply that is no error.
    pub fn take(&mut self, reply: Reply<'_>, form: Form, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        self.start(&reply, out);
        self.metadata.take(&reply);
        let interim = reply.object.0.starts_with("chat.reasoning");
        self.last_seen |= reply.object.0 == "chat.completion.done";
        let mut own_usage = reply.usage.and_then(usage::read);
        for choice in reply.choices.unwrap_or_default().0 {
            let mut choice = choice.0.unwrap_or_default();
            own_usage = own_usage.or_else(|| choice.usage.and_then(usage::read));
            if interim {
                choice.finish_reason.0 = "".into();
            }
            self.take_choice(choice, form, out)?;
        }
        if let Some((usage, cost)) = own_usage.or_else(|| reply.x_groq.and_then(usage::read_nested)) {
            self.take_usage(usage, cost, out);
        }
        Ok(())
    }

    /// Takes the end: appends what was held back, then `Finished`; or says what is missing.
    pub fn complete(&mut self, form: Form, end: End, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if self.choices.is_empty() {
            let message = "the provider's answer holds no completion";
            return Err(answered(FailureClass::BadResponse, message, None));
        }
        let reason_optional =
            form == Form::Whole || self.last_seen || (end == End::Marked && self.rules.end_mark_completes);
        let mut finishes = Vec::with_capacity(self.choices.len());
        for (number, choice) in self.choices.iter_mut().enumerate() {
            let number = number as u32;
            let whole_calls = end == End::Marked && choice.has_whole_calls();
            if !choice.is_finished() && !reason_optional && !whole_calls {
                let message = "the provider closed the stream before completing the answer";
                return Err(answered(FailureClass::Network, message, Some("upstream_incomplete")));
            }
            choice.flush(number, out)?;
            let (native, calls, output) = choice.outcome();
            finishes.push(ChoiceFinish {
                choice: number,
                reason: finish::reason(native, calls, output)?,
                native_reason: native.to_owned(),
            });
        }
        self.cite(out);
        let mut finishes = finishes.into_iter();
        let Some(first) = finishes.next() else { return Ok(()) };
        out.push(ChatEvent::Finished(Finished {
            usage: self.usage.take(),
            cost: self.cost.take(),
            other_choices: finishes.collect(),
            provider_metadata: self.metadata.to_json(),
            ..Finished::new(first.reason, first.native_reason)
        }));
        Ok(())
    }

    /// Tells the start at the first reply that says who answers. What later ones say about it does not count.
    fn start(&mut self, reply: &Reply<'_>, out: &mut Vec<ChatEvent>) {
        let has_choices = reply.choices.as_ref().is_some_and(|choices| !choices.0.is_empty());
        if self.started || (reply.id.is_empty() && !has_choices) {
            return;
        }
        self.started = true;
        let mut hasher = DefaultHasher::new();
        (&*reply.id.0, &*reply.model.0, reply.created.0).hash(&mut hasher);
        self.seed = hasher.finish();
        out.push(ChatEvent::Started(Started {
            completion_id: reply.id.0.clone().into_owned(),
            model: reply.model.0.clone().into_owned(),
            provider: String::new(),
            created: reply.created.0.and_then(|created| i64::try_from(created).ok()).unwrap_or(0),
            service_tier: reply.service_tier.0.clone().into_owned(),
        }));
    }

    fn take_choice(
        &mut self,
        mut choice: Choice<'_>,
        form: Form,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        let number = choice.index.0.unwrap_or(0);
        if number >= MAX_CHOICES {
            return Err(answered(FailureClass::BadResponse, "the provider's answer has too many choices", None));
        }
        let at = number as usize;
        while self.choices.len() <= at {
            self.choices.push(ChoiceReader::new(self.rules));
        }
        let reader = &mut self.choices[at];
        let delta = match form {
            Form::Chunk => choice.delta.0.take(),
            Form::Whole => None,
        };
        let delta = match (delta, choice.message) {
            (Some(delta), _) => {
                reader.saw_delta = true;
                delta
            }
            // A message beside deltas repeats them; only a server that knows no deltas means it as one.
            (None, Some(message)) if !reader.saw_delta => serde_json::from_str(message.get()).unwrap_or_default(),
            (None, Some(_)) => Delta::default(),
            (None, None) => choice.delta.0.take().unwrap_or_default(),
        };
        if let Some(raw) = delta.annotations.filter(|raw| raw.get() != "[]") {
            let found = citations::read_annotations(raw);
            self.has_annotations |= !found.is_empty();
            out.extend(found.into_iter().map(|citation| ChatEvent::Citation { choice: number as u32, citation }));
        }
        reader.take(delta, choice.logprobs, number as u32, self.seed, out)?;
        reader.finish(&choice.finish_reason.0)
    }

    /// Remembers the last report, never a sum. While the answer is unfinished it is worth telling: the caller may hang up.
    fn take_usage(&mut self, usage: Usage, cost: Option<Cost>, out: &mut Vec<ChatEvent>) {
        self.cost = cost.or(self.cost);
        if self.usage.as_ref() == Some(&usage) {
            return;
        }
        if !self.is_complete() {
            out.push(ChatEvent::Usage(usage.clone()));
        }
        self.usage = Some(usage);
    }

    /// Tells the sources the server listed apart from the text, unless it also annotated the text with them.
    fn cite(&self, out: &mut Vec<ChatEvent>) {
        if self.has_annotations {
            return;
        }
        let (urls, results) = self.metadata.sources();
        if urls.is_none() && results.is_none() {
            return;
        }
        let sources = citations::read_sources(urls, results);
        let mut room = Room::default();
        for (number, choice) in self.choices.iter().enumerate() {
            let found = citations::cite(&sources, choice.marks()).take_while(|citation| room.takes(citation));
            out.extend(found.map(|citation| ChatEvent::Citation { choice: number as u32, citation }));
        }
    }
}

/// A failure of an answer that began well.
pub fn answered(class: FailureClass, message: &str, code: Option<&str>) -> UpstreamFailure {
    UpstreamFailure { http_status: Some(200), code: code.map(str::to_owned), ..UpstreamFailure::new(class, message) }
}
