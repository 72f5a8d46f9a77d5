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
    /// Whether it is active and not withdrawn: all that most requests ask.
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
    /// Whether its owner has switched it off, deleted it or replaced its secret: no attempt begins with it any more.
    withdrawn: bool,
}

impl Known {
    fn ready(&self) -> bool {
        !self.withdrawn && self.health.state == KeyState::Active
    }
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
    /// Its owner does not want it used.
    Withdrawn,
}

impl Live {
    pub fn new(health: Health) -> Self {
        Self {
            ready: AtomicBool::new(health.state == KeyState::Active),
            known: Mutex::new(Known { health, probed: false, withdrawn: false }),
            used_ms: AtomicI64::new(0),
            taken_ms: AtomicI64::new(0),
        }
    }

    pub fn health(&self) -> Health {
        self.known().health.clone()
    }

    /// Returns its state and how often it led to failures in a row.
    pub fn standing(&self) -> (KeyState, u32) {
        let known = self.known();
        (known.health.state, known.health.strikes)
    }

    pub fn claim(&self, now_ms: i64) -> Claim {
        if self.ready.load(Ordering::Acquire) {
            return Claim::Ready;
        }
        let mut known = self.known();
        if known.withdrawn {
            return Claim::Withdrawn;
        }
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

    /// Returns in how many milliseconds a request can use it; `None` when time alone does not bring it back.
    pub fn usable_in_ms(&self, now_ms: i64) -> Option<i64> {
        let known = self.known();
        match known.health.readiness(now_ms) {
            _ if known.withdrawn => None,
            Readiness::Ready | Readiness::Probe => Some(0),
            Readiness::Rests(left) => Some(left),
            Readiness::Invalid => None,
        }
    }

    /// Its owner switches it off or on. Requests under way see it too.
    pub fn withdraw(&self, withdrawn: bool) {
        let mut known = self.known();
        known.withdrawn = withdrawn;
        self.ready.store(known.ready(), Ordering::Release);
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

    /// Returns the new health after the gateway has tried an invalid key and failed.
    pub fn probe_failed(&self, failure: &UpstreamFailure, now_ms: i64) -> Option<Health> {
        self.change(|health| match health.state {
            KeyState::Invalid => health.probe_failed(failure, now_ms),
            KeyState::Active | KeyState::Cooling | KeyState::QuotaExhausted => health.failed(failure, now_ms),
        })
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
        self.ready.store(known.ready(), Ordering::Release);
        Some(health)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
