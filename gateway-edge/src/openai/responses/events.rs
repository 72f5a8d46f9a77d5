//! The events of a stream as OpenAI's semantic events: `event:` and `data:` lines with a rising number, and no `[DONE]`.

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

use crate::{
    error::Failure,
    openai::{
        frame::json_line,
        told::Told,
        trail::{EventWriter, Trail},
    },
    pb::{self, stream_chat_completion_response::Event},
};

use super::{
    echo::Echo,
    fold::{Change, Fold},
    object::{Ending, Error, Head, Object},
    output::{Annotation, Content, Item, Logprob, Summary},
};

/// Turns the events of one chat into the events of one response.
#[derive(Debug)]
pub struct ResponseWriter {
    head: Head,
    fold: Fold,
    number: u64,
    trail: Trail,
    over: bool,
}

#[derive(Serialize)]
struct Frame<'a, T> {
    r#type: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct OfResponse<'a> {
    response: Object<'a>,
}

#[derive(Serialize)]
struct OfItem<'a> {
    output_index: usize,
    item: &'a Item,
}

/// Everything that happens inside an item; the members that an event does not have are left out.
#[derive(Default, Serialize)]
struct Inside<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a [Logprob]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation: Option<&'a Annotation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Content(&'a Content),
    Summary(&'a Summary),
}

#[derive(Serialize)]
struct Broken<'a> {
    code: Option<&'a str>,
    message: &'a str,
    param: Option<&'a str>,
}

impl ResponseWriter {
    /// `stem` makes the ids of the response and of its items.
    pub fn new(echo: Echo, stem: String) -> Self {
        let head = Head { id: format!("resp_{stem}"), created_at: 0, service_tier: String::new(), echo };
        Self { head, fold: Fold::new(stem), number: 0, trail: Trail::default(), over: false }
    }

    /// Writes the two events that open every stream. Not before there is something to tell, so that a failure until then
    /// still has an HTTP status.
    fn open(&mut self, out: &mut BytesMut) {
        if self.number == 0 {
            for event in ["response.created", "response.in_progress"] {
                frame(&mut self.number, event, OfResponse { response: self.head.object("in_progress") }, out);
            }
        }
    }

    fn write_changes(&mut self, out: &mut BytesMut) {
        if self.fold.changes.is_empty() {
            return;
        }
        self.open(out);
        for change in std::mem::take(&mut self.fold.changes) {
            write(&mut self.number, &self.fold.items, change, out);
        }
    }

    fn finish(&mut self, finished: &pb::ChatFinished, out: &mut BytesMut) -> Result<(), Failure> {
        let ending = Ending::of(finished.reason());
        self.fold.finish(ending.items)?;
        self.open(out);
        self.write_changes(out);
        let (usage, warnings) = (finished.usage.as_ref(), &self.trail.warnings);
        let mut response = self.head.object(ending.status).ended(&ending, &self.fold.items, usage, warnings);
        response.told = Told::of(&finished.provider_metadata);
        frame(&mut self.number, ending.event, OfResponse { response }, out);
        self.over = true;
        Ok(())
    }
}

impl EventWriter for ResponseWriter {
    fn feed(&mut self, event: pb::StreamChatCompletionResponse, out: &mut BytesMut) -> Result<(), Failure> {
        // Responses have one choice.
        let Some(what) = event.event.filter(|_| event.choice_index == 0 && !self.over) else { return Ok(()) };
        match what {
            Event::TextDelta(delta) => self.fold.text(delta)?,
            Event::ReasoningDelta(delta) => self.fold.reasoning(delta.text)?,
            Event::RefusalDelta(delta) => self.fold.refusal(delta.text)?,
            Event::ToolCallStarted(call) => self.fold.call(call)?,
            Event::ToolCallArgumentsDelta(delta) => self.fold.arguments(delta)?,
            Event::Citation(citation) => self.fold.citation(citation)?,
            Event::ProviderState(state) => self.fold.state(state)?,
            Event::Finished(finished) => return self.finish(&finished, out),
            Event::Started(started) => {
                self.head.created_at = started.create_time.as_ref().map_or(0, |time| time.seconds);
                self.head.service_tier.clone_from(&started.service_tier);
                self.trail.note(Event::Started(started));
            }
            Event::Warning(_) | Event::Attempt(_) | Event::Usage(_) => self.trail.note(what),
            Event::AudioDelta(_) => {}
        }
        self.write_changes(out);
        Ok(())
    }

