//! One request of a play, step by step: what the loop of failover does, without waiting.

use std::time::Duration;

use super::world::World;
use crate::{
    domain::{error::Error, failure::UpstreamFailure, health::KeyState},
    routing::{
        candidate::Candidate,
        chooser::{Chooser, FailoverLimits, Next, Turn},
        findings::Findings,
        key_pool::KeyPool,
        plan::Plan,
        retry_budget::RetryBudget,
    },
};

/// As long as a client of ours waits by default.
pub const DEADLINE_MS: i64 = 120_000;

/// A request under way.
pub struct Request<'a> {
    chooser: Chooser<'a>,
    /// `None` when the request is over.
    findings: Option<Findings<'a>>,
    under_way: Option<(Turn<'a>, Result<(), UpstreamFailure>)>,
    arrived: i64,
    /// When it goes on.
    pub at: i64,
    pub waits_for_probe: bool,
    pub attempts: u32,
}

/// What a step of a request shows.
pub enum Step<'a> {
    /// An attempt began.
    Began(&'a Candidate, bool),
    /// An attempt ended.
    Ended {
        candidate: &'a Candidate,
        probe: bool,
        says_something: bool,
    },
    Waits,
    Succeeded {
        candidate: &'a Candidate,
        probe: bool,
    },
    GaveUp(Box<Error>),
}

impl<'a> Request<'a> {
    pub fn new(pool: &'a KeyPool, plan: &'a Plan, budget: Option<&'a RetryBudget>, now: i64) -> Self {
        let limits = FailoverLimits { max_attempts: 3, first_pause: Duration::from_millis(200) };
        Self {
            chooser: Chooser::new(plan, limits, budget),
            findings: Some(Findings::new(pool, plan)),
            under_way: None,
            arrived: now,
            at: now,
            waits_for_probe: false,
            attempts: 0,
        }
    }

    pub fn is_over(&self) -> bool {
        self.findings.is_none()
    }

    /// The key under way, if it is being probed.
    pub fn probes(&self) -> Option<&'a Candidate> {
        self.under_way.as_ref().filter(|(turn, _)| turn.lease.is_probe()).and_then(|(turn, _)| turn.candidate)
    }

    /// The caller hangs up.
    pub fn abandon(&mut self) {
        self.under_way = None;
        self.findings = None;
    }

    /// Goes on at its time. An attempt takes `latency`.
    pub fn step(&mut self, world: &World, now: i64, latency: i64) -> Step<'a> {
        self.waits_for_probe = false;
        match self.under_way.take() {
            Some((turn, outcome)) => self.end(turn, outcome, now),
            None => self.go_on(world, now, latency),
        }
    }

    fn end(&mut self, turn: Turn<'a>, outcome: Result<(), UpstreamFailure>, now: i64) -> Step<'a> {
        let candidate = turn.candidate.expect("keys are needed");
        let probe = turn.lease.is_probe();
        match outcome {
            Ok(()) => {
                let findings = self.findings.take().expect("it is not over");
                findings.succeeded(&turn, Duration::ZERO, now);
                Step::Succeeded { candidate, probe }
            }
            Err(failure) => {
                let says_something = KeyState::after(failure.class).is_some();
                self.chooser.failed(failure.class, failure.retry_after);
                self.findings.as_mut().expect("it is not over").failed(&turn, failure, Duration::ZERO, now);
                Step::Ended { candidate, probe, says_something }
            }
        }
    }

    fn go_on(&mut self, world: &World, now: i64, latency: i64) -> Step<'a> {
        let left = u64::try_from(self.arrived + DEADLINE_MS - now).unwrap_or(0);
        match self.chooser.next(now, Duration::from_millis(left)) {
            Next::Try(turn) => {
                let candidate = turn.candidate.expect("keys are needed");
                let probe = turn.lease.is_probe();
                self.under_way = Some((turn, world.answer(candidate, now)));
                self.at = now + latency;
                self.attempts += 1;
                Step::Began(candidate, probe)
            }
            Next::Pause(pause) => {
                self.at = now + pause.as_millis() as i64;
                Step::Waits
            }
            Next::AwaitProbe(longest) => {
                self.at = now + longest.as_millis() as i64;
                self.waits_for_probe = true;
                Step::Waits
            }
            next @ (Next::GiveUp | Next::Late) => {
                let findings = self.findings.take().expect("it is not over");
                Step::GaveUp(Box::new(findings.give_up(matches!(next, Next::Late), now)))
            }
        }
    }
}
