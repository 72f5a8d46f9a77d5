//! The time during a call that takes a while: the wall clock was read once, when it began.

use tokio::time::Instant;

/// The wall clock since the beginning of a call.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    began_ms: i64,
}

impl Clock {
    /// A call begins at this time, in Unix milliseconds.
    pub fn from(now_ms: i64) -> Self {
        Self { began: Instant::now(), began_ms: now_ms }
    }

    /// Returns the time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_ms.saturating_add(passed)
    }
}
