//! Reads a streamed answer.

use http::HeaderMap;

use super::{
    errors,
    reader::{End, Form, Reader, answered},
    reply::Reply,
    rules::Rules,
    whole::{decode_whole, trim},
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{self, StreamDecoder},
        lenient::Object,
        sse::SseEvent,
    },
};

#[derive(Debug)]
pub struct StreamReader {
    rules: Rules,
    reader: Reader,
    done: bool,
    failed: Option<UpstreamFailure>,
}

impl StreamReader {
    pub fn new(rules: Rules) -> Self {
        Self { rules, reader: Reader::new(rules), done: false, failed: None }
    }

    fn read(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let data = event.data.trim_ascii();
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        if &event.name[..] == b"error" {
            return Err(errors::read_event(data));
        }
        let reply: Reply<'_> = match serde_json::from_slice(data) {
            Ok(Object(Some(reply))) => reply,
            Ok(Object(None)) => return Ok(()),
            // The answer itself is there already; only usage may be lost.
            Err(_) if self.reader.is_complete() => return Ok(()),
            Err(_) if !data.starts_with(b"{") => return Err(errors::read_event(data)),
            Err(_) => {
                return Err(answered(FailureClass::BadResponse, "the provider sent an event that is no JSON", None));
            }
        };
        if reply.is_error() {
            return Err(errors::read_event(data));
        }
        self.reader.take(reply, Form::Chunk, out)
    }
}

impl StreamDecoder for StreamReader {
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if self.done {
            return Ok(());
        }
        self.read(event, out).inspect_err(|failure| self.failed = Some(failure.clone()))
    }

    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        // A server that does not stream answers with plain JSON, as do those that hide an error in a 200.
        if !self.reader.has_choices() && !trim(stray).is_empty() {
            let answer = adapter::Reply { status: 200, headers: &HeaderMap::new(), body: stray };
            return decode_whole(answer, self.rules, out);
        }
        let end = if self.done { End::Marked } else { End::Closed };
        self.reader.complete(Form::Chunk, end, out)
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
