//! What changes about one key between two snapshots: its health, whether a request probes it, when it was used.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use crate::domain::{
    failure::UpstreamFailure,
    health::{Health, KeyState, Readiness},
};

/// The changing part of a key. It outlives snapshots, as long as the secret is the same.
#[derive(Debug)]
pub struct Live {
    /// Whether the key is active: all that most requests ask.
    ready: AtomicBool,
    known: Mutex<Known>,
    used_ms: AtomicI64,
    /// The time of use that was handed over last.
    taken_ms: AtomicI64,
}

#[derive(Debug)]
struct Known {
    health: Health,
    probed: bool,
}

/// Whether a request may use a key now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Ready,
    /// The request is the one that tries whether the key works again. It must release the key afterwards.
    Probe,
    /// Another request tries.
    Busy,
    /// It rests for so many milliseconds more.
    Rests(i64),
    Invalid,
}

impl Live {
    pub fn new(health: Health) -> Self {
        Self {
            ready: AtomicBool::new(health.state == KeyState::Active),
            known: Mutex::new(Known { health, probed: false }),
            used_ms: AtomicI64::new(0),
            taken_ms: AtomicI64::new(0),
        }
    }

    pub fn health(&self) -> Health {
        self.known().health.clone()
    }

    pub fn claim(&self, now_ms: i64) -> Claim {
        if self.ready.load(Ordering::Acquire) {
            return Claim::Ready;
        }
        let mut known = self.known();
        match known.health.readiness(now_ms) {
            Readiness::Ready => Claim::Ready,
            Readiness::Probe if known.probed => Claim::Busy,
            Readiness::Probe => {
                known.probed = true;
                Claim::Probe
            }
            Readiness::Rests(left) => Claim::Rests(left),
            Readiness::Invalid => Claim::Invalid,
        }
    }

    /// Ends a probe, whatever came out of it.
    pub fn release(&self) {
        self.known().probed = false;
    }

    /// Returns the new health if the failure is news.
    pub fn failed(&self, failure: &UpstreamFailure, now_ms: i64) -> Option<Health> {
        self.change(|health| health.failed(failure, now_ms))
    }

    /// Returns the new health if the success is news.
    pub fn succeeded(&self, now_ms: i64) -> Option<Health> {
        if self.ready.load(Ordering::Acquire) {
            return None;
        }
        self.change(|health| health.succeeded(now_ms))
    }

    /// Takes over what another process found out, if it is news.
    pub fn learn(&self, stored: &Health) {
        self.change(|health| health.merge(stored));
    }

    /// Whether it is invalid and the gateway is to try it again now.
    pub fn is_due(&self, now_ms: i64) -> bool {
        !self.ready.load(Ordering::Acquire) && self.known().health.is_due(now_ms)
    }

    /// Ends the rest of an invalid key that is tried now, so that another failure is one more strike.
    pub fn end_rest(&self, now_ms: i64) {
        let health = &mut self.known().health;
        if health.state == KeyState::Invalid {
            health.until_ms = health.until_ms.map(|until| until.min(now_ms));
        }
    }

    pub fn used(&self, now_ms: i64) {
        self.used_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Returns when it was used last by this process.
    pub fn last_used_ms(&self) -> Option<i64> {
        Some(self.used_ms.load(Ordering::Relaxed)).filter(|used| *used > 0)
    }

    /// Returns when it was used last, unless that was handed over before.
    pub fn take_used(&self) -> Option<i64> {
        let used = self.last_used_ms()?;
        (self.taken_ms.swap(used, Ordering::Relaxed) != used).then_some(used)
    }

    fn change(&self, next: impl FnOnce(&Health) -> Health) -> Option<Health> {
        let mut known = self.known();
        let health = next(&known.health);
        if health == known.health {
            return None;
        }
        known.health.clone_from(&health);
        self.ready.store(health.state == KeyState::Active, Ordering::Release);
        Some(health)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
