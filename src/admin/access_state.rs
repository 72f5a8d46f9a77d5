//! Keeps what requests know of users and gateway keys in step with the database, both ways: snapshots come from there,
//! and the times of last use go there.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{
    access::{AccessSnapshot, Directory},
    storage::{Revision, Store, StoreError},
};

/// How many times of last use one transaction writes.
const USES_AT_ONCE: usize = 500;

/// The directory beside the database it is filled from. Cloning shares both.
#[derive(Clone)]
pub struct AccessState {
    pub store: Store,
    pub directory: Arc<Directory>,
    /// Held from reading a snapshot to putting it in place, so that an older one can never replace a newer one.
    publishing: Arc<Mutex<()>>,
}

impl AccessState {
    pub fn new(store: Store, directory: Arc<Directory>) -> Self {
        Self { store, directory, publishing: Arc::default() }
    }

    /// Puts what the database says now in place of what requests know. Every write ends with it.
    pub async fn publish(&self) -> Result<(), StoreError> {
        let _guard = self.publishing.lock().await;
        let rows = self.store.load_access_snapshot().await?;
        self.directory.replace(AccessSnapshot::new(rows.revision, rows.keys));
        Ok(())
    }

    /// Takes over what other processes wrote. Returns whether there was something. Costs one small read. While it
    /// fails, the known keys stay in use, and nobody is told that an unknown key is wrong.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let result = self.take_over().await;
        self.directory.set_stale(result.is_err());
        result
    }

    async fn take_over(&self) -> Result<bool, StoreError> {
        if self.store.revision(Revision::Access).await? == self.directory.revision() {
            return Ok(false);
        }
        self.publish().await?;
        Ok(true)
    }

    /// Stores when keys were last used. What cannot be stored is tried again the next time.
    pub async fn store_uses(&self) -> Result<(), StoreError> {
        for uses in self.directory.unstored_uses().chunks(USES_AT_ONCE) {
            let rows: Vec<(String, i64)> = uses.iter().map(|used| (used.key_id.clone(), used.time_ms)).collect();
            self.store.touch_gateway_keys(&rows).await?;
            uses.iter().for_each(|used| used.stored());
        }
        Ok(())
    }
}