    /// What the service tells of is a response that failed; a stream that breaks by itself is an error of the transport.
    fn fail(&mut self, failure: &Failure, out: &mut BytesMut) {
        if self.over {
            return;
        }
        self.over = true;
        if self.number == 0 {
            let response = self.head.object("in_progress");
            frame(&mut self.number, "response.created", OfResponse { response }, out);
        }
        if failure.is_cut() {
            let body = Broken { code: failure.code(), message: failure.message(), param: failure.param() };
            return frame(&mut self.number, "error", body, out);
        }
        let mut response = self.head.object("failed");
        response.error = Some(Error::of(failure));
        frame(&mut self.number, "response.failed", OfResponse { response }, out);
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn trail(&self) -> &Trail {
        &self.trail
    }
}

fn frame<T: Serialize>(number: &mut u64, kind: &str, body: T, out: &mut BytesMut) {
    out.put_slice(b"event: ");
    out.put_slice(kind.as_bytes());
    out.put_slice(b"\ndata: ");
    json_line(&Frame { r#type: kind, sequence_number: *number, body }, out);
    out.put_slice(b"\n\n");
    *number += 1;
}

fn write(number: &mut u64, items: &[Item], change: Change, out: &mut BytesMut) {
    let inside = |item: usize, content_index: Option<usize>| Inside {
        item_id: items.get(item).map_or("", Item::id),
        output_index: item,
        content_index,
        ..Inside::default()
    };
    let content = |item: usize, part: usize| match items.get(item) {
        Some(Item::Message { content, .. }) => content.get(part),
        _ => None,
    };
    match change {
        Change::Began(at) => {
            let Some(item) = items.get(at) else { return };
            frame(number, "response.output_item.added", OfItem { output_index: at, item: &item.at_start() }, out);
            if let Item::Reasoning { summary, .. } = item
                && !summary.is_empty()
            {
                let part = Some(Part::Summary(&Summary { text: String::new() }));
                let body = Inside { summary_index: Some(0), part, ..inside(at, None) };
                frame(number, "response.reasoning_summary_part.added", body, out);
            }
        }
        Change::PartBegan(item, part) => {
            let fresh = match content(item, part) {
                Some(Content::Refusal { .. }) => Content::refusal(),
                _ => Content::text(),
            };
            let body = Inside { part: Some(Part::Content(&fresh)), ..inside(item, Some(part)) };
            frame(number, "response.content_part.added", body, out);
        }
        Change::Text { item, part, delta, logprobs } => {
            let body = Inside { delta: Some(&delta), logprobs: Some(&logprobs), ..inside(item, Some(part)) };
            frame(number, "response.output_text.delta", body, out);
        }
        Change::Refusal { item, part, delta } => {
            frame(number, "response.refusal.delta", Inside { delta: Some(&delta), ..inside(item, Some(part)) }, out);
        }
        Change::Annotated { item, part, number: at } => {
            let Some(Content::OutputText { annotations, .. }) = content(item, part) else { return };
            let (annotation_index, annotation) = (Some(at), annotations.get(at));
            let body = Inside { annotation_index, annotation, ..inside(item, Some(part)) };
            frame(number, "response.output_text.annotation.added", body, out);
        }
        Change::Thought { item, delta } => {
            let body = Inside { summary_index: Some(0), delta: Some(&delta), ..inside(item, None) };
            frame(number, "response.reasoning_summary_text.delta", body, out);
        }
        Change::Arguments { item, delta } => {
            let kind = match items.get(item) {
                Some(Item::CustomToolCall { .. }) => "response.custom_tool_call_input.delta",
                _ => "response.function_call_arguments.delta",
            };
            frame(number, kind, Inside { delta: Some(&delta), ..inside(item, None) }, out);
        }
        Change::PartEnded(item, part) => {
            let Some(content) = content(item, part) else { return };
            let here = inside(item, Some(part));
            match content {
                Content::OutputText { text, logprobs, .. } => {
                    let body = Inside { text: Some(text), logprobs: Some(logprobs), ..here };
                    frame(number, "response.output_text.done", body, out);
                }
                Content::Refusal { refusal } => {
                    frame(number, "response.refusal.done", Inside { refusal: Some(refusal), ..here }, out);
                }
            }
            let body = Inside { part: Some(Part::Content(content)), ..inside(item, Some(part)) };
            frame(number, "response.content_part.done", body, out);
        }
        Change::Ended(at) => {
            let Some(item) = items.get(at) else { return };
            match item {
                Item::FunctionCall { name, arguments, .. } => {
                    let body = Inside { name: Some(name), arguments: Some(arguments), ..inside(at, None) };
                    frame(number, "response.function_call_arguments.done", body, out);
                }
                Item::CustomToolCall { input, .. } => {
                    let body = Inside { input: Some(input), ..inside(at, None) };
                    frame(number, "response.custom_tool_call_input.done", body, out);
                }
                Item::Reasoning { summary, .. } => {
                    for summary in summary {
                        let here = || Inside { summary_index: Some(0), ..inside(at, None) };
                        let body = Inside { text: Some(&summary.text), ..here() };
                        frame(number, "response.reasoning_summary_text.done", body, out);
                        let body = Inside { part: Some(Part::Summary(summary)), ..here() };
                        frame(number, "response.reasoning_summary_part.done", body, out);
                    }
                }
                Item::Message { .. } => {}
            }
            frame(number, "response.output_item.done", OfItem { output_index: at, item }, out);
        }
    }
}
