//! The events of an answer that has begun, completed with what only the gateway knows.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::Stream;

use crate::{
    domain::{
        error::{Error, ErrorKind, Result},
        event::{ChatEvent, Started},
        failure::{FailureClass, UpstreamFailure},
        usage::{Attempt, Warning},
    },
    metering::{Meter, cost_of},
    routing::{
        candidate::Candidate,
        catalog::Catalog,
        commit::Committed,
        failover::{Failover, Succeeded},
        plan::Plan,
        transport::EventStream,
        upstream_error::error_of,
    },
    states::{SeenStates, StateMemory},
};

/// What an answer is completed from.
pub struct Surroundings {
    pub catalog: Arc<Catalog>,
    pub memory: Arc<StateMemory>,
    pub failover: Arc<Failover>,
    pub plan: Plan,
    pub warnings: Vec<Warning>,
    pub meter: Meter,
}

/// The events of an answer that has begun.
pub struct Answer {
    head: std::vec::IntoIter<ChatEvent>,
    rest: EventStream,
    catalog: Arc<Catalog>,
    memory: Arc<StateMemory>,
    states: SeenStates,
    failover: Arc<Failover>,
    plan: Plan,
    /// The key that answers.
    key: Option<Candidate>,
    meter: Meter,
    ended: bool,
}

impl Answer {
    pub fn new(succeeded: Succeeded<Committed>, surroundings: Surroundings) -> Self {
        let Succeeded { answer: Committed { head, rest }, key, attempts } = succeeded;
        let Surroundings { catalog, memory, failover, plan, warnings, mut meter } = surroundings;
        let states = SeenStates::new(key.as_ref().map(|key| key.key().clone()));
        let head = arrange(head, &attempts, warnings).into_iter();
        meter.attempted(attempts);
        Self { head, rest, catalog, memory, states, failover, plan, key, meter, ended: false }
    }

    /// Adds to an event what the adapter could not know.
    fn complete(&mut self, mut event: ChatEvent) -> ChatEvent {
        match &mut event {
            ChatEvent::Started(started) => {
                started.provider.clone_from(&self.plan.target.provider);
                fill(started, &self.plan.target.model);
            }
            ChatEvent::ProviderState { state, .. } => self.states.stamp(state, &self.plan.target.provider),
            ChatEvent::Finished(finished) => {
                let model = self.catalog.model_at(&self.plan.target.provider, &self.plan.target.model);
                finished.cost = Some(cost_of(finished.cost, finished.usage.as_ref(), model));
                finished.attempts = self.meter.attempts().to_vec();
                self.states.remember(self.meter.caller_key(), &self.plan.target, &self.memory, Instant::now());
                self.ended = true;
            }
            _ => {}
        }
        self.meter.saw(&event);
        event
    }

    /// The answer broke after output had begun.
    fn interrupted(&mut self, failure: UpstreamFailure) -> Error {
        self.failover.broke_off(&self.plan, self.key.as_ref(), &failure, self.meter.attempts());
        let cause = error_of(&self.plan.target.provider, failure);
        let message = format!("the answer broke off after it had begun: {}", cause.message);
        let error = Error {
            kind: ErrorKind::StreamInterrupted,
            message,
            attempts: self.meter.attempts().to_vec(),
            partial_usage: self.meter.partial_usage(),
            ..cause
        };
        self.meter.failed(&error);
        self.ended = true;
        error
    }
}

impl Stream for Answer {
    type Item = Result<ChatEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(event) = self.head.next() {
            return Poll::Ready(Some(Ok(self.complete(event))));
        }
        self.rest.as_mut().poll_next(cx).map(|next| {
            Some(match next {
                Some(Ok(event)) => Ok(self.complete(event)),
                Some(Err(failure)) => Err(self.interrupted(failure)),
                None => Err(self.interrupted(UpstreamFailure {
                    code: Some("upstream_incomplete".into()),
                    ..UpstreamFailure::new(
                        FailureClass::Network,
                        "the provider closed the stream before completing the answer",
                    )
                })),
            })
        })
    }
}

/// Puts the failed attempts first, then `Started`, then the warnings, then what the provider sent.
fn arrange(head: Vec<ChatEvent>, attempts: &[Attempt], warnings: Vec<Warning>) -> Vec<ChatEvent> {
    let mut events = Vec::with_capacity(head.len() + warnings.len() + attempts.len());
    events.extend(attempts.iter().filter(|a| a.failure.is_some()).cloned().map(ChatEvent::Attempt));
    let mut head = head.into_iter().peekable();
    let started = head.next_if(|e| matches!(e, ChatEvent::Started(_)));
    events.push(started.unwrap_or_else(|| ChatEvent::Started(Started::default())));
    events.extend(warnings.into_iter().map(ChatEvent::Warning));
    events.extend(head);
    events
}

/// Makes up what the provider did not say, once, so that every chunk can carry it.
fn fill(started: &mut Started, model: &str) {
    if started.completion_id.is_empty() {
        started.completion_id = format!("chatcmpl-{}", uuid::Uuid::now_v7().simple());
    }
    if started.model.is_empty() {
        started.model = model.to_owned();
    }
    if started.created == 0 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        started.created = now.as_secs() as i64;
    }
}
