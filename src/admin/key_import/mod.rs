//! Stores many provider keys from a text, with a verdict for each row.

mod columns;
mod csv;
mod env;
pub mod format;
mod json;
mod lines;
pub mod parse;
pub mod row;
mod rows;

use std::sync::Arc;

use super::provider_keys::ProviderKeys;

/// The use case with everything it needs.
pub struct KeyImport {
    pub keys: Arc<ProviderKeys>,
}
