//! What happened to a user's provider keys: listed, and watched as it happens.

use crate::storage::Store;

/// The use case with everything it needs.
pub struct Activity {
    pub store: Store,
}
