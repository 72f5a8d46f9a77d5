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
    /// The key of the environment or the configuration. It rests only in favour of others: what is remembered of it
    /// counts, and is there, unless it stands alone.
    Fallback(Arc<ProviderKey>, Option<Arc<Live>>),
}

/// The right of one attempt to use a key. Dropping it ends a probe.
#[derive(Debug, Default)]
pub struct Lease<'a> {
    probe: Option<&'a Live>,
    /// Where others may wait for what the probe finds out.
    ring: Option<&'a Ring>,
}

/// Whether a candidate can be used now.
#[derive(Debug)]
pub enum Claimed<'a> {
    Yes(Lease<'a>),
    /// Another request finds out whether it works again.
    Busy,
    /// It rests, was refused, or its owner does not want it used any more.
    No,
}

impl Candidate {
    pub fn key(&self) -> &Arc<ProviderKey> {
        match self {
            Self::Header(key) | Self::Fallback(key, _) => key,
            Self::Stored(key) => &key.pool_key.key,
        }
    }

    pub fn name(&self) -> KeyRef {
        match self {
            Self::Header(key) | Self::Fallback(key, _) => {
                KeyRef { id: String::new(), name: key.alias.clone(), secret_version: 0 }
            }
            Self::Stored(key) => key.name(),
        }
    }

    pub fn claim<'a>(&'a self, ring: Option<&'a Ring>, now_ms: i64) -> Claimed<'a> {
        let Some(live) = self.live() else { return Claimed::Yes(Lease::default()) };
        let probe = match live.claim(now_ms) {
            Claim::Ready => None,
            Claim::Probe => Some(live),
            Claim::Busy => return Claimed::Busy,
            Claim::Rests(_) | Claim::Invalid | Claim::Withdrawn => return Claimed::No,
        };
        live.used(now_ms);
        Claimed::Yes(Lease { probe, ring })
    }

    /// Returns what is known of it, where that counts.
    pub fn live(&self) -> Option<&Live> {
        match self {
            Self::Header(_) => None,
            Self::Stored(key) => Some(&key.live),
            Self::Fallback(_, live) => live.as_deref(),
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
        let Some(live) = self.probe else { return };
        live.release();
        if let Some(ring) = self.ring {
            ring.shared.probed.notify_waiters();
        }
    }
}
