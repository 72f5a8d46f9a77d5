//! Reads a streamed answer.

use super::{
    answer::Answer,
    block::StreamEvent,
    errors::{self, in_stream},
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Memo, Reply, StreamDecoder},
        sse::SseEvent,
    },
};

#[derive(Debug)]
pub struct MessageStream {
    answer: Answer,
    done: bool,
}

impl MessageStream {
    pub fn new(memo: &Memo) -> Self {
        Self { answer: Answer::new(memo), done: false }
    }
}

impl StreamDecoder for MessageStream {
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if self.done {
            return Ok(());
        }
        let event: StreamEvent = serde_json::from_slice(&event.data).map_err(|_| unreadable())?;
        match event.r#type.as_str() {
            "message_start" => self.answer.start(&event.message.unwrap_or_default(), out),
            "content_block_start" => self.answer.open_block(event.content_block.unwrap_or_default(), out)?,
            "content_block_delta" => self.answer.delta(event.delta.unwrap_or_default(), out),
            "content_block_stop" => self.answer.close_block(out),
            "message_delta" => {
                self.answer.count(event.usage.unwrap_or_default(), out);
                self.answer.stopped(event.delta.unwrap_or_default().stop_reason);
            }
            "message_stop" => self.done = self.answer.has_ended(),
            "error" => return Err(in_stream(event.error.unwrap_or_default())),
            // `ping`, and events that are yet to be invented.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
        if !self.answer.has_ended() && !stray.is_empty() {
            let failure = errors::read(Reply { status: 200, headers: &http::HeaderMap::new(), body: stray });
            if failure.code.is_some() {
                return Err(failure);
            }
        }
        self.answer.end(out)
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

fn unreadable() -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::BadResponse, "the provider sent an event that is no JSON of its API")
}
