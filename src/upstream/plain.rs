//! Calls that are no chats: embeddings, and the provider's list of its models. They have no stream and one try each;
//! who makes them decides about other keys.

use http::Method;
use tokio::time::Instant;

use super::{
    attempt,
    call::JSON,
    transport::{Upstreams, accepted},
};
use crate::{
    domain::{
        embedding::{EmbeddingReply, EmbeddingRequest},
        error::{Error, ErrorKind},
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::{ListedModel, Target},
    },
    providers::adapter::{Encoded, Reply},
};

impl Upstreams {
    /// Translates a request for embeddings. Nothing is sent yet, so an error here is the caller's.
    pub fn prepare_embeddings(&self, target: &Target, request: &EmbeddingRequest) -> Result<Encoded, Error> {
        let Some(adapter) = self.provider(&target.provider).and_then(|upstream| upstream.adapter.embeddings()) else {
            let message = format!("provider {} has no embeddings", target.provider);
            return Err(Error::new(ErrorKind::NotImplemented, message).with("provider", &target.provider));
        };
        accepted(adapter.encode_embeddings(request, &target.model), request.strict, &target.provider)
    }

    /// Asks for embeddings with one key.
    pub async fn embed(
        &self,
        target: &Target,
        encoded: &Encoded,
        key: Option<&ProviderKey>,
        deadline: Instant,
    ) -> Result<EmbeddingReply, UpstreamFailure> {
        let upstream = self.provider(&target.provider).ok_or_else(nothing)?;
        let adapter = upstream.adapter.embeddings().ok_or_else(nothing)?;
        let call = self.call(upstream, key, deadline);
        let (status, headers, body) = attempt::whole(call, || call.post(encoded, JSON)).await?;
        adapter.decode_embeddings(Reply { status, headers: &headers, body: &body })
    }

    /// Reads a provider's list of its models; `None` when it has none.
    pub async fn list_models(
        &self,
        provider: &str,
        key: Option<&ProviderKey>,
        deadline: Instant,
    ) -> Result<Option<Vec<ListedModel>>, UpstreamFailure> {
        let Some(upstream) = self.provider(provider) else { return Ok(None) };
        let Some(adapter) = upstream.adapter.model_list() else { return Ok(None) };
        let call = self.call(upstream, key, deadline);
        let request = || Ok(call.request(Method::GET, upstream.address(adapter.path()).ok_or_else(nothing)?, JSON));
        let (status, headers, body) = attempt::whole(call, request).await?;
        adapter.decode_models(Reply { status, headers: &headers, body: &body }).map(Some)
    }
}

fn nothing() -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::Caller, "the provider offers nothing of this kind")
}
