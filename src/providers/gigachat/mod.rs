//! Sber's GigaChat, API v1.
//!
//! Requests go through `encode`, which writes the closed set of members in `wire`; answers of both modes go through
//! `reader`, which reads the replies in `reply`. What differs between models is data in `family`; what becomes of each
//! field of a request is the table in `column`.

mod answer;
mod calls;
mod column;
mod embeddings;
mod encode;
mod errors;
mod family;
mod fences;
mod files;
mod finish;
mod functions;
mod media;
mod members;
mod messages;
mod models;
mod names;
mod options;
mod reader;
mod reply;
mod schema;
mod state;
mod stream;
mod tokens;
mod trust;
mod wire;

pub use tokens::{GigaChatTokens, KEY_PARAMETERS};
pub use trust::AUTHORITIES;

use self::{
    embeddings::GigaChatEmbeddings, family::Switches, files::GigaChatFiles, models::GigaChatModels,
    stream::GigaChatStream,
};
use super::{
    adapter::{
        Adapter, EmbeddingAdapter, EncodeError, Encoded, FileAdapter, Memo, Mode, ModelListAdapter, Reply,
        StreamDecoder,
    },
    pictures::Pictures,
    support::{Field, Handling},
};
use crate::domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure};

/// Translates the wire format of GigaChat.
#[derive(Clone, Copy, Debug)]
pub struct GigaChatAdapter {
    switches: Switches,
}

impl Default for GigaChatAdapter {
    fn default() -> Self {
        Self { switches: Switches { native_schemas: true, states: true } }
    }
}

impl GigaChatAdapter {
    /// For hosts that do not know `response_format`, as older ones: the model calls a function instead.
    pub fn without_native_schemas(mut self) -> Self {
        self.switches.native_schemas = false;
        self
    }

    /// For hosts that refuse `functions_state_id` in what they get back.
    pub fn without_states(mut self) -> Self {
        self.switches.states = false;
        self
    }
}

impl Adapter for GigaChatAdapter {
    fn support(&self, model: &str, field: Field) -> Handling {
        column::handling(&self.switches.family(model), field)
    }

    fn pictures(&self, _model: &str) -> Pictures<'_> {
        media::pictures()
    }

    fn refuses_states(&self, failure: &UpstreamFailure) -> bool {
        errors::refuses_state(failure)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(request, model, mode, self.switches)
    }

    fn decode(&self, memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        let mut events = Vec::new();
        stream::decode_whole(memo, reply.body, &mut events)?;
        Ok(events)
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::failure(reply.status, reply.headers, reply.body)
    }

    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::new(GigaChatStream::new(memo))
    }

    fn needs_bytes_of(&self, _model: &str, url: &str) -> bool {
        let scheme = url.split(':').next().unwrap_or_default();
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        Some(&GigaChatEmbeddings)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        Some(&GigaChatModels)
    }

    fn files(&self) -> Option<&dyn FileAdapter> {
        Some(&GigaChatFiles)
    }
}

#[cfg(test)]
mod tests;
