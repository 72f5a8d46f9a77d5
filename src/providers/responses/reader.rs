//! Turns responses and the events of streams into the gateway's events.

use serde_json::value::RawValue;

use super::{
    errors::{answered, gave_up},
    finish,
    items::Items,
    logprobs,
    raw::{count, list, object, text},
    reply::{Event, Item, Response},
    teller::Spot,
    told::Kind,
    usage::Usage,
};
use crate::domain::{
    event::{ChatEvent, Finished, Started},
    failure::{FailureClass, UpstreamFailure},
};

/// More items than any answer has.
const MAX_ITEMS: usize = 4096;

#[derive(Debug)]
pub struct Reader {
    items: Items,
    /// Whether the caller looks for `[1]` in the text.
    citation_marks: bool,
    /// The model first named.
    model: Option<String>,
    /// Keys of the items that were taken whole.
    done: Vec<String>,
    thoughts: u64,
}

impl Reader {
    pub fn new(items: Items, citation_marks: bool) -> Self {
        Self { items, citation_marks, model: None, done: Vec::new(), thoughts: 0 }
    }

    /// Whether anything was told.
    pub fn has_started(&self) -> bool {
        self.model.is_some()
    }

    /// Takes an event that is not the last one. Types nobody knows tell of the provider's own work.
    pub fn take(&mut self, kind: &str, event: &Event<'_>, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        // Whatever else keeps the connection alive says nothing about the answer.
        if kind.starts_with("response.") {
            self.start(&object(event.response), out);
        }
        match kind {
            "response.output_item.added" => match event.item {
                Some(item) => self.items.begin(item, out),
                None => Ok(()),
            },
            "response.output_item.done" => match event.item {
                Some(item) => self.take_done(item, out),
                None => Ok(()),
            },
            "response.output_text.delta" => self.take_delta(event, Kind::Text, out),
            "response.refusal.delta" => self.take_delta(event, Kind::Refusal, out),
            "response.reasoning_summary_text.delta" => self.take_delta(event, Kind::Summary, out),
            "response.reasoning_text.delta" => self.take_delta(event, Kind::Thinking, out),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.take_delta(event, Kind::Arguments, out)
            }
            "response.reasoning.started" => {
                let spot = Spot { item: "thought", kind: Kind::Thinking, part: self.thoughts };
                self.thoughts += 1;
                self.items.teller.more(spot, text(event.thought), Vec::new(), out)
            }
            "response.reasoning.search_results" => {
                self.items.sources.take_results(event.results);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes the finished response and returns how it ended. `status` is what its event says, if one came.
    pub fn complete(
        &mut self,
        response: &Response<'_>,
        status: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<Finished, UpstreamFailure> {
        let own = text(response.status);
        // The response knows better than its event, as long as it has an end at all.
        let status = if finish::is_end(&own) { &own } else { status };
        if finish::is_failure(status) {
            return Err(gave_up(None, response, status));
        }
        let streamed = self.has_started();
        self.start(response, out);
        for (number, raw) in list(response.output).into_iter().enumerate() {
            let key = if streamed { object::<Item<'_>>(Some(raw)).key() } else { number.to_string() };
            if !self.done.contains(&key) {
                self.items.take(raw, &key, out)?;
            }
        }
        self.items.teller.release("", out);
        self.cite(response, out);
        let usage: Usage<'_> = object(response.usage);
        self.items.metadata.take(response, &usage);
        self.items.metadata.keep_model(self.model.as_deref().unwrap_or_default(), &text(response.model));
        self.items.metadata.keep_sources(&self.items.sources);
        let (reason, native) = finish::reason(status, response, !self.items.teller.calls().is_empty());
        Ok(Finished {
            usage: usage.tokens(),
            cost: usage.cost(),
            provider_metadata: self.items.metadata.to_json(),
            ..Finished::new(reason, native)
        })
    }

    fn start(&mut self, response: &Response<'_>, out: &mut Vec<ChatEvent>) {
        if self.model.is_some() {
            return;
        }
        let model = text(response.model);
        out.push(ChatEvent::Started(Started {
            completion_id: text(response.id),
            model: model.clone(),
            created: count(response.created_at).and_then(|time| i64::try_from(time).ok()).unwrap_or_default(),
            service_tier: text(response.service_tier),
            ..Started::default()
        }));
        self.model = Some(model);
    }

    fn take_done(&mut self, raw: &RawValue, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let key = object::<Item<'_>>(Some(raw)).key();
        if self.done.contains(&key) {
            return Ok(());
        }
        self.items.take(raw, &key, out)?;
        if self.done.len() == MAX_ITEMS {
            return Err(answered(FailureClass::BadResponse, "the provider's answer has too many items", None));
        }
        self.done.push(key);
        Ok(())
    }

    fn take_delta(&mut self, event: &Event<'_>, kind: Kind, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let mut item = text(event.item_id);
        if item.is_empty() {
            // As the key of an item without an id.
            item.push_str(match kind {
                Kind::Text | Kind::Refusal => "message",
                Kind::Summary | Kind::Thinking => "reasoning",
                Kind::Arguments => "function_call",
            });
        }
        if kind == Kind::Arguments && self.items.teller.calls().index(&item).is_none() {
            return Ok(());
        }
        let part = match kind {
            Kind::Summary => event.summary_index,
            Kind::Text | Kind::Refusal | Kind::Thinking => event.content_index,
            Kind::Arguments => None,
        };
        let spot = Spot { item: &item, kind, part: count(part).unwrap_or_default() };
        self.items.teller.more(spot, text(event.delta), logprobs::read(event.logprobs), out)
    }

    /// Tells the sources that are listed apart from the text, unless the text is annotated with them.
    fn cite(&mut self, response: &Response<'_>, out: &mut Vec<ChatEvent>) {
        let Items { teller, sources, .. } = &mut self.items;
        sources.take_results(response.search_results);
        sources.take_addresses(response.citations);
        if teller.has_citations() || teller.marks().position() == 0 {
            return;
        }
        let marks = if self.citation_marks { teller.marks().found() } else { &[] };
        let citations = sources.cite(marks);
        teller.cite(citations, out);
    }
}
