//! Google AI Studio: `generateContent` and `streamGenerateContent` of the Gemini API, v1beta.
//!
//! What differs between models is data in `family`, which the operator's `defaults` adjust; what becomes of each field of
//! the contract is the column in `support`.
//!
//! A request goes through `encode`: `messages` (with `calls`, `signatures`, `server` and `media`), `sampling`, `thinking`,
//! `answer_format`, `tools` (with `names`, `search` and `schema`, which is `openapi` for the oldest models) and `options`
//! write the closed set of fields in `wire`.
//!
//! An answer of either mode goes through `decode`, which reads the chunks in `chunk`: a `choice` makes events of its parts,
//! `grounding` and `metadata` come at the end, `finish` and `errors` say how it ended.

mod answer_format;
mod calls;
mod choice;
mod chunk;
mod context;
mod count;
mod decode;
mod defaults;
mod embeddings;
mod encode;
mod errors;
mod family;
mod finish;
mod grounding;
mod json;
mod lenient;
mod logprobs;
mod media;
mod messages;
mod metadata;
mod mime_types;
mod models;
mod names;
mod openapi;
mod options;
mod sampling;
mod schema;
mod search;
mod server;
mod signatures;
mod stream;
mod support;
mod thinking;
mod tools;
mod usage;
mod wire;

use self::{decode::Answer, embeddings::Embeddings, family::family, models::Models, stream::GeminiStream};
pub use self::{defaults::GeminiDefaults, wire::SafetySetting};
use super::{
    adapter::{Adapter, EmbeddingAdapter, EncodeError, Encoded, Memo, Mode, ModelListAdapter, Reply, StreamDecoder},
    pictures::Pictures,
    support::{Field, Handling},
};
use crate::domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure};

/// Translates the wire format of the Gemini API.
#[derive(Clone, Debug, Default)]
pub struct GeminiAdapter {
    defaults: GeminiDefaults,
}

impl GeminiAdapter {
    pub fn new(defaults: GeminiDefaults) -> Self {
        Self { defaults }
    }

    /// Writes the question how many tokens a request would be.
    pub fn encode_count(&self, request: &ChatRequest, model: &str) -> Result<Encoded, EncodeError> {
        encode::encode_count(&self.defaults, request, model)
    }

    /// Reads a 2xx answer to that question.
    pub fn decode_count(&self, reply: Reply<'_>) -> Result<u64, UpstreamFailure> {
        count::decode_count(reply)
    }

    fn family(&self, model: &str) -> family::Family {
        self.defaults.adjust(family(model.strip_prefix("models/").unwrap_or(model)))
    }
}

impl Adapter for GeminiAdapter {
    fn support(&self, model: &str, field: Field) -> Handling {
        support::column(&self.family(model), field)
    }

    fn refuses_states(&self, failure: &UpstreamFailure) -> bool {
        signatures::are_refused(failure)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(&self.defaults, request, model, mode)
    }

    fn decode(&self, memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        let (mut answer, mut events) = (Answer::new(memo), Vec::new());
        let read = answer.chunk(reply.body, &mut events).and_then(|()| answer.end(&mut events));
        match read {
            Ok(()) => Ok(events),
            Err(failure) => Err(UpstreamFailure { http_status: failure.http_status.or(Some(reply.status)), ..failure }),
        }
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::failure(reply.status, reply.headers, reply.body)
    }

    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::new(GeminiStream::new(memo))
    }

    fn pictures(&self, _model: &str) -> Pictures<'_> {
        Pictures::of(mime_types::pictures(), None).and_pdf(true, None)
    }

    fn needs_bytes_of(&self, model: &str, url: &str) -> bool {
        !url.starts_with("data:") && !media::is_reachable(url, self.family(model).fetches_urls)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        Some(&Embeddings)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        Some(&Models)
    }
}

#[cfg(test)]
mod tests;
