//! How long something that failed is left alone: growing, with jitter, and cut short when somebody needs it.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Mutex,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{sleep, sleep_until},
};

use super::settings::Timing;

/// Shortest time between a failure and the next try, whoever needs it.
const SHORTEST: Duration = Duration::from_millis(50);

/// The failures in a row of one thing that is tried again and again.
#[derive(Debug, Default)]
pub struct Rest {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    last: Option<Instant>,
}

impl Rest {
    pub fn failed(&self) {
        let mut state = self.lock();
        state.in_a_row = state.in_a_row.saturating_add(1);
        state.last = Some(Instant::now());
    }

    pub fn worked(&self) {
        *self.lock() = State::default();
    }

    pub fn has_failed_since(&self, since: Instant) -> bool {
        self.lock().last.is_some_and(|last| last >= since)
    }

    /// Ends the present pause, or the next.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits as long as the failures in a row deserve; not at all without one.
    pub async fn pause(&self, timing: &Timing) {
        let in_a_row = self.lock().in_a_row;
        if in_a_row > 0 {
            self.wait(length(in_a_row, timing)).await;
        }
    }

    /// Waits for a time, or until somebody needs it.
    pub async fn wait(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.wake.notified() => {
                let failed = self.lock().last;
                if let Some(failed) = failed {
                    sleep_until((failed + SHORTEST).into()).await;
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Doubles with each failure, and then takes between half of it and all: many edges shall not come at the same time.
fn length(in_a_row: u32, timing: &Timing) -> Duration {
    let doubled = timing.first_rest.saturating_mul(1 << in_a_row.saturating_sub(1).min(16));
    let whole = doubled.min(timing.longest_rest);
    let random = RandomState::new().hash_one(in_a_row) % 1024;
    whole / 2 + (whole / 2048).saturating_mul(random as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_a_bound_and_differ() {
        let timing = Timing::default();
        for (in_a_row, most) in [(1, 100), (2, 200), (4, 800), (10, 3000), (u32::MAX, 3000)] {
            let most = Duration::from_millis(most);
            let lengths: Vec<_> = (0..50).map(|_| length(in_a_row, &timing)).collect();
            assert!(lengths.iter().all(|length| *length >= most / 2 && *length <= most), "{in_a_row}: {lengths:?}");
            assert!(lengths.iter().any(|length| *length != lengths[0]));
        }
    }

    #[tokio::test]
    async fn a_need_cuts_a_rest_short_but_not_to_nothing() {
        let rest = Rest::default();
        rest.failed();
        rest.wake();
        let begin = Instant::now();
        rest.wait(Duration::from_secs(60)).await;
        // Far less than the wait, on any machine.
        assert!((SHORTEST / 2..Duration::from_secs(30)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    }

    #[test]
    fn a_success_forgets() {
        let rest = Rest::default();
        let before = Instant::now();
        assert!(!rest.has_failed_since(before));
        rest.failed();
        assert!(rest.has_failed_since(before) && !rest.has_failed_since(Instant::now()));
        rest.worked();
        assert!(!rest.has_failed_since(before));
    }
}
