//! What every stream writer offers to the route, and what it remembers for the headers of the answer.

use bytes::BytesMut;

use crate::{
    error::Failure,
    pb::{self, stream_chat_completion_response::Event},
};

/// Turns the events of one stream into the frames of one REST interface.
pub trait EventWriter {
    /// Writes what `event` adds to the stream, which is nothing for an event that callers do not see.
    ///
    /// A failure means that the service broke its contract; the caller decides between a status and [`Self::fail`].
    fn feed(&mut self, event: pb::StreamChatCompletionResponse, out: &mut BytesMut) -> Result<(), Failure>;

    /// Writes the last frame of a stream that breaks after its head.
    fn fail(&mut self, failure: &Failure, out: &mut BytesMut);

    /// Whether the last frame is written, be it the end or an error.
    fn is_over(&self) -> bool;

    fn trail(&self) -> &Trail;
}

/// How an answer came about, as far as the events have told.
#[derive(Debug, Default)]
pub struct Trail {
    pub provider: String,
    pub failed_attempts: usize,
    pub warnings: Vec<pb::Warning>,
}

impl Trail {
    /// Takes what an event tells of the making. Usage is final only in `finished`, and clients take one usage only.
    pub fn note(&mut self, event: Event) {
        match event {
            Event::Warning(warning) => self.warnings.push(warning),
            Event::Attempt(_) => self.failed_attempts += 1,
            Event::Started(started) => self.provider = started.provider,
            _ => {}
        }
    }
}

/// A stream that breaks the contract cannot be told to a client faithfully.
pub fn broken(what: &str) -> Failure {
    Failure::new(http::StatusCode::BAD_GATEWAY, format!("The stream could not be read: {what}."))
        .with_code("upstream_bad_response")
}
