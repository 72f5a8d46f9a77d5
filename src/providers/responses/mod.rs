//! The Responses format of OpenAI and of those who took it over.

use crate::{
    domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure, model::ListedModel},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Memo, Mode, ModelListAdapter, Reply, StreamDecoder},
        pictures::Pictures,
        support::{Field, Handling},
    },
};

pub use dialect::Dialect;

mod answer;
mod calls;
mod column;
mod content;
mod context;
mod decode;
pub mod dialect;
mod encode;
mod errors;
mod finish;
mod input;
mod items;
mod logprobs;
mod metadata;
mod models;
pub mod options;
mod presets;
mod raw;
mod reader;
mod reply;
mod schema;
mod search;
mod sources;
pub mod state;
mod stream;
mod teller;
mod told;
mod tools;
mod usage;
mod whole;
mod wire;

/// Speaks to one provider, in its dialect.
#[derive(Clone, Debug)]
pub struct ResponsesAdapter {
    dialect: Dialect,
}

impl ResponsesAdapter {
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }

    /// Returns who issues the state that must come back.
    pub fn issuer(&self) -> &str {
        &self.dialect.issuer
    }

    fn reader(&self) -> reader::Reader {
        let custom_tools = !self.dialect.unsupported.contains(&Field::CustomTools);
        reader::Reader::new(items::Items::new(self.dialect.issuer.clone(), custom_tools), self.dialect.citation_marks)
    }
}

impl Adapter for ResponsesAdapter {
    fn support(&self, model: &str, field: Field) -> Handling {
        column::support(&self.dialect, model, field)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(&self.dialect, request, model, mode)
    }

    fn decode(&self, _memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        decode::decode(reply, self.reader())
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::read(reply)
    }

    fn stream_decoder(&self, _memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::new(stream::StreamReader::new(self.reader()))
    }

    fn pictures(&self, model: &str) -> Pictures<'_> {
        let types = self.dialect.image_types.iter().map(|known| &**known);
        let pdf = self.support(model, Field::FileData) == Handling::Mapped;
        Pictures::of(types, self.dialect.image_max_bytes).and_pdf(pdf, None)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        self.dialect.model_list.as_ref().map(|_| self as &dyn ModelListAdapter)
    }
}

impl ModelListAdapter for ResponsesAdapter {
    fn path(&self) -> &str {
        self.dialect.model_list.as_ref().map_or("", |list| &list.path)
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let owner = self.dialect.model_list.as_ref().map_or("", |list| &list.owner);
        models::decode(reply, owner, &self.dialect.name_prefix)
    }
}

#[cfg(test)]
mod tests;
