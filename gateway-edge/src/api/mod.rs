//! The gateway's own REST interface below `/api/v1`: its JSON to the contract and back, without IO.
//!
//! * `words`, `time`: how enums and times are written, the same everywhere.
//! * `query`, `body`: reading what a caller wrote; a name that is not known is refused.
//! * `changes`: what a PATCH changes.
//! * `spelling`: fields with more than one name, told by the one that was written.
//! * `outcome`: how an answer came about, the same in every reply that has it.
//! * the others: one file for each resource.

pub mod activity;
pub mod body;
pub mod changes;
pub mod extract_text;
pub mod gateway_keys;
pub mod generate_text;
pub mod health;
pub mod import;
pub mod key_tests;
pub mod outcome;
pub mod provider_keys;
pub mod query;
pub mod schemas;
pub mod spelling;
pub mod time;
pub mod usage;
pub mod words;

#[cfg(test)]
mod tests;
