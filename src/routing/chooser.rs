//! What to try next, decided without waiting and without a clock: the next key, a pause, another request's probe, or
//! nothing more.

use std::{cmp::Ordering, time::Duration};

use super::{
    candidate::{Candidate, Claimed, Lease},
    plan::Plan,
    retry_budget::RetryBudget,
};
use crate::domain::failure::{FailureClass, NextStep};

/// Attempts of one request at most, over all keys and whatever they failed of.
pub const MOST_ATTEMPTS: u32 = 10;
/// An attempt is not begun when less than this is left until the deadline.
pub const SHORTEST_ATTEMPT: Duration = Duration::from_millis(50);
/// Longest wait for what another request's probe finds out, when there is no other key.
pub const PROBE_WAIT: Duration = Duration::from_secs(2);
/// Attempts with one key in a row while the provider fails.
const TRIES_IN_A_ROW: u32 = 2;
/// Longest pause a provider may ask for. Who is asked to wait longer is told so, and decides.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Bounds of the loop.
#[derive(Clone, Copy, Debug)]
pub struct FailoverLimits {
    /// Attempts for one request that end in a failure of the provider rather than of a key.
    pub max_attempts: u32,
    /// Pause before the same key is tried again; doubles each time, with jitter.
    pub first_pause: Duration,
}

/// What is to be done now.
#[derive(Debug)]
pub enum Next<'a> {
    Try(Turn<'a>),
    /// The provider is to be left alone for a while.
    Pause(Duration),
    /// Another request is finding out whether the last key left works again.
    AwaitProbe(Duration),
    /// Nothing is left to try.
    GiveUp,
    /// No time is left.
    Late,
}

/// One attempt, with the key it is made with.
#[derive(Debug)]
pub struct Turn<'a> {
    /// `None` where the provider needs no key.
    pub candidate: Option<&'a Candidate>,
    pub lease: Lease<'a>,
}

/// Chooses for one request.
#[derive(Debug)]
pub struct Chooser<'a> {
    plan: &'a Plan,
    limits: FailoverLimits,
    budget: Option<&'a RetryBudget>,
    /// What is left to try, in order.
    queue: Vec<Option<&'a Candidate>>,
    /// Place in the queue of what is being tried.
    at: usize,
    tries_in_a_row: u32,
    attempts: u32,
    failures: u32,
    /// To be made before the next attempt.
    pause: Option<Duration>,
    next_pause: Duration,
    /// How much time is left when a probe is waited for no longer.
    wait_ends: Option<Duration>,
}

impl<'a> Chooser<'a> {
    pub fn new(plan: &'a Plan, limits: FailoverLimits, budget: Option<&'a RetryBudget>) -> Self {
        if let Some(budget) = budget {
            budget.earn();
        }
        let keyless = plan.keys.is_empty().then_some(None);
        Self {
            plan,
            limits,
            budget,
            queue: plan.keys.iter().map(Some).chain(keyless).collect(),
            at: 0,
            tries_in_a_row: 0,
            attempts: 0,
            failures: 0,
            pause: None,
            next_pause: limits.first_pause,
            wait_ends: None,
        }
    }

    /// Returns what to do now. `left` is the time until the deadline.
    pub fn next(&mut self, now_ms: i64, left: Duration) -> Next<'a> {
        if self.queue.is_empty() || self.attempts >= MOST_ATTEMPTS {
            return Next::GiveUp;
        }
        if left < SHORTEST_ATTEMPT + self.pause.unwrap_or_default() {
            return Next::Late;
        }
        if let Some(pause) = self.pause.take() {
            return match self.budget {
                Some(budget) if !budget.take(now_ms) => Next::GiveUp,
                Some(_) | None => Next::Pause(pause),
            };
        }
        match self.claim(now_ms) {
            Some(turn) => Next::Try(turn),
            None if self.queue.is_empty() => Next::GiveUp,
            None => self.wait(left),
        }
    }

    /// Takes note of how the attempt failed, and for how long the provider asks to be left alone.
    pub fn failed(&mut self, class: FailureClass, asked: Option<Duration>) {
        match class.next_step() {
            NextStep::NextKey => self.leave(),
            NextStep::SameKeyLater => {
                self.failures += 1;
                let pause = self.next_pause;
                self.pause = Some(pause);
                self.next_pause *= 2;
                if self.failures >= self.limits.max_attempts {
                    self.queue.clear();
                } else if let Some(asked) = asked.filter(|asked| *asked > pause) {
                    self.heed(asked);
                } else if self.tries_in_a_row >= TRIES_IN_A_ROW {
                    self.put_off();
                }
            }
            NextStep::Stop => self.queue.clear(),
        }
    }

    /// The provider asks for more than the usual pause: other keys are tried meanwhile, the last one as late as asked.
    fn heed(&mut self, asked: Duration) {
        if asked > LONGEST_PAUSE {
            self.leave();
        } else if self.queue.len() > 1 {
            self.put_off();
        } else {
            // Jitter takes up to a fifth of a pause away.
            self.pause = Some(asked * 5 / 4);
        }
    }

    /// Leaves the key until no other is left.
    fn put_off(&mut self) {
        let again = self.queue.get(self.at).copied();
        self.leave();
        self.queue.extend(again);
    }

    /// Claims the first key that can be used, and forgets those before it that cannot.
    fn claim(&mut self, now_ms: i64) -> Option<Turn<'a>> {
        let ring = self.plan.ring.as_deref();
        let mut at = 0;
        while let Some(candidate) = self.queue.get(at).copied() {
            match candidate.map_or(Claimed::Yes(Lease::default()), |candidate| candidate.claim(ring, now_ms)) {
                Claimed::Yes(lease) => {
                    self.tries_in_a_row = if at == self.at { self.tries_in_a_row + 1 } else { 1 };
                    self.at = at;
                    self.attempts += 1;
                    return Some(Turn { candidate, lease });
                }
                Claimed::Busy => at += 1,
                Claimed::No => self.pass_over(at),
            }
        }
        None
    }

    fn pass_over(&mut self, at: usize) {
        self.queue.remove(at);
        match at.cmp(&self.at) {
            Ordering::Less => self.at -= 1,
            Ordering::Equal => self.tries_in_a_row = 0,
            Ordering::Greater => {}
        }
    }

    fn wait(&mut self, left: Duration) -> Next<'a> {
        let end = *self.wait_ends.get_or_insert(left.saturating_sub(PROBE_WAIT).max(SHORTEST_ATTEMPT));
        if left > end { Next::AwaitProbe(left - end) } else { Next::GiveUp }
    }

    fn leave(&mut self) {
        if self.at < self.queue.len() {
            self.queue.remove(self.at);
        }
        (self.at, self.tries_in_a_row) = (0, 0);
    }
}
