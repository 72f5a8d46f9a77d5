//! Wire formats, pure: bytes to domain words and back. Nothing here sees a key, a socket or a clock.

pub mod adapter;
pub mod classify;
pub mod gemini;
pub mod openai;
pub mod registry;
pub mod sandbox;
pub mod sse;
