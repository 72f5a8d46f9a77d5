//! Whole exchanges, one request and one answer: embeddings and the providers' lists of models.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Request;
use tokio::time::{Instant, timeout_at};

use super::{
    client::{JSON, MAX_ERROR_BYTES, MAX_REPLY_BYTES, credential, read},
    failures::{network, silent},
    provider::HttpUpstream,
    transport::Upstreams,
};
use crate::{
    domain::{
        embedding::{EmbeddingReply, EmbeddingRequest},
        error::{Error, ErrorKind},
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
        let Some(upstream) = self.providers.get(&target.provider) else {
            return sandbox(target, request).map(PreparedEmbeddings::Sandbox);
        };
        let Some(adapter) = upstream.adapter.embeddings() else { return Err(none_at(target)) };
        let encoded = adapter
            .encode_embeddings(request, &target.model)
            .map_err(|e| Error::invalid(e.field, e.message).with("provider", &target.provider))?;
        if let (true, Some(warning)) = (request.strict, encoded.warnings.first()) {
            let message = format!("{} (the request is strict)", warning.message);
            let error = Error::new(ErrorKind::UnsupportedByProvider, message).with("provider", &target.provider);
            return Err(Error { field: Some(warning.field.clone()), ..error });
        }
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
            let mut request = upstream_request(Method::POST, upstream, &encoded.path)?;
            request.headers_mut().extend(encoded.headers.iter().cloned());
            request.headers_mut().insert(header::CONTENT_TYPE, JSON);
            *request.body_mut() = Some(encoded.body.clone().into());
            let answer = self.exchange(upstream, request, key, deadline).await?;
            match upstream.adapter.embeddings() {
                Some(adapter) => adapter.decode_embeddings(answer.reply()),
                None => Err(UpstreamFailure::new(FailureClass::Caller, "the provider has no embeddings")),
            }
        }
        .boxed()
    }
}

impl ModelLists for Upstreams {
    fn has_list(&self, provider: &str) -> bool {
        self.providers.get(provider).is_some_and(|upstream| upstream.adapter.model_list().is_some())
    }

    fn list<'a>(
        &'a self,
        provider: &'a str,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<ListedModel>, UpstreamFailure>> {
        async move {
            let upstream = self.providers.get(provider);
            let Some((upstream, list)) = upstream.and_then(|u| Some((u, u.adapter.model_list()?))) else {
                return Err(UpstreamFailure::new(FailureClass::Caller, "the provider has no list of models"));
            };
            let request = upstream_request(Method::GET, upstream, list.path())?;
            let answer = self.exchange(upstream, request, key, deadline).await?;
            list.decode_models(answer.reply())
        }
        .boxed()
    }
}

/// A whole 2xx answer.
struct Whole {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Whole {
    fn reply(&self) -> Reply<'_> {
        Reply { status: self.status, headers: &self.headers, body: &self.body }
    }
}

impl Upstreams {
    /// Sends a request with the key and reads the whole answer. Any other than 2xx is the failure it tells of.
    async fn exchange(
        &self,
        upstream: &HttpUpstream,
        mut request: Request,
        key: Option<&ProviderKey>,
        deadline: Instant,
    ) -> Result<Whole, UpstreamFailure> {
        if let Some((name, value)) = credential(&upstream.key_style, key)? {
            request.headers_mut().insert(name, value);
        }
        let exchange = async {
            let mut response = self.http.execute(request).await.map_err(network)?;
            let (status, good) = (response.status().as_u16(), response.status().is_success());
            let headers = std::mem::take(response.headers_mut());
            let most = if good { MAX_REPLY_BYTES } else { MAX_ERROR_BYTES };
            match read(response, self.timeouts.idle, most, !good).await {
                Ok(body) if good => Ok(Whole { status, headers, body }),
                Err(failure) if good => Err(failure),
                read => {
                    let body = read.unwrap_or_default();
                    Err(upstream.adapter.decode_error(Reply { status, headers: &headers, body: &body }))
                }
            }
        };
        let patience = deadline.min(Instant::now() + self.timeouts.initial);
        timeout_at(patience, exchange).await.unwrap_or_else(|_| Err(silent(self.timeouts.initial)))
    }
}

fn upstream_request(method: Method, upstream: &HttpUpstream, path: &str) -> Result<Request, UpstreamFailure> {
    let Some(url) = upstream.url(path) else {
        return Err(UpstreamFailure::new(FailureClass::Caller, "the model's name makes no valid address"));
    };
    let mut request = Request::new(method, url);
    request.headers_mut().extend(upstream.headers.clone());
    request.headers_mut().insert(header::ACCEPT, JSON);
    // A compressed reply could unfold beyond every bound.
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
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
