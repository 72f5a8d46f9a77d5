//! When a key was last used: requests note it, the background takes it to the database now and then.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// Requests within this time of a noted one change nothing, so that they do not all write to one place in memory.
const STEP_MS: i64 = 1000;

/// Times of one key, in Unix milliseconds; zero stands for never.
#[derive(Debug, Default)]
pub struct LastUse {
    noted_ms: AtomicI64,
    stored_ms: AtomicI64,
}

impl LastUse {
    pub fn stored_at(time_ms: Option<i64>) -> Self {
        let time_ms = time_ms.unwrap_or_default();
        Self { noted_ms: AtomicI64::new(time_ms), stored_ms: AtomicI64::new(time_ms) }
    }

    pub fn note(&self, now_ms: i64) {
        if now_ms.saturating_sub(self.noted_ms.load(Ordering::Relaxed)) >= STEP_MS {
            self.noted_ms.store(now_ms, Ordering::Relaxed);
        }
    }

    pub fn last(&self) -> Option<i64> {
        Some(self.noted_ms.load(Ordering::Relaxed)).filter(|time| *time > 0)
    }

    /// Takes over what the database says now.
    pub fn was_stored(&self, time_ms: Option<i64>) {
        let time_ms = time_ms.unwrap_or_default();
        self.noted_ms.fetch_max(time_ms, Ordering::Relaxed);
        self.stored_ms.fetch_max(time_ms, Ordering::Relaxed);
    }

    /// Returns the time that the database does not know yet.
    pub fn unstored(&self) -> Option<i64> {
        self.last().filter(|time| *time > self.stored_ms.load(Ordering::Relaxed))
    }
}

/// A use that the database does not know yet.
#[derive(Clone, Debug)]
pub struct UnstoredUse {
    pub key_id: String,
    pub time_ms: i64,
    pub(super) of: Arc<LastUse>,
}

impl UnstoredUse {
    /// Says that the database knows now.
    pub fn stored(&self) {
        self.of.was_stored(Some(self.time_ms));
    }
}
