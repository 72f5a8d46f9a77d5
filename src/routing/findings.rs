//! What one request finds out about keys: put into the pool at once, and told to whoever stores it when the request is
//! over, also when its caller hangs up before.

use std::time::Duration;

use super::{
    candidate::Candidate,
    chooser::Turn,
    key_pool::{KeyPool, RingKey},
    plan::Plan,
    upstream_error::{error_of, exhausted, late},
};
use crate::domain::{
    error::Error,
    failure::{FailureClass, NextStep, UpstreamFailure},
    happening::{Happening, KeyChange},
    quoted::without_quotes,
    usage::Attempt,
};

/// What one request has found out so far. Dropping it tells of the changes.
pub struct Findings<'a> {
    pool: &'a KeyPool,
    plan: &'a Plan,
    at_ms: i64,
    changes: Vec<KeyChange>,
    attempts: Vec<Attempt>,
    /// How the last attempt failed, and with which key.
    failure: Option<(Option<&'a Candidate>, UpstreamFailure)>,
    /// The key of the last attempt that failed because of its key.
    refused: Option<(&'a Candidate, FailureClass)>,
    /// The keys that were selected when they failed in this request, and why they did.
    left: Vec<(&'a RingKey, FailureClass)>,
}

impl<'a> Findings<'a> {
    pub fn new(pool: &'a KeyPool, plan: &'a Plan) -> Self {
        Self {
            pool,
            plan,
            at_ms: 0,
            changes: Vec::new(),
            attempts: Vec::new(),
            failure: None,
            refused: None,
            left: Vec::new(),
        }
    }

    /// An attempt failed.
    pub fn failed(&mut self, turn: &Turn<'a>, failure: UpstreamFailure, took: Duration, now_ms: i64) {
        self.at_ms = now_ms;
        self.attempts.push(attempt(self.plan, turn, Some(&failure), took));
        if let (Some(candidate), NextStep::NextKey) = (turn.candidate, failure.class.next_step()) {
            self.changes.extend(rest(self.plan, candidate, &failure, now_ms));
            self.refused = Some((candidate, failure.class));
            if let (Candidate::Stored(key), Some(ring)) = (candidate, &self.plan.ring)
                && ring.is_selected(key)
            {
                self.left.push((key, failure.class));
            }
        }
        self.failure = Some((turn.candidate, failure));
    }

    /// An attempt worked. Its key has recovered if it was a probe, and is selected in place of a selected one that failed
    /// in this request. Returns all attempts.
    pub fn succeeded(mut self, turn: &Turn<'a>, took: Duration, now_ms: i64) -> Vec<Attempt> {
        self.at_ms = now_ms;
        self.attempts.push(attempt(self.plan, turn, None, took));
        if let Some(candidate) = turn.candidate {
            if turn.lease.is_probe() {
                self.changes.extend(recover(self.plan, candidate, now_ms));
            }
            if let (Candidate::Stored(_), Some(ring)) = (candidate, &self.plan.ring) {
                ring.worked();
            }
            self.changes.extend(self.reselect(candidate).or_else(|| self.failed_over(candidate)));
        }
        self.take_attempts()
    }

    /// Nothing is left to try, or no time. Returns what the caller is told.
    pub fn give_up(mut self, is_late: bool, now_ms: i64) -> Error {
        self.at_ms = now_ms;
        let provider = &self.plan.target.provider;
        let error = match self.failure.take() {
            Some((key, failure)) if failure.class.next_step() != NextStep::NextKey => {
                self.changes.extend(ended(key, &failure));
                error_of(provider, failure)
            }
            Some((_, failure)) if !is_late && self.plan.ring.is_none() => error_of(provider, failure),
            Some(_) | None if is_late => late(provider),
            Some(_) | None => self.exhausted(now_ms),
        };
        Error { attempts: self.take_attempts(), ..error }
    }

    fn exhausted(&mut self, now_ms: i64) -> Error {
        let lives = self.plan.keys.iter().filter_map(Candidate::live);
        let soonest_ms = lives.filter_map(|live| live.usable_in_ms(now_ms)).min();
        let error = exhausted(&self.plan.target.provider, soonest_ms);
        if self.plan.ring.as_ref().is_some_and(|ring| ring.exhaustion_is_news()) {
            let wait = error.retry_after.filter(|_| soonest_ms.is_some());
            let retry_ms = wait.and_then(|wait| i64::try_from(wait.as_millis()).ok());
            self.changes.push(KeyChange::Exhausted { retry_ms });
        }
        error
    }

    /// Selects the key that worked if the selected one failed in this request. The keys are looked up anew: their owner
    /// may have switched it off meanwhile.
    fn reselect(&self, worked: &Candidate) -> Option<KeyChange> {
        let (Candidate::Stored(to), false) = (worked, self.left.is_empty()) else { return None };
        let ring = self.pool.ring(&self.plan.asked.caller.user_id, &self.plan.target.provider)?;
        ring.keys.iter().find(|key| key.number == to.number && key.active())?;
        let (from, class) = self.left.iter().find(|(from, _)| ring.reselect(from, to, self.plan.choice))?;
        Some(KeyChange::FailedOver { from: from.name(), to: to.name(), class: *class, reselect: true })
    }

    fn failed_over(&self, worked: &Candidate) -> Option<KeyChange> {
        let (from, class) = self.refused?;
        Some(KeyChange::FailedOver { from: from.name(), to: worked.name(), class, reselect: false })
    }

    fn take_attempts(&mut self) -> Vec<Attempt> {
        if self.changes.is_empty() { std::mem::take(&mut self.attempts) } else { self.attempts.clone() }
    }
}

impl Drop for Findings<'_> {
    fn drop(&mut self) {
        let (changes, attempts) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.attempts));
        tell(self.pool, self.plan, changes, attempts, self.at_ms);
    }
}

