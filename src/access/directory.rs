//! Every gateway key that is valid now, in memory. No lock and no database on the way of a request.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::gateway_key::{MAX_LENGTH, hash};
use crate::domain::{
    error::{Error, ErrorKind},
    key::{Caller, GatewayKey},
    scope::{ModelPatterns, Scopes},
};

/// The user who owns the gateway. With authentication off, everybody is this user.
pub const OWNER_ID: &str = "owner";

/// How long callers with unknown keys are told to wait while the database is away.
const RETRY: Duration = Duration::from_secs(2);

/// Half a hash finds the entry; the comparison that decides is of whole hashes and takes the same time for all.
type Prefix = [u8; 16];

/// What is known of gateway keys at one revision. Swapped whole.
#[derive(Debug, Default)]
pub struct AccessSnapshot {
    revision: i64,
    keys: HashMap<Prefix, Entry>,
}

#[derive(Debug)]
struct Entry {
    hash: [u8; 32],
    expires_ms: Option<i64>,
    caller: Arc<Caller>,
}

impl AccessSnapshot {
    /// Takes the keys of active users; inactive keys, and rows whose hash is no SHA-256, are left out.
    pub fn new(revision: i64, keys: impl IntoIterator<Item = GatewayKey>) -> Self {
        let entry = |key: GatewayKey| {
            let hash: [u8; 32] = key.hash.try_into().ok()?;
            let (scopes, models) = (key.scopes, key.models);
            let caller = Caller { user_id: key.user_id, key_id: key.id, key_name: key.name, scopes, models };
            let caller = Arc::new(caller);
            Some((prefix(&hash), Entry { hash, expires_ms: key.expires_ms, caller }))
        };
        Self { revision, keys: keys.into_iter().filter(|key| key.active).filter_map(entry).collect() }
    }

    pub fn revision(&self) -> i64 {
        self.revision
    }

    fn find(&self, token: &str, now_ms: i64) -> Option<&Arc<Caller>> {
        let hash = hash(token);
        let entry = self.keys.get(&prefix(&hash))?;
        verify_slices_are_equal(&entry.hash, &hash).ok()?;
        entry.expires_ms.is_none_or(|expires| now_ms < expires).then_some(&entry.caller)
    }
}

fn prefix(hash: &[u8; 32]) -> Prefix {
    let mut prefix = Prefix::default();
    prefix.copy_from_slice(&hash[..16]);
    prefix
}

/// Tells who calls.
pub struct Directory {
    snapshot: ArcSwap<AccessSnapshot>,
    /// Who everybody is while authentication is off.
    anonymous: Option<Arc<Caller>>,
    /// Whether keys may exist that the snapshot lacks, because the database is away.
    stale: AtomicBool,
}

impl Directory {
    /// Starts empty: nobody is let in before the first [`Self::replace`].
    pub fn new() -> Self {
        Self { snapshot: ArcSwap::default(), anonymous: None, stale: AtomicBool::new(false) }
    }

    /// Asks for no key: every caller is the owner. Only for addresses that nobody else can reach.
    pub fn open_to_all() -> Self {
        let caller = Caller {
            user_id: OWNER_ID.into(),
            key_id: "anonymous".into(),
            key_name: "authentication is off".into(),
            scopes: Scopes::all(),
            models: ModelPatterns::default(),
        };
        Self { snapshot: ArcSwap::default(), anonymous: Some(Arc::new(caller)), stale: AtomicBool::new(false) }
    }

    /// Returns who shows this key. A missing, malformed, unknown, expired or revoked key gets one identical error, so
    /// that nothing can be learned by trying.
    pub fn authenticate(&self, bearer: Option<&str>, now_ms: i64) -> Result<Arc<Caller>, Error> {
        if let Some(caller) = &self.anonymous {
            return Ok(caller.clone());
        }
        bearer
            .filter(|token| token.len() <= MAX_LENGTH)
            .and_then(|token| self.snapshot.load().find(token, now_ms).cloned())
            .ok_or_else(|| self.refusal(bearer))
    }

    /// Says whether the snapshot can still be trusted to be complete.
    pub fn set_stale(&self, stale: bool) {
        self.stale.store(stale, Ordering::Relaxed);
    }

    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    fn refusal(&self, bearer: Option<&str>) -> Error {
        if bearer.is_none() || !self.is_stale() {
            return invalid();
        }
        let message = "the gateway's database is not available and this key is not known from before; try again soon";
        Error { retry_after: Some(RETRY), ..Error::new(ErrorKind::StorageUnavailable, message) }
    }

    pub fn replace(&self, snapshot: AccessSnapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Returns the revision of the snapshot in use.
    pub fn revision(&self) -> i64 {
        self.snapshot.load().revision
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

fn invalid() -> Error {
    Error::new(
        ErrorKind::GatewayKeyInvalid,
        "the gateway key is missing or not valid; send `authorization: Bearer sk-…`, and create a key with \
         `ai-model-gateway keys create`",
    )
}
