//! Every provider key that is stored, in memory: whose it is, whether it can be used, which one is next. No lock over all
//! and no database on the way of a request. The time is an argument.

mod live;
mod ring;
mod selection;
mod snapshot;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use self::snapshot::Snapshot;
pub use self::{
    live::{Claim, Live},
    ring::{PoolKey, Ring, RingKey, Shared},
};
use super::happenings::Happenings;
use crate::domain::{
    failure::UpstreamFailure,
    happening::{Happening, KeyChange, KeyRef},
    health::Health,
    key::{Caller, ProviderKey, StoredKey},
};

/// The keys of all users.
pub struct KeyPool {
    happenings: Happenings,
    snapshot: ArcSwap<Snapshot>,
    /// The number given to a key last. Whoever puts a new snapshot in place holds it.
    last_number: Mutex<u64>,
    changed: watch::Sender<u64>,
}

/// What a test of a key with its provider found.
#[derive(Clone, Copy, Debug)]
pub struct KeyTest<'a> {
    pub id: &'a str,
    /// Which of its secrets was tested.
    pub secret_version: i64,
    pub outcome: Result<(), &'a UpstreamFailure>,
    /// Who asked for the test, by which request; `None` when the gateway acts by itself.
    pub asked: Option<(&'a Arc<Caller>, &'a str)>,
}

impl KeyPool {
    pub fn new(happenings: Happenings) -> Self {
        Self { happenings, snapshot: ArcSwap::default(), last_number: Mutex::default(), changed: watch::Sender::new(0) }
    }

    pub fn happenings(&self) -> &Happenings {
        &self.happenings
    }

    /// Puts the keys of the database in place, unless those in place are of a later revision. What this process found
    /// out later than they were stored stays.
    pub fn replace(&self, revision: i64, keys: Vec<PoolKey>) {
        let mut last_number = self.last_number.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot.load_full();
        if revision < before.revision {
            return;
        }
        let next = Arc::new(before.next(revision, keys, &mut last_number, &self.changed));
        self.snapshot.store(next.clone());
        next.withdraw_from(&before);
        next.settle();
        drop(last_number);
        self.changed.send_modify(|n| *n += 1);
    }

    /// Returns the revision of the keys in place.
    pub fn revision(&self) -> i64 {
        self.snapshot.load().revision
    }

    /// Returns the keys of a user for a provider; `None` when none is stored.
    pub fn ring(&self, user_id: &str, provider: &str) -> Option<Arc<Ring>> {
        self.snapshot.load().ring(user_id, provider).cloned()
    }

    /// Returns a user's keys as they are now, in creation order.
    pub fn keys_of(&self, user_id: &str) -> Vec<StoredKey> {
        let snapshot = self.snapshot.load();
        let mut keys: Vec<_> = snapshot.rings_of(user_id).flat_map(|ring| ring.views()).map(|key| key.stored).collect();
        keys.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
        keys
    }

    /// Returns a user's key by its id, with its secret.
    pub fn key(&self, user_id: &str, id: &str) -> Option<PoolKey> {
        self.snapshot.load().find_of(user_id, id).map(|(ring, key)| ring.view(key))
    }

    /// Returns what is sent to the provider for a key, if the secret in the pool is of this version.
    pub fn opened(&self, id: &str, secret_version: i64) -> Option<Arc<ProviderKey>> {
        let snapshot = self.snapshot.load();
        let (_, key) = snapshot.find(id)?;
        (key.pool_key.stored.secret_version == secret_version).then(|| key.pool_key.key.clone())
    }

    /// Shows every key as it is now, one after the other.
    pub fn for_each(&self, see: impl FnMut(PoolKey)) {
        self.snapshot.load().rings().flat_map(|ring| ring.views()).for_each(see);
    }

    /// Takes note of what a test that the gateway made by itself found. See [`Self::tested_by`].
    pub fn tested(
        &self,
        id: &str,
        secret_version: i64,
        outcome: Result<(), &UpstreamFailure>,
        now_ms: i64,
    ) -> Option<Health> {
        self.tested_by(KeyTest { id, secret_version, outcome, asked: None }, now_ms)
    }

