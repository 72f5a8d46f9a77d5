//! The keys of one user for one provider, in the order in which requests try them.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};

use super::{live::Live, selection::Selection};
use crate::domain::{
    failure::{FailureClass, UpstreamFailure},
    happening::{KeyChange, KeyRef},
    health::Health,
    key::{ProviderKey, StoredKey},
};

/// Nobody has been told that no key can be used.
const NOT_TOLD: u64 = 0;

/// One stored key with its secret.
#[derive(Clone, Debug)]
pub struct PoolKey {
    pub stored: StoredKey,
    pub key: Arc<ProviderKey>,
}

/// A key of a ring.
#[derive(Debug)]
pub struct RingKey {
    /// Names it in this process, whatever its secret.
    pub number: u64,
    /// As it was stored; its health and selection are where they began.
    pub pool_key: PoolKey,
    pub live: Arc<Live>,
}

/// The keys of one user for one provider.
#[derive(Debug)]
pub struct Ring {
    /// In creation order.
    pub keys: Vec<Arc<RingKey>>,
    pub shared: Arc<Shared>,
}

/// What outlives snapshots of a ring.
#[derive(Debug)]
pub struct Shared {
    pub selection: Selection,
    /// Wakes requests that wait for what another one's probe finds out.
    pub probed: Notify,
    /// The key of the environment, as this user's requests know it: it rests only in favour of stored keys.
    pub fallback: Arc<Live>,
    /// What the keys were like when their user was told that none can be used.
    told: AtomicU64,
    changed: watch::Sender<u64>,
}

impl RingKey {
    pub fn name(&self) -> KeyRef {
        let stored = &self.pool_key.stored;
        KeyRef { id: stored.id.clone(), name: stored.name.clone(), secret_version: stored.secret_version }
    }

    pub fn active(&self) -> bool {
        self.pool_key.stored.active
    }

    fn view(&self, selected: Option<u64>) -> PoolKey {
        let mut view = self.pool_key.clone();
        view.stored.health = self.live.health();
        view.stored.selected = selected == Some(self.number);
        view.stored.last_used_ms = view.stored.last_used_ms.max(self.live.last_used_ms());
        view
    }
}

impl Shared {
    pub fn new(changed: watch::Sender<u64>) -> Self {
        Self {
            selection: Selection::default(),
            probed: Notify::new(),
            fallback: Arc::new(Live::new(Health::default())),
            told: AtomicU64::new(NOT_TOLD),
            changed,
        }
    }

    fn tell_watchers(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
}

impl Ring {
    /// Returns the keys their owner lets requests use: the selected one, then those created after it, then from the first.
    pub fn in_order(&self) -> impl Iterator<Item = &Arc<RingKey>> {
        let selected = self.shared.selection.get();
        let at = selected.and_then(|number| self.keys.iter().position(|key| key.number == number)).unwrap_or(0);
        let (before, after) = self.keys.split_at(at);
        after.iter().chain(before).filter(|key| key.active())
    }

    /// A key failed. Returns what changed: its health, and with a quota that of all keys that share it.
    pub fn failed(&self, key: &RingKey, failure: &UpstreamFailure, now_ms: i64) -> Vec<KeyChange> {
        let mut changes = Vec::new();
        let mut rest = |key: &RingKey, failure: &UpstreamFailure| {
            let rested = key.live.failed(failure, now_ms);
            changes.extend(rested.map(|health| KeyChange::Rested { key: key.name(), health }));
        };
        rest(key, failure);
        let owner = &key.pool_key.stored.quota_owner;
        if failure.class == FailureClass::Quota && !owner.is_empty() {
            let name = &key.pool_key.stored.name;
            let message = format!("it shares its quota with {name}, which met: {}", failure.message);
            let shared = UpstreamFailure { message, ..failure.clone() };
            let mates = self.keys.iter().filter(|k| k.number != key.number && k.pool_key.stored.quota_owner == *owner);
            mates.for_each(|mate| rest(mate, &shared));
        }
        if !changes.is_empty() {
            self.shared.tell_watchers();
        }
        changes
    }

    /// The gateway has tried a key by itself and failed. Returns what changed.
    pub fn probe_failed(&self, key: &RingKey, failure: &UpstreamFailure, now_ms: i64) -> Vec<KeyChange> {
        let rested = key.live.probe_failed(failure, now_ms);
        let own = rested.map(|health| KeyChange::Rested { key: key.name(), health });
        // For the key itself that is no news any more; those that share its quota are told.
        let mut changes = self.failed(key, failure, now_ms);
        changes.splice(0..0, own);
        self.shared.tell_watchers();
        changes
    }

    /// A key that was probed or tested works. Returns what changed.
    pub fn recovered(&self, key: &RingKey, now_ms: i64) -> Option<KeyChange> {
        let health = key.live.succeeded(now_ms)?;
        self.shared.tell_watchers();
        Some(KeyChange::Recovered { key: key.name(), health })
    }

    /// A key worked. When no key can be used again, that is to be told again.
    pub fn worked(&self) {
        if self.shared.told.load(Ordering::Relaxed) != NOT_TOLD {
            self.shared.told.store(NOT_TOLD, Ordering::Relaxed);
        }
    }

    /// Whether it is news that no key can be used. Of a storm of requests that one is asked once; then again when a key
    /// was added or changed, or was tried after its rest in vain.
    pub fn exhaustion_is_news(&self) -> bool {
        let mut hasher = DefaultHasher::new();
        for key in &self.keys {
            (key.number, key.active(), key.pool_key.stored.secret_version).hash(&mut hasher);
            key.live.standing().hash(&mut hasher);
        }
        let now = hasher.finish().max(NOT_TOLD + 1);
        self.shared.told.swap(now, Ordering::Relaxed) != now
    }

    pub fn is_selected(&self, key: &RingKey) -> bool {
        self.shared.selection.get() == Some(key.number)
    }

    /// Selects `to` if `from` is still selected and the owner has chosen nothing since `choice`. Returns whether it did.
    pub fn reselect(&self, from: &RingKey, to: &RingKey, choice: u64) -> bool {
        let moved = self.shared.selection.advance(from.number, to.number, choice);
        if moved {
            self.shared.tell_watchers();
        }
        moved
    }

    /// Returns the keys as they are now, with one look at the selection.
    pub fn views(&self) -> impl Iterator<Item = PoolKey> {
        let selected = self.shared.selection.get();
        self.keys.iter().map(move |key| key.view(selected))
    }

    /// Returns a key as it is now.
    pub fn view(&self, key: &RingKey) -> PoolKey {
        key.view(self.shared.selection.get())
    }
}
