//! How many attempts may be repeated: some at any time, two more each second, and one for every ten requests. When a
//! provider fails for everybody, repeating each request would only add to its load; when few ask it, a retry harms nobody.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
};

/// What a retry costs, in tenths of a token.
const RETRY: i64 = 10;
/// What a request earns.
const REQUEST: i64 = 1;
/// How many milliseconds earn as much as a request.
const MS_PER_TENTH: i64 = 50;
/// A clock that goes back further was set back: time is counted from there. Less is requests that overtake one another.
const CLOCK_SET_BACK_MS: i64 = 60_000;
/// What a budget holds at most.
const CAPACITY: i64 = 20 * RETRY;

/// The budget of one provider.
#[derive(Debug)]
pub struct RetryBudget {
    tenths: AtomicI64,
    /// Until when the time has been paid for, in Unix milliseconds.
    paid_until_ms: AtomicI64,
}

/// The budgets of all providers, by name.
#[derive(Debug, Default)]
pub struct RetryBudgets(HashMap<String, RetryBudget>);

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tenths: AtomicI64::new(CAPACITY), paid_until_ms: AtomicI64::new(0) }
    }
}

impl RetryBudget {
    /// A request came.
    pub fn earn(&self) {
        self.add(REQUEST);
    }

    /// Takes what one retry costs, if there is as much.
    pub fn take(&self, now_ms: i64) -> bool {
        self.pay_time(now_ms);
        let less = |tenths: i64| (tenths >= RETRY).then(|| tenths - RETRY);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Returns how many retries there are now.
    pub fn left(&self, now_ms: i64) -> f64 {
        self.pay_time(now_ms);
        self.tenths.load(Ordering::Relaxed) as f64 / RETRY as f64
    }

    /// Adds what the time since the last retry has earned. Of those who come together, one does it.
    fn pay_time(&self, now_ms: i64) {
        let paid = self.paid_until_ms.load(Ordering::Relaxed);
        let passed = now_ms.saturating_sub(paid);
        let earned = passed.max(0) / MS_PER_TENTH;
        let set_back = passed < -CLOCK_SET_BACK_MS;
        if earned == 0 && !set_back {
            return;
        }
        let until = if set_back { now_ms } else { paid + earned * MS_PER_TENTH };
        let mine = self.paid_until_ms.compare_exchange(paid, until, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            self.add(earned);
        }
    }

    fn add(&self, tenths: i64) {
        // A full budget stays as it is.
        let more = |has: i64| (has < CAPACITY).then(|| has.saturating_add(tenths).min(CAPACITY));
        let _ = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

impl RetryBudgets {
    pub fn new(providers: impl IntoIterator<Item = String>) -> Self {
        Self(providers.into_iter().map(|name| (name, RetryBudget::default())).collect())
    }

    pub fn of(&self, provider: &str) -> Option<&RetryBudget> {
        self.0.get(provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_768_478_400_000;

    #[test]
    fn twenty_at_once_then_one_for_every_ten_requests() {
        let budget = RetryBudget::default();
        budget.earn();
        assert_eq!((0..30).filter(|_| budget.take(NOW)).count(), 20);
        let retries = (0..1000).filter(|_| {
            budget.earn();
            budget.take(NOW)
        });
        assert_eq!(retries.count(), 100);
    }

    #[test]
    fn time_earns_two_a_second_and_a_clock_set_back_nothing() {
        let budget = RetryBudget::default();
        let taken = |now: i64| (0..100).filter(|_| budget.take(now)).count();
        let plays =
            [(NOW, 20), (NOW + 499, 0), (NOW + 1000, 2), (NOW - 70_000, 0), (NOW - 69_000, 2), (NOW + 3_600_000, 20)];
        for (now, want) in plays {
            assert_eq!(taken(now), want, "{}", now - NOW);
        }
    }
}
