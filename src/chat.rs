//! USE CASE: completes a conversation. Admit, plan, fail over, meter.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::{Stream, StreamExt as _};
use tokio::time::Instant;

use crate::{
    domain::{
        chat::ChatRequest,
        completion::ChatCompletion,
        error::{Error, ErrorKind, Result},
        event::{ChatEvent, Started},
        failure::{FailureClass, UpstreamFailure},
        fold::Fold,
        key::{Caller, RequestKeys},
        model::Target,
        usage::{Attempt, Warning},
    },
    metering::{Meter, Recorder, Request, cost_of},
    routing::{
        catalog::Catalog,
        failover::{Committed, FailoverLimits, error_of, failover},
        plan::{FallbackKeys, plan},
        transport::{Delivery, EventStream},
    },
};

/// What the floor that moves bytes must offer.
pub use crate::routing::transport::Transport;

/// Who asks, until when and with which keys of their own.
#[derive(Debug)]
pub struct CallContext {
    pub caller: Caller,
    pub request_id: String,
    pub deadline: Instant,
    pub request_keys: RequestKeys,
}

/// The use case with everything it needs.
pub struct Chat<T> {
    pub catalog: Arc<Catalog>,
    pub fallback_keys: Arc<FallbackKeys>,
    pub transport: T,
    pub limits: FailoverLimits,
    pub recorder: Recorder,
}

impl<T: Transport> Chat<T> {
    /// Completes a conversation and returns the whole completion.
    pub async fn complete(&self, context: CallContext, request: ChatRequest) -> Result<ChatCompletion> {
        let mut fold = Fold::default();
        let mut answer = self.answer(context, request, Delivery::Whole).await?;
        while let Some(event) = answer.next().await {
            // Nothing was shown yet, so a break in the middle is a plain failure.
            fold.push(event.map_err(|e| match e.kind {
                ErrorKind::StreamInterrupted => Error { kind: ErrorKind::UpstreamError, ..e },
                _ => e,
            })?);
        }
        fold.into_completion().ok_or_else(|| Error::new(ErrorKind::Internal, "a completion without an end"))
    }

    /// Completes a conversation and returns its events. Errors before the first visible event are returned at once.
    pub async fn stream(&self, context: CallContext, request: ChatRequest) -> Result<Answer> {
        self.answer(context, request, Delivery::Streamed).await
    }

    async fn answer(&self, context: CallContext, mut request: ChatRequest, delivery: Delivery) -> Result<Answer> {
        let CallContext { caller, request_id, deadline, request_keys } = context;
        let mut meter = Meter::start(
            Request { request_id, caller, streamed: delivery == Delivery::Streamed },
            self.recorder.clone(),
        );
        let started = async {
            let (target, provider) = self.catalog.resolve(&request.model)?;
            meter.routed(&target);
            let plan = plan(target, provider, &request_keys, &self.fallback_keys)?;
            self.transport.fetch_media(&plan.target, &mut request, deadline).await?;
            let mut prepared = self.transport.prepare(&plan.target, &request, delivery)?;
            let warnings = T::warnings(&mut prepared);
            let committed = failover(&self.transport, &prepared, &plan, self.limits, deadline).await?;
            Ok((plan.target, warnings, committed))
        };
        match started.await {
            Ok((target, warnings, committed)) => {
                Ok(Answer::new(committed, warnings, self.catalog.clone(), target, meter))
            }
            Err(error) => {
                meter.failed(&error);
                Err(error)
            }
        }
    }
}

/// The events of an answer that has begun, completed with what only the gateway knows.
pub struct Answer {
    head: std::vec::IntoIter<ChatEvent>,
    rest: EventStream,
    catalog: Arc<Catalog>,
    target: Target,
    meter: Meter,
    ended: bool,
}

impl Answer {
    fn new(
        committed: Committed,
        warnings: Vec<Warning>,
        catalog: Arc<Catalog>,
        target: Target,
        mut meter: Meter,
    ) -> Self {
        let Committed { head, rest, attempts } = committed;
        let head = arrange(head, &attempts, warnings).into_iter();
        meter.attempted(attempts);
        Self { head, rest, catalog, target, meter, ended: false }
    }

    /// Adds to an event what the adapter could not know.
    fn complete(&mut self, mut event: ChatEvent) -> ChatEvent {
        match &mut event {
            ChatEvent::Started(started) => {
                started.provider.clone_from(&self.target.provider);
                fill(started, &self.target.model);
            }
            ChatEvent::Finished(finished) => {
                finished.cost =
                    Some(cost_of(finished, self.catalog.model_at(&self.target.provider, &self.target.model)));
                finished.attempts = self.meter.attempts().to_vec();
                self.ended = true;
            }
            _ => {}
        }
        self.meter.saw(&event);
        event
    }

    /// The answer broke after output had begun.
    fn interrupted(&mut self, failure: UpstreamFailure) -> Error {
        let cause = error_of(&self.target.provider, failure);
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