/// An answer that had begun broke off. Tells of it if that says something of its key.
pub fn broke_off(
    pool: &KeyPool,
    plan: &Plan,
    candidate: &Candidate,
    (failure, attempts): (&UpstreamFailure, &[Attempt]),
    now_ms: i64,
) {
    tell(pool, plan, rest(plan, candidate, failure, now_ms), attempts.to_vec(), now_ms);
}

fn tell(pool: &KeyPool, plan: &Plan, changes: Vec<KeyChange>, mut attempts: Vec<Attempt>, at_ms: i64) {
    if changes.is_empty() {
        return;
    }
    for attempt in &mut attempts {
        attempt.message = without_quotes(&attempt.message);
    }
    pool.tell(Happening {
        user_id: plan.asked.caller.user_id.clone(),
        provider: plan.target.provider.clone(),
        caller: Some(plan.asked.caller.clone()),
        request_id: plan.asked.request_id.clone(),
        model_id: plan.asked.model_id.clone(),
        at_ms,
        changes,
        attempts,
    });
}

fn rest(plan: &Plan, candidate: &Candidate, failure: &UpstreamFailure, now_ms: i64) -> Vec<KeyChange> {
    match (candidate, &plan.ring) {
        (Candidate::Stored(key), Some(ring)) => return ring.failed(key, failure, now_ms),
        (Candidate::Fallback(_, Some(live)), _) if failure.class.next_step() == NextStep::NextKey => {
            // Nobody tests it or sets it anew, and the gateway does not probe it: whatever was wrong, requests try it
            // again after some minutes.
            live.failed(&UpstreamFailure { class: FailureClass::RateLimit, ..failure.clone() }, now_ms);
        }
        _ => {}
    }
    Vec::new()
}

fn recover(plan: &Plan, candidate: &Candidate, now_ms: i64) -> Option<KeyChange> {
    match candidate {
        Candidate::Stored(key) => plan.ring.as_ref()?.recovered(key, now_ms),
        Candidate::Fallback(_, Some(live)) => {
            live.succeeded(now_ms);
            None
        }
        Candidate::Header(_) | Candidate::Fallback(_, None) => None,
    }
}

/// The request ends in an error of the provider that says nothing of its stored key.
fn ended(key: Option<&Candidate>, failure: &UpstreamFailure) -> Option<KeyChange> {
    match (key, failure.class.next_step()) {
        (Some(Candidate::Stored(key)), NextStep::SameKeyLater) => {
            let message = without_quotes(&failure.message);
            Some(KeyChange::Failed { key: key.name(), class: failure.class, message })
        }
        _ => None,
    }
}

fn attempt(plan: &Plan, turn: &Turn<'_>, failure: Option<&UpstreamFailure>, took: Duration) -> Attempt {
    Attempt {
        provider: plan.target.provider.clone(),
        model: plan.target.model.clone(),
        key_alias: turn.candidate.map(|candidate| candidate.key().alias.clone()).unwrap_or_default(),
        failure: failure.map(|failure| failure.class),
        http_status: failure.and_then(|failure| failure.http_status),
        duration_ms: took.as_millis() as u64,
        message: failure.map(|failure| failure.message.clone()).unwrap_or_default(),
    }
}
