//! Wire formats, pure: bytes to domain words and back. Nothing here keeps a key, opens a socket or asks a clock.

pub mod adapter;
pub mod anthropic;
pub mod classify;
pub mod date;
pub mod gemini;
pub mod gigachat;
#[cfg(test)]
mod key_failures;
pub mod key_test;
pub mod lenient;
pub mod marks;
pub mod media_text;
pub mod openai;
pub mod pictures;
pub mod place;
pub mod registry;
pub mod responses;
mod room;
pub mod sandbox;
pub mod sse;
pub mod support;
#[cfg(test)]
pub mod testing;
pub mod think;
pub mod two_formats;
pub mod warnings;
