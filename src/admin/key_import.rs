//! Stores many provider keys from a text, with a verdict for each row.

use std::sync::Arc;

use super::provider_keys::ProviderKeys;

/// The use case with everything it needs.
pub struct KeyImport {
    pub keys: Arc<ProviderKeys>,
}
