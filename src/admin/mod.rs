//! USE CASES of administration: validate, write, publish the new snapshot.

mod errors;
pub mod keys;
