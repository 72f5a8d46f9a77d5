//! Tables over the fixtures in `tests/fixtures/gigachat`, and properties of every stream.

mod column;
mod encoding;
mod fixtures;
mod media;
mod openai_json;
mod others;
mod replies;
mod requests;
mod schemas;
mod streams;
mod tokens;
