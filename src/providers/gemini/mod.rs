//! Google AI Studio: `generateContent` and `streamGenerateContent` of the Gemini API, v1beta.
//!
//! Requests go through `encode`, which writes the closed set of fields in `wire`; answers of both modes go through
//! `decode`, which reads the chunks in `chunk`. What differs between models is data in `family`.

mod calls;
mod chunk;
mod decode;
mod encode;
mod errors;
mod family;
mod finish;
mod grounding;
mod logprobs;
mod media;
mod messages;
mod stream;
mod thinking;
mod tools;
mod usage;
mod wire;

use self::{decode::Answer, stream::GeminiStream};
use super::{
    adapter::{Adapter, EncodeError, Encoded, Memo, Mode, Reply, StreamDecoder},
    support::{Field, Handling},
};
use crate::domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure};

/// Translates the wire format of the Gemini API.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeminiAdapter;

impl Adapter for GeminiAdapter {
    fn support(&self, _model: &str, _field: Field) -> Handling {
        Handling::Mapped
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(request, model, mode)
    }

    fn decode(&self, _memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        let (mut answer, mut events) = (Answer::default(), Vec::new());
        let read = answer.chunk(reply.body, &mut events).and_then(|()| answer.end(&mut events));
        match read {
            Ok(()) => Ok(events),
            Err(failure) => Err(UpstreamFailure { http_status: failure.http_status.or(Some(reply.status)), ..failure }),
        }
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::failure(reply.status, reply.headers, reply.body)
    }

    fn stream_decoder(&self, _memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::<GeminiStream>::default()
    }
}

#[cfg(test)]
mod tests;
