//! Stored keys for the tests of this floor. All belong to user `u` and are for provider `p`.

use std::sync::Arc;

use super::{
    happenings::{HappeningQueue, happenings},
    key_pool::{KeyPool, PoolKey, Ring, RingKey},
    plan::{Asked, FallbackKeys, KeySources, Plan},
};
use crate::domain::{
    error::Result,
    failure::{FailureClass, UpstreamFailure},
    health::Health,
    key::{Caller, ProviderKey, RequestKeyScope, RequestKeys, StoredKey},
    model::{ProviderInfo, Target},
};

/// A key whose id, name and secret are the same.
pub fn key(id: &str) -> PoolKey {
    let stored = StoredKey {
        id: id.into(),
        user_id: "u".into(),
        provider: "p".into(),
        name: id.into(),
        active: true,
        selected: false,
        health: Health::active(1),
        quota_owner: String::new(),
        hint: String::new(),
        fingerprint: String::new(),
        parameters: Default::default(),
        secret_version: 1,
        created_ms: 1,
        updated_ms: 1,
        last_used_ms: None,
    };
    PoolKey { key: Arc::new(ProviderKey::new(id, id)), stored }
}

pub fn selected(id: &str) -> PoolKey {
    let mut key = key(id);
    key.stored.selected = true;
    key
}

pub fn disabled(mut key: PoolKey) -> PoolKey {
    key.stored.active = false;
    key
}

pub fn pool(keys: Vec<PoolKey>) -> (KeyPool, HappeningQueue) {
    let (happenings, queue) = happenings(64);
    let pool = KeyPool::new(happenings);
    pool.replace(1, keys);
    (pool, queue)
}

/// Returns a key that is in the pool, and its ring.
pub fn found(pool: &KeyPool, id: &str) -> (Arc<Ring>, Arc<RingKey>) {
    let ring = pool.ring("u", "p").expect("keys are stored");
    let key = ring.keys.iter().find(|key| key.pool_key.stored.id == id).expect("it is stored").clone();
    (ring, key)
}

pub fn failure(class: FailureClass) -> UpstreamFailure {
    UpstreamFailure::new(class, "no")
}

pub fn provider() -> ProviderInfo {
    ProviderInfo {
        name: "p".into(),
        prefix: "p".into(),
        name_hints: Vec::new(),
        passes_unknown_models: true,
        needs_key: true,
        key_hint: "send the header x-p-key".into(),
        configured: false,
    }
}

/// The pool, with a key of the environment beside it or not.
pub fn sources(pool: &Arc<KeyPool>, environment: bool) -> KeySources {
    let key = Arc::new(ProviderKey::new("environment", "environment"));
    let fallback = FallbackKeys::new(environment.then(|| ("p".to_owned(), key)));
    KeySources { pool: pool.clone(), fallback: Arc::new(fallback) }
}

/// A header with a key for the provider, or none.
pub fn sent(header: bool) -> RequestKeys {
    let scope = RequestKeyScope::Provider("p".into());
    RequestKeys(header.then(|| (scope, "header".into())).into_iter().collect())
}

pub fn plan(sources: &KeySources, sent: &RequestKeys) -> Plan {
    try_plan(sources, sent).expect("there is a key")
}

pub fn try_plan(sources: &KeySources, sent: &RequestKeys) -> Result<Plan> {
    let target = Target { provider: "p".into(), model: "m".into() };
    let caller = Arc::new(Caller { user_id: "u".into(), ..Caller::default() });
    let asked = Asked { caller, request_id: "r".into(), model_id: "p/m".into() };
    sources.plan(target, &provider(), asked, sent)
}
