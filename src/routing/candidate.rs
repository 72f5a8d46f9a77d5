//! A key that a request may be tried with, and the claim of an attempt to it.

use std::sync::Arc;

use super::key_pool::{Claim, Live, Ring, RingKey};
use crate::domain::{happening::KeyRef, key::ProviderKey};

/// A key that a request may be tried with.
#[derive(Clone, Debug)]
pub enum Candidate {
    /// It came with the request. Nothing is remembered of it.
    Header(Arc<ProviderKey>),
    Stored(Arc<RingKey>),
    /// The key of the environment or the configuration. What its failures lead to is remembered beside the stored keys
    /// of the user, if there are any, and not at all otherwise.
    Fallback(Arc<ProviderKey>),
}

/// The right of one attempt to use a key. Dropping it ends a probe.
#[derive(Debug, Default)]
pub struct Lease<'a> {
    probe: Option<(&'a Live, &'a Ring)>,
}

/// Whether a candidate can be used now.
#[derive(Debug)]
pub enum Claimed<'a> {
    Yes(Lease<'a>),
    /// Another request finds out whether it works again.
    Busy,
    /// It rests or was refused.
    No,
}

impl Candidate {
    pub fn key(&self) -> &Arc<ProviderKey> {
        match self {
            Self::Header(key) | Self::Fallback(key) => key,
            Self::Stored(key) => &key.pool_key.key,
        }
    }

    pub fn name(&self) -> KeyRef {
        match self {
            Self::Header(key) | Self::Fallback(key) => {
                KeyRef { id: String::new(), name: key.alias.clone(), secret_version: 0 }
            }
            Self::Stored(key) => key.name(),
        }
    }

    pub fn claim<'a>(&'a self, ring: Option<&'a Ring>, now_ms: i64) -> Claimed<'a> {
        let (Some(live), Some(ring)) = (self.live(ring), ring) else { return Claimed::Yes(Lease { probe: None }) };
        let probe = match live.claim(now_ms) {
            Claim::Ready => None,
            Claim::Probe => Some((live, ring)),
            Claim::Busy => return Claimed::Busy,
            Claim::Rests(_) | Claim::Invalid => return Claimed::No,
        };
        live.used(now_ms);
        Claimed::Yes(Lease { probe })
    }

    /// Returns what is known of it, where that counts.
    pub fn live<'a>(&'a self, ring: Option<&'a Ring>) -> Option<&'a Live> {
        match self {
            Self::Header(_) => None,
            Self::Stored(key) => Some(&key.live),
            Self::Fallback(_) => ring.map(|ring| &ring.shared.fallback),
        }
    }
}

impl AsRef<ProviderKey> for Candidate {
    fn as_ref(&self) -> &ProviderKey {
        self.key()
    }
}

impl Lease<'_> {
    pub fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some((live, ring)) = self.probe {
            live.release();
            ring.shared.probed.notify_waiters();
        }
    }
}
