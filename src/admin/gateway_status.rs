//! USE CASE: how this replica is. All of it is in memory, and none of it is a secret or of a user.

use std::{collections::BTreeMap, sync::Arc};

use super::provider_keys::{KeyStatus, status_of};
use crate::{
    access::Directory,
    domain::provider_health::Availability,
    routing::{catalog::Catalog, failover::Failover},
};

/// Where the answer comes from.
pub struct StatusReport {
    pub directory: Arc<Directory>,
    pub catalog: Arc<Catalog>,
    pub failover: Arc<Failover>,
    /// When the replica started, in Unix milliseconds.
    pub started_ms: i64,
    /// Asks the system how much memory the process holds, in bytes.
    pub resident_memory: fn() -> Option<u64>,
}

/// How the replica is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaStatus {
    pub started_ms: i64,
    /// Whether the database was there when it was last looked for.
    pub database_is_available: bool,
    /// In the catalog's order.
    pub providers: Vec<(String, Availability)>,
    pub resident_memory_bytes: Option<u64>,
}

impl StatusReport {
    pub fn now(&self, now_ms: i64) -> ReplicaStatus {
        let standings = &self.failover.standings;
        let names = self.catalog.providers().iter().map(|provider| provider.name.clone());
        ReplicaStatus {
            started_ms: self.started_ms,
            database_is_available: !self.directory.is_stale(),
            providers: names.map(|name| (name.clone(), standings.availability(&name, now_ms))).collect(),
            resident_memory_bytes: (self.resident_memory)(),
        }
    }

    /// Returns how many stored keys there are by provider and status. Whose they are is not told.
    pub fn key_counts(&self, now_ms: i64) -> BTreeMap<(String, KeyStatus), u32> {
        let mut counts = BTreeMap::new();
        self.failover.pool.for_each(|key| {
            let status = status_of(&key.stored, now_ms).status;
            *counts.entry((key.stored.provider, status)).or_default() += 1;
        });
        counts
    }
}
