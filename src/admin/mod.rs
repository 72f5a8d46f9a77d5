//! USE CASES of whoever runs the gateway: validate, write, publish the new snapshot; and what there is to list.

mod errors;
pub mod keys;
mod listed;
pub mod models;
pub mod upstream_models;
