//! The keys of this process: loaded from the database, opened, put in the pool.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;
use tokio::{sync::Mutex, task};

use crate::{
    activity::ActivityLog,
    admin::{data_keys::DataKeys, errors::from_store, key_kinds::KeyKinds},
    domain::{
        error::{Error, ErrorKind, Result},
        happening::{Happening, KeyRef},
        health::{Health, KeyState},
        key::{ProviderKey, StoredKey},
    },
    routing::key_pool::{KeyPool, PoolKey},
    sealing::{Place, SealError},
    storage::{Revision, SealedKey, Store, StoreError},
};

/// Keys that are opened before others get their turn on this thread.
const AT_A_TIME: usize = 256;

/// The use cases with everything they need.
pub struct ProviderKeys {
    pub store: Store,
    pub data_keys: Arc<DataKeys>,
    pub pool: Arc<KeyPool>,
    pub log: ActivityLog,
    pub kinds: Arc<KeyKinds>,
    /// Keys whose secret cannot be opened. Their owners see them; requests do not.
    closed: ArcSwap<Vec<StoredKey>>,
    /// Held from reading the keys to putting them in place, so that older ones can never replace newer ones.
    publishing: Mutex<()>,
    /// Whether the pool is to take the keys over again although none was written.
    behind: AtomicBool,
    /// Held while a selection is written, so that no failover from before an owner's choice comes after it.
    pub(super) selecting: Mutex<()>,
}

impl ProviderKeys {
    pub fn new(
        store: Store,
        data_keys: Arc<DataKeys>,
        pool: Arc<KeyPool>,
        log: ActivityLog,
        kinds: Arc<KeyKinds>,
    ) -> Self {
        let (closed, behind) = (ArcSwap::default(), AtomicBool::default());
        Self {
            store,
            data_keys,
            pool,
            log,
            kinds,
            closed,
            publishing: Mutex::default(),
            behind,
            selecting: Mutex::default(),
        }
    }

    /// Takes over what other processes wrote. Costs one small read when there is nothing new.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let behind = self.behind.swap(false, Ordering::Relaxed);
        if !behind && self.store.revision(Revision::ProviderKeys).await? == self.pool.revision() {
            return Ok(());
        }
        let published = self.publish().await;
        if published.is_err() {
            self.publish_soon();
        }
        published
    }

    /// Has the next refresh take the keys over even if none was written.
    pub fn publish_soon(&self) {
        self.behind.store(true, Ordering::Relaxed);
    }

    /// Stores a move of the selection by failover, and returns the revision that has it. `None` when its owner has
    /// decided otherwise.
    pub async fn move_selection(
        &self,
        happening: &Happening,
        from: &KeyRef,
        to: &KeyRef,
    ) -> Result<Option<i64>, StoreError> {
        let _guard = self.selecting.lock().await;
        if !self.pool.awaits_storing(happening, from, to) {
            return Ok(None);
        }
        self.store.move_selection(&happening.user_id, &from.id, &to.id).await
    }

    /// Puts the keys of the database in place. When it fails, those known so far stay.
    pub async fn publish(&self) -> Result<(), StoreError> {
        let _guard = self.publishing.lock().await;
        let rows = self.store.load_provider_keys().await?;
        self.data_keys.refresh().await?;
        let (mut keys, mut closed) = (Vec::with_capacity(rows.keys.len()), Vec::new());
        for (number, row) in rows.keys.into_iter().enumerate() {
            match self.open(&row) {
                Ok(key) => keys.push(PoolKey { stored: row.stored, key }),
                Err(error) => closed.push(self.close(row.stored, &error)),
            }
            if number % AT_A_TIME == AT_A_TIME - 1 {
                task::yield_now().await;
            }
        }
        self.closed.store(Arc::new(closed));
        // Ten thousand keys take a while to put in order: not on a thread that requests wait for.
        let pool = self.pool.clone();
        let replaced = task::spawn_blocking(move || pool.replace(rows.revision, keys)).await;
        replaced.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Returns a user's keys as they are now, in creation order.
    pub fn keys_of(&self, user_id: &str) -> Vec<StoredKey> {
        let mut keys = self.pool.keys_of(user_id);
        let closed = self.closed.load();
        let mut theirs = closed.iter().filter(|key| key.user_id == user_id).cloned().peekable();
        if theirs.peek().is_some() {
            keys.extend(theirs);
            keys.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
        }
        keys
    }

    /// Returns a user's key by its id. `field` names where the id stands.
    pub fn get(&self, user_id: &str, id: &str, field: &'static str) -> Result<StoredKey> {
        self.find(user_id, id).ok_or_else(|| not_found(field))
    }

    pub(super) fn find(&self, user_id: &str, id: &str) -> Option<StoredKey> {
        let closed = || self.closed.load().iter().find(|key| key.user_id == user_id && key.id == id).cloned();
        self.pool.key(user_id, id).map(|key| key.stored).or_else(closed)
    }

    /// Puts a change in place and returns the key as it is now.
    pub(super) async fn publish_change(&self, stored: StoredKey) -> Result<StoredKey> {
        self.publish().await.map_err(from_store)?;
        Ok(self.find(&stored.user_id, &stored.id).unwrap_or(stored))
    }

    /// Opens a secret, unless the pool has it open already.
    fn open(&self, row: &SealedKey) -> Result<Arc<ProviderKey>, SealError> {
        let stored = &row.stored;
        let known = self.pool.opened(&stored.id, stored.secret_version);
        if let Some(known) = &known
            && known.alias == stored.name
            && known.parameters == stored.parameters
        {
            return Ok(known.clone());
        }
        let place = Place::of_provider_key(&stored.id, &stored.user_id);
        let secret = match known {
            Some(known) => known.secret.clone(),
            None => self.data_keys.sealer().open(place, &row.secret)?,
        };
        let (id, alias) = (stored.id.clone(), stored.name.clone());
        Ok(Arc::new(ProviderKey { id, alias, secret, parameters: stored.parameters.clone() }))
    }

    /// Makes of a key that cannot be opened one that tells so.
    fn close(&self, mut key: StoredKey, error: &SealError) -> StoredKey {
        let same = |other: &StoredKey| (&other.id, other.secret_version) == (&key.id, key.secret_version);
        if !self.closed.load().iter().any(same) {
            tracing::error!(provider_key_id = key.id, %error, "the secret of a provider key cannot be opened");
        }
        let reason = "the gateway cannot open its stored secret; set the secret anew, or have the operator start the \
                      gateway with the master key it was stored with";
        key.health = Health {
            state: KeyState::Invalid,
            since_ms: key.health.since_ms,
            reason: reason.to_owned(),
            ..Health::default()
        };
        key
    }
}

/// Does not repeat the id: it may be a secret in the wrong place.
pub(super) fn not_found(field: &'static str) -> Error {
    let message = "no provider key has this id; list the keys to see their ids";
    Error { field: Some(field.to_owned()), ..Error::new(ErrorKind::NotFound, message) }
}
