//! Calls that are no chats: embeddings, and the provider's list of its models. They have no stream and one try each; who
//! makes them decides about other keys.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::{
    attempt,
    call::Call,
    provider::HttpUpstream,
    transport::{Upstreams, accepted},
};
use crate::{
    domain::{
        embedding::{EmbeddingReply, EmbeddingRequest},
        error::Error,
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::{ListedModel, Target},
        usage::Warning,
    },
    providers::{
        adapter::{Encoded, Reply},
        sandbox::embed::{MAX_DIMENSIONS, MODEL, embed},
    },
    routing::transport::{EmbeddingTransport, ModelLists},
};

/// Embeddings ready to be asked for.
pub enum PreparedEmbeddings {
    Http { upstream: Arc<HttpUpstream>, encoded: Encoded },
    Sandbox(EmbeddingReply),
}

impl EmbeddingTransport for Upstreams {
    type Prepared = PreparedEmbeddings;

    fn prepare(&self, target: &Target, request: &EmbeddingRequest) -> Result<PreparedEmbeddings, Error> {
        let Some(upstream) = self.provider(&target.provider) else {
            return sandbox(target, request).map(PreparedEmbeddings::Sandbox);
        };
        let Some(adapter) = upstream.adapter.embeddings() else { return Err(none_at(target)) };
        let encoded = adapter.encode_embeddings(request, &target.model);
        let encoded = accepted(encoded, request.strict, &target.provider)?;
        Ok(PreparedEmbeddings::Http { upstream: upstream.clone(), encoded })
    }

    fn warnings(prepared: &mut PreparedEmbeddings) -> Vec<Warning> {
        match prepared {
            PreparedEmbeddings::Http { encoded, .. } => std::mem::take(&mut encoded.warnings),
            PreparedEmbeddings::Sandbox(_) => Vec::new(),
        }
    }

    fn embed<'a>(
        &'a self,
        prepared: &'a PreparedEmbeddings,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EmbeddingReply, UpstreamFailure>> {
        async move {
            let (upstream, encoded) = match prepared {
                PreparedEmbeddings::Sandbox(reply) => return Ok(reply.clone()),
                PreparedEmbeddings::Http { upstream, encoded } => (upstream, encoded),
            };
            let adapter = upstream.adapter.embeddings().ok_or_else(nothing)?;
            let call = self.call(upstream, key, deadline);
            let (status, headers, body) = attempt::whole(call, || call.post(encoded)).await?;
            adapter.decode_embeddings(Reply { status, headers: &headers, body: &body })
        }
        .boxed()
    }
}

impl ModelLists for Upstreams {
    fn has_list(&self, provider: &str) -> bool {
        self.provider(provider).is_some_and(|upstream| upstream.adapter.model_list().is_some())
    }

    fn list<'a>(
        &'a self,
        provider: &'a str,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<ListedModel>, UpstreamFailure>> {
        async move {
            let upstream = self.provider(provider).ok_or_else(nothing)?;
            listed(self.call(upstream, key, deadline)).await
        }
        .boxed()
    }
}

/// Reads the provider's list of its models.
pub(super) async fn listed(call: Call<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
    let list = call.upstream.adapter.model_list().ok_or_else(nothing)?;
    let (status, headers, body) = get(call, list.path()).await?;
    list.decode_models(Reply { status, headers: &headers, body: &body })
}

/// Reads what is at a path of the provider.
pub(super) async fn get(call: Call<'_>, path: &str) -> Result<(u16, HeaderMap, Bytes), UpstreamFailure> {
    let request = || Ok(call.request(Method::GET, call.upstream.address(path).ok_or_else(nothing)?));
    attempt::whole(call, request).await
}

pub(super) fn nothing() -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::Caller, "the provider offers nothing of this kind")
}

fn sandbox(target: &Target, request: &EmbeddingRequest) -> Result<EmbeddingReply, Error> {
    if target.model != MODEL {
        return Err(none_at(target));
    }
    if request.dimensions.is_some_and(|wanted| wanted > MAX_DIMENSIONS) {
        return Err(Error::invalid("dimensions", format!("dimensions must be from 1 to {MAX_DIMENSIONS} here")));
    }
    Ok(embed(request))
}

fn none_at(target: &Target) -> Error {
    let Target { provider, model } = target;
    let message = format!("provider {provider} makes no embeddings with the model `{model}`");
    Error::invalid("model", message).with("provider", provider)
}

#[cfg(test)]
mod tests;
