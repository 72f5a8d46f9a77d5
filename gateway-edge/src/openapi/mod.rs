//! What is said of the routes: an OpenAPI 3.1 document, made of the types that are really read and written.
//!
//! * `operation`: what is said of one route; `errors`: how routes fail.
//! * `document`: all of it together.
//! * `streams`: schemas of events, which are written without types.
//! * the others: the operations, one file for each group, with `examples` beside them.
//!
//! Which operation belongs to which route is said in `routes`, where a route cannot be without one.

pub mod activity;
mod document;
mod errors;
mod examples;
pub mod keys;
pub mod openai;
mod operation;
pub mod provider_keys;
mod streams;
pub mod system;
pub mod text;

pub use document::{Described, document};
pub use operation::Operation;
