//! The loop that finds an attempt that works: next key, same key later, or stop. What counts as working is the matter of
//! what is tried: a stream works as soon as it shows something, an embedding when it is whole.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

pub use super::chooser::FailoverLimits;
use super::{
    candidate::Candidate,
    chooser::{Chooser, Next},
    findings::{Findings, broke_off},
    key_pool::KeyPool,
    plan::Plan,
    retry_budget::RetryBudgets,
    standing::Standings,
};
use crate::domain::{error::Error, failure::UpstreamFailure, key::ProviderKey, usage::Attempt};

/// What is tried: the same wish, sent to the provider with one key after the other.
pub trait Attempts: Send {
    /// What an attempt that works gives.
    type Answer: Send;

    /// Makes one attempt.
    fn attempt(
        &mut self,
        key: Option<&Arc<ProviderKey>>,
    ) -> impl Future<Output = Result<Self::Answer, UpstreamFailure>> + Send;
}

/// An attempt that worked.
#[derive(Debug)]
pub struct Succeeded<A> {
    pub answer: A,
    /// The key it was made with; `None` where the provider needs none.
    pub key: Option<Candidate>,
    /// Every attempt in order; the last one is this one.
    pub attempts: Vec<Attempt>,
}

/// What all requests share on their way through the loop.
pub struct Failover {
    pub limits: FailoverLimits,
    pub pool: Arc<KeyPool>,
    pub budgets: RetryBudgets,
    pub standings: Standings,
    /// The wall clock in Unix milliseconds.
    pub now_ms: fn() -> i64,
}

impl Failover {
    /// Tries until an attempt works, or nothing is left to try.
    pub async fn run<A: Attempts>(
        &self,
        what: &mut A,
        plan: &Plan,
        deadline: Instant,
    ) -> Result<Succeeded<A::Answer>, Error> {
        let mut chooser = Chooser::new(plan, self.limits, self.budgets.of(&plan.target.provider));
        let mut findings = Findings::new(&self.pool, plan);
        let standing = self.standings.of(&plan.target.provider);
        loop {
            let probed = plan.ring.as_ref().map(|ring| ring.shared.probed.notified());
            let started = Instant::now();
            match chooser.next((self.now_ms)(), deadline.duration_since(started)) {
                Next::Try(turn) => match what.attempt(turn.candidate.map(Candidate::key)).await {
                    Ok(answer) => {
                        let now_ms = (self.now_ms)();
                        standing.inspect(|standing| standing.answered(now_ms));
                        let attempts = findings.succeeded(&turn, started.elapsed(), now_ms);
                        return Ok(Succeeded { answer, key: turn.candidate.cloned(), attempts });
                    }
                    Err(failure) => {
                        let now_ms = (self.now_ms)();
                        chooser.failed(failure.class, failure.retry_after);
                        standing.inspect(|standing| standing.failed(failure.class, now_ms));
                        findings.failed(&turn, failure, started.elapsed(), now_ms);
                    }
                },
                Next::Pause(pause) => sleep(jittered(pause, started)).await,
                Next::AwaitProbe(longest) => wait_for(probed, longest).await,
                Next::GiveUp => return Err(findings.give_up(false, (self.now_ms)())),
                Next::Late => return Err(findings.give_up(true, (self.now_ms)())),
            }
        }
    }

    /// Takes note that an answer broke off after it had begun.
    pub fn broke_off(&self, plan: &Plan, key: Option<&Candidate>, failure: &UpstreamFailure, attempts: &[Attempt]) {
        if let Some(key) = key {
            broke_off(&self.pool, plan, key, (failure, attempts), (self.now_ms)());
        }
    }
}

/// Waits for the end of another request's probe. Too long a wait ends by itself; what to do then is chosen anew.
async fn wait_for(probed: Option<impl Future<Output = ()>>, longest: Duration) {
    match probed {
        Some(probed) => drop(timeout(longest, probed).await),
        None => sleep(longest).await,
    }
}

/// Spreads pauses between 0.8 and 1.2 times their length, so that callers who failed together do not return together.
fn jittered(pause: Duration, seed: Instant) -> Duration {
    let noise = seed.elapsed().subsec_nanos().wrapping_mul(2_654_435_761) % 400;
    pause * (800 + noise) / 1000
}

#[cfg(test)]
mod tests;
