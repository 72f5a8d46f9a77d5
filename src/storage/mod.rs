//! The only database code: SQLite in one file (the default) or PostgreSQL, behind [`Store`].
//!
//! Queries are written once, as diesel expressions; one file per subject holds them. What a query means to a caller
//! (who may ask, what to tell them) does not live here.

mod access;
mod activity;
mod batch;
mod connect;
mod error;
mod postgres;
mod schema;
mod sqlite;
mod stored_attempts;
mod url;
mod usage;
mod usage_sums;

pub use access::{AccessRows, User};
pub use connect::{MigrationNames, Store, migration_names};
pub use error::StoreError;
pub use url::DatabaseUrl;

#[cfg(test)]
mod tests;
