//! The Messages API of Anthropic.
//!
//! Requests go through `encode`, which writes the closed set of fields in `wire`; answers of both modes go through
//! `answer`, which reads content blocks. What differs between models is data in `family`, what becomes of each field is
//! the table in `column`.

mod answer;
mod block;
mod citation;
mod column;
mod encode;
mod errors;
mod family;
mod media;
mod messages;
mod models;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;
mod whole;
mod wire;

use crate::{
    domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Memo, Mode, ModelListAdapter, Reply, StreamDecoder},
        pictures::Pictures,
        support::{Field, Handling},
    },
};

/// Header every request carries: the version of the API this adapter is written for.
pub const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// Translates the Messages API.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnthropicAdapter;

impl Adapter for AnthropicAdapter {
    fn support(&self, model: &str, field: Field) -> Handling {
        column::handling(&family::family(model), field)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(request, model, mode)
    }

    fn pictures(&self, _model: &str) -> Pictures<'_> {
        Pictures::of(media::IMAGES.iter().map(|(name, _)| *name), None).and_pdf(true, None)
    }

    fn decode(&self, memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        whole::decode(memo, reply)
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::read(reply)
    }

    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::new(stream::MessageStream::new(memo))
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        Some(&models::Models)
    }
}

#[cfg(test)]
mod tests;
