//! The only database code: SQLite in one file (the default) or PostgreSQL, behind [`Store`].
//!
//! Queries are written once, as diesel expressions; one file per subject holds them. What a query means to a caller
//! (who may ask, what to tell them) does not live here.

mod activity;
mod batch;
mod connect;
mod data_keys;
mod error;
mod gateway_keys;
mod in_use;
mod listen;
mod postgres;
mod provider_keys;
mod revisions;
mod schema;
mod sqlite;
mod stored_attempts;
mod undo;
mod url;
mod usage;
mod usage_row;
mod usage_sums;
mod users;

pub use connect::{MigrationNames, Store, migration_names};
pub use data_keys::{ResealedSecret, SealedSecret};
pub use error::StoreError;
pub use gateway_keys::{AccessRows, GatewayKeyQuery};
pub use listen::Listener;
pub use provider_keys::{
    Edited, Insertion, KeyEdit, KeyName, NewSecret, ProviderKeyRows, Replaced, SealedKey, Selection,
};
pub use revisions::Revision;
pub use url::DatabaseUrl;

#[cfg(test)]
mod tests;
