//! Every gateway key that is valid now, in memory. No lock and no database on the way of a request.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::{
    gateway_key::{MAX_LENGTH, hash},
    last_use::{LastUse, UnstoredUse},
};
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
    /// Outlives the snapshot: the next one takes it over.
    used: Arc<LastUse>,
}

impl Entry {
    fn unstored(&self) -> Option<UnstoredUse> {
        let time_ms = self.used.unstored()?;
        Some(UnstoredUse { key_id: self.caller.key_id.clone(), time_ms, of: self.used.clone() })
    }
}

impl AccessSnapshot {
    /// Takes the keys of active users; inactive keys, and rows whose hash is no SHA-256, are left out.
    pub fn new(revision: i64, keys: impl IntoIterator<Item = GatewayKey>) -> Self {
        let entry = |key: GatewayKey| {
            let hash: [u8; 32] = key.hash.try_into().ok()?;
            let (scopes, models) = (key.scopes, key.models);
            let caller = Caller { user_id: key.user_id, key_id: key.id, key_name: key.name, scopes, models };
            let (caller, used) = (Arc::new(caller), Arc::new(LastUse::stored_at(key.last_used_ms)));
            Some((prefix(&hash), Entry { hash, expires_ms: key.expires_ms, caller, used }))
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
        if entry.expires_ms.is_some_and(|expires| expires <= now_ms) {
            return None;
        }
        entry.used.note(now_ms);
        Some(&entry.caller)
    }

    /// Goes on counting where the snapshot before has got to. Returns the uses of keys that are gone.
    fn take_over(&mut self, before: &Self) -> Vec<UnstoredUse> {
        let mut gone = Vec::new();
        for (prefix, old) in &before.keys {
            match self.keys.get_mut(prefix) {
                Some(new) => {
                    old.used.was_stored(new.used.last());
                    new.used = old.used.clone();
                }
                None => gone.extend(old.unstored()),
            }
        }
        gone
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
    /// Last uses of keys that left the snapshot before these were stored. No request looks here.
    left: Mutex<Vec<UnstoredUse>>,
}

impl Directory {
    /// Starts empty: nobody is let in before the first [`Self::replace`].
    pub fn new() -> Self {
        Self::with(None)
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
        Self::with(Some(Arc::new(caller)))
    }

    fn with(anonymous: Option<Arc<Caller>>) -> Self {
        Self { snapshot: ArcSwap::default(), anonymous, stale: AtomicBool::new(false), left: Mutex::default() }
    }

    /// Whether callers need no key.
    pub fn is_open_to_all(&self) -> bool {
        self.anonymous.is_some()
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
            return refused();
        }
        let message = "the gateway's database is not available and this key is not known from before; try again soon";
        Error { retry_after: Some(RETRY), ..Error::new(ErrorKind::StorageUnavailable, message) }
    }

    /// Puts a newer snapshot in place. Only one caller may do so at a time.
    pub fn replace(&self, mut snapshot: AccessSnapshot) {
        let gone = snapshot.take_over(&self.snapshot.load());
        self.left.lock().unwrap_or_else(PoisonError::into_inner).extend(gone);
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Returns when a key was last used, as far as this process or the database knows.
    pub fn last_used_ms(&self, key: &GatewayKey) -> Option<i64> {
        let snapshot = self.snapshot.load();
        let prefix = key.hash.get(..size_of::<Prefix>()).and_then(|bytes| Prefix::try_from(bytes).ok());
        let noted = prefix.and_then(|prefix| snapshot.keys.get(&prefix)).and_then(|entry| entry.used.last());
        noted.max(key.last_used_ms)
    }

    /// Returns the uses that the database does not know yet, in the order of their keys' ids.
    pub fn unstored_uses(&self) -> Vec<UnstoredUse> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|gone| gone.of.unstored().is_some());
        let mut uses = left.clone();
        uses.extend(self.snapshot.load().keys.values().filter_map(Entry::unstored));
        uses.sort_unstable_by(|a, b| a.key_id.cmp(&b.key_id));
        uses
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

/// The one answer to every key that is not good.
pub fn refused() -> Error {
    Error::new(
        ErrorKind::GatewayKeyInvalid,
        "the gateway key is missing or not valid; send `authorization: Bearer sk-…`, and create a key with \
         `ai-model-gateway keys create`",
    )
}
