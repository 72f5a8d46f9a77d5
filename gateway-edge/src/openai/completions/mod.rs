//! `POST /v1/completions`, the interface before chats, as another face of chat completions: every prompt is a chat of one
//! message.

mod chunks;
mod request;
mod response;
mod shapes;

pub use chunks::{Chunk, CompletionWriter};
pub use request::{CompletionCall, TextBody, parse};
pub use response::{Completion, write};

#[cfg(test)]
mod tests;
