//! One record per request, also when the caller hangs up: what was asked, what was tried, what it took.

mod cost;
mod usage_record;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use self::cost::cost_of;
/// What requests ask for, and how they end.
pub use crate::domain::consumption::{Operation, Outcome};
use crate::domain::{
    error::{Error, ErrorKind},
    event::ChatEvent,
    key::Caller,
    model::Target,
    usage::{Attempt, Cost, Usage, UsageSource},
};

/// Who asked for what; fixed when the request begins.
#[derive(Debug)]
pub struct Request {
    pub operation: Operation,
    pub request_id: String,
    pub caller: Arc<Caller>,
    pub streamed: bool,
    /// A request that is dropped later than this was not given up by its caller.
    pub deadline: tokio::time::Instant,
}

/// What there is to tell of a request that is over.
#[derive(Debug)]
pub struct Record {
    pub request: Request,
    /// Unix milliseconds.
    pub started_ms: i64,
    /// `None` when the request was refused before it had a target.
    pub target: Option<Target>,
    /// The id of its model; empty when the request was refused before it was known.
    pub model_id: String,
    pub outcome: Outcome,
    pub attempts: Vec<Attempt>,
    /// Until the first visible event; `None` when there was none.
    pub first_output: Option<Duration>,
    pub total: Duration,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
}

impl Record {
    /// Says how a request ended that did not say so itself, and that its counters are not the last ones.
    fn close(&mut self) {
        if self.outcome == Outcome::Cancelled && tokio::time::Instant::now() >= self.request.deadline {
            self.outcome = Outcome::Failed(ErrorKind::UpstreamTimeout);
        }
        if let Some(usage) = self.usage.as_mut().filter(|_| self.outcome != Outcome::Completed) {
            usage.source = UsageSource::Partial;
        }
    }
}

/// Takes records from requests, never making them wait: when nobody reads them fast enough, they are counted as lost.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: Sender<Record>,
    lost: Arc<AtomicU64>,
}

/// The reading end of a [`Recorder`].
pub struct Records {
    queue: Receiver<Record>,
    lost: Arc<AtomicU64>,
}

/// Connects requests with whoever keeps their records. At most `capacity` records wait; room for them is made as they come.
pub fn recorder(capacity: usize) -> (Recorder, Records) {
    let (sender, receiver) = channel(capacity);
    let lost = Arc::new(AtomicU64::new(0));
    (Recorder { queue: sender, lost: lost.clone() }, Records { queue: receiver, lost })
}

impl Records {
    /// Returns the records that wait, without waiting for more.
    pub fn drain(&mut self) -> impl Iterator<Item = Record> + '_ {
        std::iter::from_fn(|| self.queue.try_recv().ok())
    }

    /// Returns how many records were lost since the last time.
    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// Watches one request from admission to its end and records it exactly once.
#[derive(Debug)]
pub struct Meter {
    /// Taken when the meter is dropped.
    record: Option<Record>,
    started: Instant,
    recorder: Recorder,
}

