//! Tables over the fixtures in `tests/fixtures/gemini`, and properties of every stream.

mod columns;
mod encoding;
mod fixtures;
mod lists;
mod options;
mod parts;
mod replies;
mod requests;
mod schemas;
mod streams;
