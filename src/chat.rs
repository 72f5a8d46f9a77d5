//! USE CASE: completes a conversation. Admit, plan, fail over, meter.

mod answer;
mod attempts;

use std::{sync::Arc, time::Instant};

use futures_util::StreamExt as _;

pub use self::answer::Answer;
use self::{answer::Surroundings, attempts::ChatAttempts};
/// What the floor that moves bytes must offer, and who calls.
pub use crate::routing::{call::CallContext, transport::Transport};
use crate::{
    domain::{
        chat::{ChatRequest, Part},
        completion::ChatCompletion,
        error::{Error, ErrorKind, Result},
        fold::Fold,
        image_limit::ImageLimit,
        model::Capability,
    },
    metering::{Meter, Operation, Recorder, Request},
    routing::{
        call::admit,
        catalog::Catalog,
        failover::Failover,
        plan::{Asked, KeySources},
        transport::Delivery,
    },
    states::{Pinning, StateMemory, pin},
};

/// The use case with everything it needs.
pub struct Chat<T> {
    pub catalog: Arc<Catalog>,
    pub keys: KeySources,
    pub transport: Arc<T>,
    pub failover: Arc<Failover>,
    pub memory: Arc<StateMemory>,
    pub recorder: Recorder,
    /// How large a picture may be that comes as bytes.
    pub image_limit: ImageLimit,
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
        let operation = request.operation;
        let streamed = delivery == Delivery::Streamed;
        let asked = Asked { caller: caller.clone(), request_id: request_id.clone(), model_id: String::new() };
        let mut meter =
            Meter::start(Request { operation, request_id, caller, streamed, deadline }, self.recorder.clone());
        let started = async {
            let (target, provider) = self.catalog.resolve(&request.model)?;
            meter.routed(&target);
            let model_id = admit(&self.catalog, &asked.caller, &target, provider, "prompt.model")?;
            meter.admitted(&model_id);
            self.catalog.check(&target, capability_for(&request), "prompt.model")?;
            self.image_limit.hold(&request.messages)?;
            let mut plan = self.keys.plan(target, provider, Asked { model_id, ..asked }, &request_keys)?;
            let mut warnings = self.transport.prepare_media(&plan.target, &mut request, deadline).await?;
            let (target, caller) = (&plan.target, meter.caller_key());
            let pinning = Pinning { target, memory: &self.memory, caller, now: Instant::now() };
            let pins = pin(&mut request, &mut plan.keys, pinning)?;
            let mut attempts = ChatAttempts::prepare(&*self.transport, &plan, &request, pins, (delivery, deadline))?;
            let succeeded = self.failover.run(&mut attempts, &plan, deadline).await?;
            warnings.extend(attempts.into_warnings());
            Ok((warnings, plan, succeeded))
        };
        match started.await {
            Ok((warnings, plan, succeeded)) => {
                let (catalog, memory, failover) = (self.catalog.clone(), self.memory.clone(), self.failover.clone());
                Ok(Answer::new(succeeded, Surroundings { catalog, memory, failover, plan, warnings, meter }))
            }
            Err(error) => {
                meter.failed(&error);
                Err(error)
            }
        }
    }
}

/// What a model must be able to do. Which of them read documents is told by how their provider takes files.
fn capability_for(request: &ChatRequest) -> Capability {
    let sees = |part: &Part| matches!(part, Part::Image(_));
    let pictures = request.messages.iter().flat_map(|message| &message.parts).any(sees);
    if request.operation == Operation::Vision && pictures { Capability::Vision } else { Capability::Chat }
}

#[cfg(test)]
mod tests;