    /// Takes note of what a test of a key found, and returns its health now. `None` when there is no such key, or it has
    /// another secret by now. A test that says nothing of the key changes nothing; a change is told to be stored.
    pub fn tested_by(&self, test: KeyTest<'_>, now_ms: i64) -> Option<Health> {
        let snapshot = self.snapshot.load();
        let (ring, key) = snapshot.find(test.id)?;
        let stored = &key.pool_key.stored;
        if stored.secret_version != test.secret_version {
            return None;
        }
        let changes = match test.outcome {
            Ok(()) => ring.recovered(key, now_ms).into_iter().collect(),
            Err(failure) if test.asked.is_none() => ring.probe_failed(key, failure, now_ms),
            Err(failure) => ring.failed(key, failure, now_ms),
        };
        if !changes.is_empty() {
            self.tell(Happening {
                user_id: stored.user_id.clone(),
                provider: stored.provider.clone(),
                caller: test.asked.map(|(caller, _)| caller.clone()),
                request_id: test.asked.map(|(_, request_id)| request_id.to_owned()).unwrap_or_default(),
                model_id: String::new(),
                at_ms: now_ms,
                changes,
                attempts: Vec::new(),
            });
        }
        Some(key.live.health())
    }

    /// Tells what happened to whoever stores it. What cannot be told will not be stored.
    pub fn tell(&self, happening: Happening) {
        if let Err(lost) = self.happenings.tell(happening) {
            self.stored(&lost, None);
        }
    }

    /// Takes note that a happening has been dealt with: its moves of the selection are in the database as of this
    /// revision, or (`None`) will never be. Until this is called, no snapshot undoes them.
    pub fn stored(&self, happening: &Happening, revision: Option<i64>) {
        for change in &happening.changes {
            if let KeyChange::FailedOver { from, to, reselect: true, .. } = change {
                self.with_move(happening, from, to, |ring, from, to| {
                    ring.shared.selection.stored(from, to, revision);
                });
            }
        }
    }

    /// Whether a move of the selection is still to be stored: its owner has not decided otherwise since.
    pub fn awaits_storing(&self, happening: &Happening, from: &KeyRef, to: &KeyRef) -> bool {
        self.with_move(happening, from, to, |ring, from, to| ring.shared.selection.awaits(from, to)).unwrap_or(false)
    }

    /// Forgets the moves of the selection that are not stored yet: call it before the owner's own choice is written.
    pub fn owner_selects(&self, user_id: &str, provider: &str) {
        if let Some(ring) = self.ring(user_id, provider) {
            ring.shared.selection.overrule();
        }
    }

    /// Takes note that a key is sent to its provider now.
    pub fn used(&self, id: &str, now_ms: i64) {
        if let Some((_, key)) = self.snapshot.load().find(id) {
            key.live.used(now_ms);
        }
    }

    /// Returns the invalid keys that the gateway is to try again now, those that wait longest first, at most so many.
    pub fn due(&self, now_ms: i64, most: usize) -> Vec<PoolKey> {
        let snapshot = self.snapshot.load();
        let due = snapshot.keys().filter(|key| key.active() && key.live.is_due(now_ms));
        let views = due.filter_map(|key| snapshot.find(&key.pool_key.stored.id).map(|(ring, key)| ring.view(key)));
        let mut keys: Vec<_> = views.collect();
        keys.sort_by_key(|key| key.stored.health.until_ms);
        keys.truncate(most);
        keys
    }

    /// Returns the keys that were used since the last time, and when, in Unix milliseconds.
    pub fn take_used(&self) -> Vec<(String, i64)> {
        let snapshot = self.snapshot.load();
        let used = snapshot.keys().filter_map(|key| Some((key.pool_key.stored.id.clone(), key.live.take_used()?)));
        used.collect()
    }

    /// Tells of every change of any key: new snapshots, selections and healths. The end of a rest is no change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn with_move<T>(
        &self,
        happening: &Happening,
        from: &KeyRef,
        to: &KeyRef,
        act: impl FnOnce(&Ring, u64, u64) -> T,
    ) -> Option<T> {
        let snapshot = self.snapshot.load();
        let (ring, from) = snapshot.find_of(&happening.user_id, &from.id)?;
        let (_, to) = snapshot.find_of(&happening.user_id, &to.id)?;
        Some(act(ring, from.number, to.number))
    }
}

#[cfg(test)]
mod tests;
