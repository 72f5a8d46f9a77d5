//! OpenAI's REST interfaces, pure: JSON to the contract and back. No IO and no clock.
//!
//! `request`, `response` and `chunks` are chat completions; `responses` and `completions` are the newer and the older face
//! of the same service, `embeddings` and `models` the other two services. What several of them read or write stands in a
//! file of its own: `read` and `rest` (bodies), `shapes`, `state` and `frame` (answers), `trail` (streams).

mod body;
mod chunks;
mod completions;
mod content;
pub mod embeddings;
mod frame;
mod lenient;
mod messages;
pub mod models;
mod options;
mod read;
mod reasoning;
mod request;
mod response;
mod responses;
mod rest;
mod search;
mod shapes;
mod state;
mod told;
mod tools;
mod trail;
mod words;

pub use body::ChatBody;
pub use chunks::ChunkWriter;
pub use completions::{
    Chunk as TextChunk, Completion as TextCompletion, CompletionCall, CompletionWriter, TextBody, parse as parse_text,
    write as write_text,
};
pub use request::{ChatCall, parse};
pub use response::{Completion, write as write_completion};
pub use responses::{
    Object as ResponseObject, ResponseBody, ResponseCall, ResponseWriter, parse as parse_response,
    write as write_response,
};
pub use trail::{EventWriter, Trail};

/// What streams consist of, for those who describe them.
pub mod parts {
    pub use super::{
        responses::{OutputAnnotation, OutputContent, OutputItem, OutputLogprob, OutputSummary},
        shapes::{Annotations, Logprobs, Usage, Warnings, finish_reasons},
        state::ExtraContent,
    };
}
