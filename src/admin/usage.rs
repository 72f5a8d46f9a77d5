//! What a user's gateway keys consumed.

use crate::storage::Store;

/// The use case with everything it needs.
pub struct UsageReport {
    pub store: Store,
}
