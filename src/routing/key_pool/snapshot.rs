//! All keys as one snapshot, which is swapped whole.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;

use super::{
    live::Live,
    ring::{PoolKey, Ring, RingKey, Shared},
};

/// The keys of all users.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub revision: i64,
    /// By user, then by provider.
    rings: HashMap<String, HashMap<String, Arc<Ring>>>,
    by_id: HashMap<String, Arc<RingKey>>,
}

impl Snapshot {
    pub fn ring(&self, user_id: &str, provider: &str) -> Option<&Arc<Ring>> {
        self.rings.get(user_id)?.get(provider)
    }

    pub fn rings_of(&self, user_id: &str) -> impl Iterator<Item = &Arc<Ring>> {
        self.rings.get(user_id).into_iter().flat_map(HashMap::values)
    }

    pub fn keys(&self) -> impl Iterator<Item = &Arc<RingKey>> {
        self.by_id.values()
    }

    /// Returns a key and its ring.
    pub fn find(&self, id: &str) -> Option<(&Arc<Ring>, &Arc<RingKey>)> {
        let key = self.by_id.get(id)?;
        let stored = &key.pool_key.stored;
        Some((self.ring(&stored.user_id, &stored.provider)?, key))
    }

    /// Returns a key of a user and its ring.
    pub fn find_of(&self, user_id: &str, id: &str) -> Option<(&Arc<Ring>, &Arc<RingKey>)> {
        self.find(id).filter(|(_, key)| key.pool_key.stored.user_id == user_id)
    }

    /// Builds the snapshot that follows this one. `last_number` is the number that was given to a key last.
    pub fn next(
        &self,
        revision: i64,
        mut keys: Vec<PoolKey>,
        last_number: &mut u64,
        changed: &watch::Sender<u64>,
    ) -> Self {
        keys.sort_by(|a, b| (a.stored.created_ms, &a.stored.id).cmp(&(b.stored.created_ms, &b.stored.id)));
        let mut rings: HashMap<String, HashMap<String, Ring>> = HashMap::new();
        let mut by_id = HashMap::with_capacity(keys.len());
        for pool_key in keys {
            let (user_id, provider) = (pool_key.stored.user_id.clone(), pool_key.stored.provider.clone());
            let key = Arc::new(self.take_over(pool_key, last_number));
            by_id.insert(key.pool_key.stored.id.clone(), key.clone());
            let shared = || match self.ring(&user_id, &provider) {
                Some(ring) => ring.shared.clone(),
                None => Arc::new(Shared::new(changed.clone())),
            };
            let ring = || Ring { keys: Vec::new(), shared: shared() };
            rings.entry(user_id.clone()).or_default().entry(provider.clone()).or_insert_with(ring).keys.push(key);
        }
        let share = |of_user: HashMap<String, Ring>| of_user.into_iter().map(|(name, ring)| (name, Arc::new(ring)));
        let rings = rings.into_iter().map(|(user_id, of_user)| (user_id, share(of_user).collect())).collect();
        Self { revision, rings, by_id }
    }

    /// Takes over the selections of the database, as far as they are news.
    pub fn settle(&self) {
        for ring in self.rings.values().flat_map(HashMap::values) {
            let selected = ring.keys.iter().find(|key| key.pool_key.stored.selected).map(|key| key.number);
            let exists = |number| ring.keys.iter().any(|key| key.number == number);
            ring.shared.selection.settle(selected, self.revision, exists);
        }
    }

    /// Brings a stored key together with what is known of it already.
    fn take_over(&self, pool_key: PoolKey, last_number: &mut u64) -> RingKey {
        let known = self.by_id.get(&pool_key.stored.id);
        let number = known.map_or_else(
            || {
                *last_number += 1;
                *last_number
            },
            |known| known.number,
        );
        let same_secret = known.filter(|k| k.pool_key.stored.secret_version == pool_key.stored.secret_version);
        let live = match same_secret {
            Some(known) => {
                known.live.learn(&pool_key.stored.health);
                known.live.clone()
            }
            // A verdict on another secret says nothing of this one.
            None => Arc::new(Live::new(pool_key.stored.health.clone())),
        };
        RingKey { number, pool_key, live }
    }
}
