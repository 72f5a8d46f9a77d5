//! How many attempts may be repeated: some at any time, and one for every ten requests. When a provider fails for
//! everybody, repeating each request would only add to its load.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
};

/// What a retry costs, in tenths of a token.
const RETRY: i64 = 10;
/// What a request earns.
const REQUEST: i64 = 1;
/// What a budget holds at most.
const CAPACITY: i64 = 10 * RETRY;

/// The budget of one provider.
#[derive(Debug)]
pub struct RetryBudget(AtomicI64);

/// The budgets of all providers, by name.
#[derive(Debug, Default)]
pub struct RetryBudgets(HashMap<String, RetryBudget>);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicI64::new(CAPACITY))
    }
}

impl RetryBudget {
    /// A request came.
    pub fn earn(&self) {
        let more = |tenths: i64| (tenths < CAPACITY).then(|| (tenths + REQUEST).min(CAPACITY));
        // A full budget stays as it is.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Takes what one retry costs, if there is as much.
    pub fn take(&self) -> bool {
        let less = |tenths: i64| (tenths >= RETRY).then(|| tenths - RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
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

    #[test]
    fn ten_at_once_then_one_for_every_ten_requests() {
        let budget = RetryBudget::default();
        budget.earn();
        assert_eq!((0..20).filter(|_| budget.take()).count(), 10);
        let retries = (0..1000).filter(|_| {
            budget.earn();
            budget.take()
        });
        assert_eq!(retries.count(), 100);
    }
}
