//! The chat completions format of OpenAI and of everybody who copied it.

use crate::{
    domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Memo, Mode, Reply, StreamDecoder},
        support::{Field, Handling},
    },
};

pub use dialect::Dialect;

mod alternate;
mod choice;
mod citations;
mod content;
mod context;
mod decode;
pub mod dialect;
mod encode;
mod errors;
mod extras;
mod finish;
pub(in crate::providers) mod lenient;
mod logprobs;
mod messages;
mod metadata;
mod options;
mod presets;
mod reader;
mod reply;
mod stream;
pub(in crate::providers) mod think;
mod tool_options;
mod tools;
mod usage;
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

    fn rules(&self) -> reader::Rules {
        reader::Rules {
            think_tags: self.dialect.think_tags,
            citation_marks: self.dialect.citation_marks,
            end_mark_completes: self.dialect.done_completes,
        }
    }
}

impl Adapter for OpenAiAdapter {
    fn support(&self, _model: &str, _field: Field) -> Handling {
        Handling::Mapped
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
}

#[cfg(test)]
mod tests;