impl Meter {
    pub fn start(request: Request, recorder: Recorder) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = Record {
            request,
            started_ms: now.as_millis() as i64,
            target: None,
            model_id: String::new(),
            outcome: Outcome::Cancelled,
            attempts: Vec::new(),
            first_output: None,
            total: Duration::ZERO,
            usage: None,
            cost: None,
        };
        Self { record: Some(record), started: Instant::now(), recorder }
    }

    pub fn routed(&mut self, target: &Target) {
        self.edit(|record, _| record.target = Some(target.clone()));
    }

    /// Takes note that the caller may use the model of this id.
    pub fn admitted(&mut self, model_id: &str) {
        self.edit(|record, _| model_id.clone_into(&mut record.model_id));
    }

    pub fn attempted(&mut self, attempts: Vec<Attempt>) {
        self.edit(|record, _| record.attempts = attempts);
    }

    pub fn attempts(&self) -> &[Attempt] {
        self.record.as_ref().map_or(&[], |record| &record.attempts)
    }

    /// Returns the public id of the caller's key.
    pub fn caller_key(&self) -> &str {
        self.record.as_ref().map_or("", |record| &record.request.caller.key_id)
    }

    /// Takes note of an answer that came whole.
    pub fn completed(&mut self, usage: Option<&Usage>, cost: Cost) {
        self.edit(|record, started| {
            record.first_output = Some(started.elapsed());
            record.usage = usage.cloned();
            record.cost = Some(cost);
            record.outcome = Outcome::Completed;
        });
    }

    /// Takes note of an event on its way to the caller.
    pub fn saw(&mut self, event: &ChatEvent) {
        self.edit(|record, started| {
            if record.first_output.is_none() && event.is_visible() {
                record.first_output = Some(started.elapsed());
            }
            match event {
                ChatEvent::Usage(usage) => record.usage = Some(usage.clone()),
                ChatEvent::Finished(finished) => {
                    record.usage.clone_from(&finished.usage);
                    record.cost = finished.cost;
                    record.outcome = Outcome::Completed;
                }
                _ => {}
            }
        });
    }

    pub fn failed(&mut self, error: &Error) {
        self.edit(|record, _| {
            if !error.attempts.is_empty() {
                record.attempts.clone_from(&error.attempts);
            }
            record.outcome = Outcome::Failed(error.kind);
        });
    }

    /// Returns what is known of the consumption of a request that ends early.
    pub fn partial_usage(&self) -> Option<Usage> {
        let usage = self.record.as_ref()?.usage.clone()?;
        Some(Usage { source: UsageSource::Partial, ..usage })
    }

    fn edit(&mut self, change: impl FnOnce(&mut Record, Instant)) {
        if let Some(record) = &mut self.record {
            change(record, self.started);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else { return };
        record.total = self.started.elapsed();
        record.close();
        if self.recorder.queue.try_send(record).is_err() {
            self.recorder.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{FinishReason, Finished};

    #[test]
    fn every_request_is_recorded_once() {
        let (recorder, mut records) = recorder(3);
        let start = |id: &str| {
            let caller = Arc::new(Caller { user_id: "u".into(), key_id: "k".into(), ..Caller::default() });
            let deadline = tokio::time::Instant::now() + Duration::from_secs(if id == "late" { 0 } else { 60 });
            let operation = Operation::Chat;
            let request = Request { operation, request_id: id.into(), caller, streamed: true, deadline };
            Meter::start(request, recorder.clone())
        };
        let text = ChatEvent::Text { choice: 0, text: "hi".into(), logprobs: Vec::new() };
        let mut finished = start("finished");
        finished.saw(&text);
        finished.saw(&ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop")));
        drop(finished);
        let mut left = start("left");
        left.saw(&text);
        left.saw(&ChatEvent::Usage(Usage { input_tokens: Some(3), ..Usage::default() }));
        drop(left);
        drop(start("late"));
        let source = |r: &Record| r.usage.as_ref().map(|usage| usage.source);
        let told: Vec<_> = records
            .drain()
            .map(|r| (r.request.request_id.clone(), r.outcome, r.first_output.is_some(), source(&r)))
            .collect();
        let timeout = Outcome::Failed(ErrorKind::UpstreamTimeout);
        let want = [
            ("finished".to_owned(), Outcome::Completed, true, None),
            ("left".to_owned(), Outcome::Cancelled, true, Some(UsageSource::Partial)),
            ("late".to_owned(), timeout, false, None),
        ];
        assert_eq!(told, want);

        for _ in 0..4 {
            let mut failed = start("failed");
            failed.failed(&Error::new(ErrorKind::UpstreamError, "no"));
        }
        assert_eq!(records.drain().count(), 3, "the queue is bounded");
        assert_eq!((records.take_lost(), records.take_lost()), (1, 0));
    }

    /// Run with `--ignored --nocapture`; figures of a build that is not optimized are three times too high.
    #[test]
    #[ignore = "prints what the requests of a whole gateway pay for their records"]
    fn what_a_record_costs() {
        const REQUESTS: u32 = 5_000;
        let (recorder, mut records) = recorder(REQUESTS as usize);
        let caller = Arc::new(Caller { user_id: "user".into(), key_id: "key".into(), ..Caller::default() });
        let target = Target { provider: "google".into(), model: "gemini-3.8-flash".into() };
        let text = ChatEvent::Text { choice: 0, text: "hi".into(), logprobs: Vec::new() };
        let finished = Finished { usage: Some(Usage::default()), ..Finished::new(FinishReason::Stop, "stop") };
        let finished = ChatEvent::Finished(finished);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let mut best = Duration::MAX;
        for _ in 0..20 {
            let begun = Instant::now();
            for _ in 0..REQUESTS {
                let (operation, caller) = (Operation::Chat, caller.clone());
                let request_id = "req_0190c3d2a4b87c3e9f1a2b3c4d5e6f70".to_owned();
                let request = Request { operation, request_id, caller, streamed: true, deadline };
                let mut meter = Meter::start(request, recorder.clone());
                meter.routed(&target);
                meter.attempted(Vec::with_capacity(1));
                meter.saw(&text);
                meter.saw(&text);
                meter.saw(&finished);
            }
            best = best.min(begun.elapsed());
            assert_eq!(records.drain().count(), REQUESTS as usize);
        }
        println!("{} ns for each request", best.as_nanos() / u128::from(REQUESTS));
    }
}
