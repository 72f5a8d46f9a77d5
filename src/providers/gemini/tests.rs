//! Tables over the fixtures in `tests/fixtures/gemini`, and properties of every stream.

mod encoding;
mod fixtures;
mod replies;
mod requests;
mod streams;
