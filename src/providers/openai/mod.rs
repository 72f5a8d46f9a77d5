//! The chat completions format of OpenAI and of everybody who copied it.

use crate::{
    domain::{
        chat::ChatRequest,
        embedding::{EmbeddingReply, EmbeddingRequest},
        event::ChatEvent,
        failure::UpstreamFailure,
        media_type::PDF,
        model::ListedModel,
    },
    providers::{
        adapter::{
            Adapter, EmbeddingAdapter, EncodeError, Encoded, Memo, Mode, ModelListAdapter, Reply, StreamDecoder,
        },
        pictures::Pictures,
        support::{Field, Handling},
    },
};

pub use dialect::Dialect;

mod alternate;
mod assistant;
mod choice;
mod citations;
mod column;
mod content;
mod context;
mod decode;
pub mod dialect;
mod embeddings;
mod encode;
mod errors;
mod extras;
mod families;
mod finish;
mod formats;
mod hints;
mod hosted;
mod lift;
mod local;
mod logprobs;
mod messages;
mod metadata;
mod model_list;
mod neutral;
mod paths;
mod presets;
mod reader;
mod reasoning;
mod reply;
mod results;
mod rules;
mod stream;
pub mod switches;
mod thinking;
mod tool_ids;
mod tool_options;
mod tools;
mod usage;
pub mod vendor;
pub mod vendors;
mod web_search;
mod whole;
mod wire;

/// Speaks to one provider, in its dialect.
#[derive(Clone, Debug)]
pub struct OpenAiAdapter {
    dialect: Dialect,
}

impl OpenAiAdapter {
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }

    fn takes_files(&self, model: &str) -> bool {
        column::support(&self.dialect, model, Field::FileData) == Handling::Mapped
    }

    fn rules(&self) -> rules::Rules {
        rules::Rules {
            think_tags: self.dialect.think_tags,
            reasoning_filler: self.dialect.reasoning_filler,
            remember_reasoning: self.dialect.reasoning_echo != switches::ReasoningEcho::Strip,
            citation_marks: self.dialect.citation_marks,
            end_mark_completes: self.dialect.done_completes,
        }
    }
}

impl Adapter for OpenAiAdapter {
    fn support(&self, model: &str, field: Field) -> Handling {
        column::support(&self.dialect, model, field)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        encode::encode(&self.dialect, request, model, mode)
    }

    fn decode(&self, _memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        decode::decode(reply, self.rules())
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::read(reply)
    }

    fn stream_decoder(&self, _memo: &Memo) -> Box<dyn StreamDecoder> {
        Box::new(stream::StreamReader::new(self.rules()))
    }

    fn pictures(&self, model: &str) -> Pictures<'_> {
        let files = &self.dialect.file_types;
        let pdf = files.is_empty() || files.iter().any(|known| known == PDF);
        let types = self.dialect.image_types.iter().map(|known| &**known);
        Pictures::of(types, self.dialect.image_max_bytes).and_pdf(pdf && self.takes_files(model), None)
    }

    fn needs_bytes_of(&self, _model: &str, _url: &str) -> bool {
        !self.dialect.image_urls
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        let reachable = self.dialect.path != switches::PathStyle::Bare;
        (self.dialect.embeddings && reachable).then_some(self)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        let reachable = self.dialect.path == switches::PathStyle::Openai;
        (self.dialect.model_list != switches::ModelList::None && reachable).then_some(self)
    }
}

impl EmbeddingAdapter for OpenAiAdapter {
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
        embeddings::encode(&self.dialect, request, model)
    }

    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
        embeddings::decode(reply)
    }
}

impl ModelListAdapter for OpenAiAdapter {
    fn path(&self) -> &str {
        model_list::path(&self.dialect)
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        model_list::decode(reply)
    }
}

#[cfg(test)]
mod tests;
