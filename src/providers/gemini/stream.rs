//! Reads a streamed answer: one chunk per server-sent event, no `[DONE]`, the body simply ends.

use super::{decode::Answer, errors};
use crate::{
    domain::{event::ChatEvent, failure::UpstreamFailure},
    providers::{
        adapter::{Memo, StreamDecoder},
        sse::SseEvent,
    },
};

#[derive(Debug)]
pub struct GeminiStream {
    answer: Answer,
}

impl GeminiStream {
    pub fn new(memo: &Memo) -> Self {
        Self { answer: Answer::new(memo) }
    }
}

impl StreamDecoder for GeminiStream {
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        self.answer.chunk(&event.data, out)
    }

    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        // Some errors come as bare JSON without `data:`. After a finish reason they no longer matter.
        match errors::failure_in(stray) {
            Some(failure) if !self.answer.has_ended() => self.answer.fail(failure, out),
            Some(_) | None => self.answer.end(out),
        }
    }

    /// Never: some models repeat a finish reason in every chunk, so that only the end of the body is the end.
    fn is_done(&self) -> bool {
        false
    }
}
