//! The seam between the gateway and a wire format. An adapter translates and nothing else: the base URL, the key, the
//! socket and the clock belong to the driver in `upstream`.

use bytes::Bytes;
use http::HeaderMap;

use super::sse::SseEvent;
use crate::domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure, usage::Warning};

/// Whether the provider shall answer at once or event by event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Unary,
    Stream,
}

/// A request in the provider's wire format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Joined to the provider's base URL; begins with `/`.
    pub path: String,
    pub body: Bytes,
    /// What was dropped or rewritten. The caller of `encode` refuses the request instead when it is `strict`.
    pub warnings: Vec<Warning>,
}

/// A request the provider's format has no way to express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    /// Path of the field in the contract, such as `prompt.messages[2].parts[0].audio`.
    pub field: String,
    pub message: String,
}

/// A provider's whole answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Translates one wire format, in both directions.
pub trait Adapter: Send + Sync {
    /// Writes a request for `model`, the provider's own name for it.
    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError>;

    /// Reads a 2xx answer to a unary request. The events end with `Finished`; what is no completion is a failure,
    /// whatever its status.
    fn decode(&self, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure>;

    /// Reads any other answer.
    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure;

    /// Starts to read a streamed answer.
    fn stream_decoder(&self) -> Box<dyn StreamDecoder>;
}

/// Reads a streamed answer, remembering what its format makes it remember.
pub trait StreamDecoder: Send {
    /// Takes the next server-sent event and appends what it means to `out`.
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure>;

    /// Takes the end of the body, with the bytes that were no server-sent events. Appends what was held back, then
    /// `Finished`; or fails when the provider stopped before its answer was complete.
    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure>;

    /// Whether the answer is complete and the rest of the body does not matter.
    fn is_done(&self) -> bool;
}
