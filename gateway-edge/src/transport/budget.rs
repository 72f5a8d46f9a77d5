//! How many calls may be repeated: as many as are under way when a replica dies, but never more for long than a service
//! answers. Else everybody who asks a dying service would ask it three times.

use std::sync::atomic::{AtomicU32, Ordering};

/// As many calls as one replica carries when nobody changes its `AIGW_MAX_IN_FLIGHT`.
const CAPACITY: u32 = 4096;

/// Repeats that are left.
pub struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(CAPACITY))
    }
}

impl Budget {
    /// A call was answered.
    pub fn earn(&self) {
        // A full budget is only looked at.
        if self.0.load(Ordering::Relaxed) < CAPACITY {
            let _ =
                self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left < CAPACITY).then(|| left + 1));
        }
    }

    /// Takes one repeat, if there is one.
    pub fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_answers_nothing_is_not_asked_twice_for_ever() {
        let budget = Budget::default();
        assert_eq!((0..10_000).filter(|_| budget.take()).count(), 4096);
        budget.earn();
        assert!(budget.take() && !budget.take());
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..10_000).filter(|_| budget.take()).count(), 4096);
    }
}
