//! What is tried for a chat: the request, translated anew only when a state in it is bound to another key.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    domain::{
        chat::ChatRequest,
        error::Error,
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        usage::{Warning, WarningAction},
    },
    routing::{
        commit::{Committed, commit},
        failover::Attempts,
        plan::Plan,
        transport::{Delivery, Transport},
    },
    states::{Pins, without_states},
};

/// The attempts at one chat.
pub struct ChatAttempts<'a, T: Transport> {
    transport: &'a T,
    plan: &'a Plan,
    request: &'a ChatRequest,
    pins: Pins,
    delivery: Delivery,
    deadline: Instant,
    prepared: T::Prepared,
    /// The key it is prepared for.
    key: Option<Arc<ProviderKey>>,
    left_out: Option<Warning>,
}

impl<'a, T: Transport> ChatAttempts<'a, T> {
    /// Translates the request for the first key of the plan.
    pub fn prepare(
        transport: &'a T,
        plan: &'a Plan,
        request: &'a ChatRequest,
        pins: Pins,
        (delivery, deadline): (Delivery, Instant),
    ) -> Result<Self, Error> {
        let key = plan.keys.first().map(|candidate| candidate.key().clone());
        let (to_send, left_out) = pins.request_for(key.as_deref(), request);
        let prepared = transport.prepare(&plan.target, &to_send, delivery)?;
        Ok(Self { transport, plan, request, pins, delivery, deadline, prepared, key, left_out })
    }

    /// Returns what was changed for the attempt that was made last.
    pub fn into_warnings(mut self) -> Vec<Warning> {
        let mut warnings = self.pins.warnings;
        warnings.extend(self.left_out);
        warnings.extend(T::warnings(&mut self.prepared));
        warnings
    }

    async fn open(&self, key: Option<&Arc<ProviderKey>>) -> Result<Committed, UpstreamFailure> {
        commit(self.transport.open(&self.prepared, key.map(Arc::as_ref), self.deadline).await?).await
    }

    /// Translates the request as if the provider had told nothing to be sent back, and tells the caller.
    fn prepare_without_states(&mut self) -> Result<(), Error> {
        let to_send = without_states(self.request);
        self.prepared = self.transport.prepare(&self.plan.target, &to_send, self.delivery)?;
        self.left_out = Some(Warning {
            field: "prompt.messages".to_owned(),
            action: WarningAction::Dropped,
            message: "the provider refused the provider state of earlier turns, so it was asked without".to_owned(),
        });
        Ok(())
    }

    fn prepare_for(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<(), Error> {
        let (to_send, left_out) = self.pins.request_for(key.map(Arc::as_ref), self.request);
        self.prepared = self.transport.prepare(&self.plan.target, &to_send, self.delivery)?;
        (self.key, self.left_out) = (key.cloned(), left_out);
        Ok(())
    }
}

impl<T: Transport> Attempts for ChatAttempts<'_, T> {
    type Answer = Committed;

    async fn attempt(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<Committed, UpstreamFailure> {
        let same = match (key, &self.key) {
            (Some(key), Some(own)) => Arc::ptr_eq(key, own),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if self.pins.keyed && !same {
            self.prepare_for(key).map_err(|e| UpstreamFailure::new(FailureClass::Caller, e.message))?;
        }
        match self.open(key).await {
            Err(failure) if !self.request.strict && T::refuses_states(&self.prepared, &failure) => {
                self.prepare_without_states().map_err(|_| failure)?;
                self.open(key).await
            }
            outcome => outcome,
        }
    }
}
