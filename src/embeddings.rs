//! USE CASE: turns texts into vectors. Admit, plan, fail over, meter, as for chats; but an answer counts only when it
//! is whole.

use std::sync::Arc;

use tokio::time::Instant;

/// What the floor that moves bytes must offer.
pub use crate::routing::transport::EmbeddingTransport;
use crate::{
    domain::{
        embedding::{EmbeddingReply, EmbeddingRequest, Embeddings},
        error::{Error, Result},
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::Capability,
        usage::Usage,
    },
    metering::{Meter, Operation, Recorder, Request, cost_of},
    routing::{
        call::{CallContext, admit},
        catalog::Catalog,
        failover::{Attempts, Failover, Succeeded},
        plan::{Asked, KeySources},
    },
};

/// The use case with everything it needs.
pub struct Embedder<T> {
    pub catalog: Arc<Catalog>,
    pub keys: KeySources,
    pub transport: Arc<T>,
    pub failover: Arc<Failover>,
    pub recorder: Recorder,
}

impl<T: EmbeddingTransport> Embedder<T> {
    /// Embeds the inputs of the request.
    pub async fn embed(&self, context: CallContext, request: EmbeddingRequest) -> Result<Embeddings> {
        let CallContext { caller, request_id, deadline, request_keys } = context;
        let asked = Asked { caller: caller.clone(), request_id: request_id.clone(), model_id: String::new() };
        let mut meter = Meter::start(
            Request { operation: Operation::Embeddings, request_id, caller, streamed: false, deadline },
            self.recorder.clone(),
        );
        let embedded = async {
            // The contract's path differs from that of chats.
            let resolved = self.catalog.resolve(&request.model);
            let (target, provider) = resolved.map_err(|e| Error { field: Some("model".into()), ..e })?;
            meter.routed(&target);
            let model_id = admit(&self.catalog, &asked.caller, &target, provider, "model")?;
            meter.admitted(&model_id);
            self.catalog.check(&target, Capability::Embeddings, "model")?;
            let plan = self.keys.plan(target, provider, Asked { model_id, ..asked }, &request_keys)?;
            let mut prepared = self.transport.prepare(&plan.target, &request)?;
            let warnings = T::warnings(&mut prepared);
            let inputs = request.inputs.len();
            let mut attempts = EmbeddingAttempts { transport: &*self.transport, prepared, inputs, deadline };
            let Succeeded { answer, attempts, .. } = self.failover.run(&mut attempts, &plan, deadline).await?;
            let EmbeddingReply { model, vectors, usage } = answer;
            let known = self.catalog.model_at(&plan.target.provider, &plan.target.model);
            let cost = cost_of(None, usage.clone().map(without_output).as_ref(), known);
            meter.attempted(attempts.clone());
            meter.completed(usage.as_ref(), cost);
            let model = if model.is_empty() { plan.target.model } else { model };
            let provider = plan.target.provider;
            Ok(Embeddings { model, provider, vectors, usage, cost: Some(cost), attempts, warnings })
        }
        .await;
        embedded.inspect_err(|error| meter.failed(error))
    }
}

/// Vectors are no output tokens, so nothing of the price is unknown.
fn without_output(usage: Usage) -> Usage {
    Usage { output_tokens: usage.output_tokens.or(Some(0)), ..usage }
}

/// What is tried.
struct EmbeddingAttempts<'a, T: EmbeddingTransport> {
    transport: &'a T,
    prepared: T::Prepared,
    inputs: usize,
    deadline: Instant,
}

impl<T: EmbeddingTransport> Attempts for EmbeddingAttempts<'_, T> {
    type Answer = EmbeddingReply;

    async fn attempt(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<EmbeddingReply, UpstreamFailure> {
        let reply = self.transport.embed(&self.prepared, key.map(Arc::as_ref), self.deadline).await?;
        if reply.vectors.len() != self.inputs {
            let message = format!("the provider sent {} vectors for {} inputs", reply.vectors.len(), self.inputs);
            return Err(UpstreamFailure::new(FailureClass::BadResponse, message));
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests;
