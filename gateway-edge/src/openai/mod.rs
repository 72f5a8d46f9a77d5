//! OpenAI's chat completions, pure: JSON to the contract and back. No IO and no clock.

mod body;
mod chunks;
mod content;
mod lenient;
mod messages;
pub mod models;
mod options;
mod request;
mod response;
mod rest;
mod shapes;
mod tools;

pub use chunks::ChunkWriter;
pub use request::{ChatCall, parse};
pub use response::write as write_completion;
