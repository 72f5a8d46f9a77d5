//! Tests that the gateway makes by itself: a key that was refused may be taken again one day, and nobody is asked to
//! notice. The time between two of them grows with every one that fails, and comes to an end.

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    checks::{AT_ONCE, KeyChecks, TEST_TIMEOUT},
    clock::Clock,
};
use crate::routing::key_pool::PoolKey;

/// Most keys that are tried in one go. The others are due in the next one.
const MOST: usize = 64;
/// How long a key is left to the process that tries it. Should that process die, another one tries it after this.
const LEASE_MS: i64 = 60_000;

impl KeyChecks {
    /// Tries the invalid keys whose time to be tried has come, each by one process only.
    pub async fn probe_due(&self, now_ms: i64) {
        let clock = Clock::from(now_ms);
        let due = self.keys.pool.due(now_ms, MOST);
        let probes = due.into_iter().map(async |key| self.probe(&key, clock).await);
        stream::iter(probes).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    async fn probe(&self, key: &PoolKey, clock: Clock) {
        let stored = &key.stored;
        let Some(due_ms) = stored.health.until_ms.filter(|_| self.keys.kinds.0.contains_key(&stored.provider)) else {
            return;
        };
        match self.keys.store.claim_probe(&stored.id, due_ms, clock.now_ms() + LEASE_MS).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "a refused provider key cannot be tried again while the database is away");
                return;
            }
        }
        let outcome = self.ask(key, clock.now_ms(), Instant::now() + TEST_TIMEOUT).await;
        self.tell(key, outcome.as_ref().map(|_| ()), None, clock.now_ms());
    }
}
