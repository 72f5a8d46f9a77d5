//! Tables over the fixtures in `tests/fixtures`, which were composed from public documentation and recordings in
//! November 2026 (each says in `notes` what it is about): fixture in, events out.

mod builders;
mod client;
mod column;
mod dialects;
mod embeddings;
mod errors;
mod properties;
mod reasoning;
mod replies;
mod requests;
mod scalars;
mod streams;
mod support;
mod switches;
mod tolerance;
mod vectors;
mod vendors;
