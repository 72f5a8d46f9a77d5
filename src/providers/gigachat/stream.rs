//! Reads a streamed answer, and a whole one.

use super::{errors, finish::failed, reader::Reader, reply::Reply};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Memo, StreamDecoder},
        lenient::Object,
        sse::SseEvent,
    },
};

/// Appends the events of a whole completion; or says why the body is none.
pub fn decode_whole(memo: &Memo, body: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
    let mut reader = Reader::new(memo);
    reader.take(read(body)?, out);
    if !reader.has_started() {
        return Err(failed(FailureClass::BadResponse, "the provider's answer holds no completion", "empty_response"));
    }
    reader.complete(true, out)
}

fn read(body: &[u8]) -> Result<Reply<'_>, UpstreamFailure> {
    match serde_json::from_slice::<Object<Reply<'_>>>(body) {
        Ok(Object(Some(reply))) if reply.choices.is_some() || reply.usage.0.is_some() => Ok(reply),
        Ok(_) | Err(_) => Err(errors::failure_in(body).unwrap_or_else(|| {
            let message = "the provider sent something that is no answer of its API";
            failed(FailureClass::BadResponse, message, "invalid_response")
        })),
    }
}

#[derive(Debug)]
pub struct GigaChatStream {
    memo: Memo,
    reader: Reader,
    done: bool,
    failed: Option<UpstreamFailure>,
}

impl GigaChatStream {
    pub fn new(memo: &Memo) -> Self {
        Self { memo: memo.clone(), reader: Reader::new(memo), done: false, failed: None }
    }
}

impl StreamDecoder for GigaChatStream {
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        let data = event.data.trim_ascii();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        match read(data) {
            Ok(reply) => self.reader.take(reply, out),
            // The answer itself is there already.
            Err(_) if self.reader.is_complete() => {}
            Err(failure) => {
                self.failed = Some(failure.clone());
                return Err(failure);
            }
        }
        Ok(())
    }

    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        // An error, or an answer that was not streamed, comes as plain JSON.
        if !self.reader.has_started() && !stray.trim_ascii().is_empty() {
            return decode_whole(&self.memo, stray, out);
        }
        self.reader.complete(self.done, out)
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
