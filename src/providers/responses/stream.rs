//! Reads a streamed answer. Some providers name events twice, others only in `type`; one of a few is the last.

use http::HeaderMap;

use super::{
    errors::{self, answered, gave_up},
    raw::{is_something, object, text},
    reader::Reader,
    reply::Event,
    whole::{decode_whole, trim},
};
use crate::{
    domain::{
        event::{ChatEvent, Finished},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Reply, StreamDecoder},
        sse::SseEvent,
    },
};

#[derive(Debug)]
pub struct StreamReader {
    reader: Reader,
    /// How the answer ended, once it has.
    end: Option<Result<Finished, UpstreamFailure>>,
}

impl StreamReader {
    pub fn new(reader: Reader) -> Self {
        Self { reader, end: None }
    }

    /// Takes an event, and returns how the answer ended when it is the last one.
    fn read(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<Option<Finished>, UpstreamFailure> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(None);
        }
        let wire: Event<'_> = match serde_json::from_slice(data) {
            Ok(wire) => wire,
            Err(_) if !data.starts_with(b"{") => return Err(errors::read_event(data)),
            Err(_) => {
                return Err(answered(FailureClass::BadResponse, "the provider sent an event that is no JSON", None));
            }
        };
        let mut kind = text(wire.kind);
        if kind.is_empty() {
            kind = String::from_utf8_lossy(&event.name).into_owned();
        }
        let status = match kind.as_str() {
            "response.completed" | "response.done" => "completed",
            "response.incomplete" => "incomplete",
            "response.failed" => return Err(gave_up(wire.error, &object(wire.response), "failed")),
            "response.cancelled" => return Err(gave_up(wire.error, &object(wire.response), "cancelled")),
            "error" => return Err(errors::read_event(data)),
            "" if is_something(wire.error) => return Err(errors::read_event(data)),
            other => return self.reader.take(other, &wire, out).map(|()| None),
        };
        self.reader.complete(&object(wire.response), status, out).map(Some)
    }
}

impl StreamDecoder for StreamReader {
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if self.end.is_some() {
            return Ok(());
        }
        match self.read(event, out) {
            Ok(None) => {}
            Ok(Some(finished)) => self.end = Some(Ok(finished)),
            Err(failure) => {
                self.end = Some(Err(failure.clone()));
                return Err(failure);
            }
        }
        Ok(())
    }

    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        match self.end.take() {
            Some(Ok(finished)) => {
                out.push(ChatEvent::Finished(finished));
                Ok(())
            }
            Some(Err(failure)) => Err(failure),
            // Who does not stream answers with plain JSON, as do those that hide an error in a 200.
            None if !self.reader.has_started() && !trim(stray).is_empty() => {
                let answer = Reply { status: 200, headers: &HeaderMap::new(), body: stray };
                decode_whole(answer, &mut self.reader, out)
            }
            None => {
                let message = "the provider closed the stream before completing the answer";
                Err(answered(FailureClass::Network, message, Some("upstream_incomplete")))
            }
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.end, Some(Ok(_)))
    }
}
