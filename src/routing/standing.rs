//! How providers do, as far as requests have seen: when each last answered, and when it last failed by its own fault.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
};

use crate::domain::{
    failure::{FailureClass, NextStep},
    provider_health::Availability,
};

/// A provider that failed is degraded for this long.
const DEGRADED_MS: u64 = 60_000;
/// How long an answer speaks for a provider.
const AVAILABLE_MS: u64 = 5 * 60_000;

/// What is known of one provider. Times are in Unix milliseconds; 0 is never.
#[derive(Debug, Default)]
pub struct Standing {
    answered_ms: AtomicI64,
    failed_ms: AtomicI64,
}

/// The standings of all providers, by name.
#[derive(Debug, Default)]
pub struct Standings(HashMap<String, Standing>);

impl Standing {
    pub fn answered(&self, now_ms: i64) {
        self.answered_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Takes note of a failed attempt. What a provider says of a key or of a request says nothing of the provider.
    pub fn failed(&self, class: FailureClass, now_ms: i64) {
        if class.next_step() == NextStep::SameKeyLater {
            self.failed_ms.store(now_ms, Ordering::Relaxed);
        }
    }

    fn now(&self, now_ms: i64) -> Availability {
        // A time in the future comes from a clock that was set back since; it speaks no longer than another.
        let age_ms = |time: &AtomicI64| now_ms.abs_diff(time.load(Ordering::Relaxed));
        if age_ms(&self.failed_ms) < DEGRADED_MS {
            Availability::Degraded
        } else if age_ms(&self.answered_ms) < AVAILABLE_MS {
            Availability::Available
        } else {
            Availability::Unknown
        }
    }
}

impl Standings {
    pub fn new(providers: impl IntoIterator<Item = String>) -> Self {
        Self(providers.into_iter().map(|name| (name, Standing::default())).collect())
    }

    pub fn of(&self, provider: &str) -> Option<&Standing> {
        self.0.get(provider)
    }

    pub fn availability(&self, provider: &str, now_ms: i64) -> Availability {
        self.of(provider).map_or(Availability::Unknown, |standing| standing.now(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_speaks_for_a_minute_and_an_answer_for_five() {
        use Availability::{Available, Degraded, Unknown};
        const NOW: i64 = 1_768_478_400_000;
        let ago = |seconds: i64| NOW - seconds * 1000;
        for (answered, failed, want) in [
            (None, None, Unknown),
            (Some(0), None, Available),
            (Some(299), None, Available),
            (Some(300), None, Unknown),
            (None, Some((FailureClass::Overload, 59)), Degraded),
            (Some(1), Some((FailureClass::Network, 59)), Degraded),
            (Some(1), Some((FailureClass::Timeout, 60)), Available),
            (None, Some((FailureClass::ServerError, 60)), Unknown),
            (None, Some((FailureClass::Credential, 0)), Unknown),
            (Some(1), Some((FailureClass::RateLimit, 0)), Available),
            (Some(1), Some((FailureClass::Caller, 0)), Available),
            (Some(1), Some((FailureClass::Overload, -59)), Degraded),
            (Some(1), Some((FailureClass::Overload, -60)), Available),
            (Some(-300), None, Unknown),
        ] {
            let standings = Standings::new(["p".to_owned()]);
            let standing = standings.of("p").unwrap();
            answered.into_iter().for_each(|seconds| standing.answered(ago(seconds)));
            failed.into_iter().for_each(|(class, seconds)| standing.failed(class, ago(seconds)));
            assert_eq!(standings.availability("p", NOW), want, "{answered:?} {failed:?}");
        }
        assert_eq!(Standings::default().availability("q", NOW), Unknown);
    }
}
