//! Carries translated requests to whichever provider they are for.

use std::{collections::HashMap, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::time::Instant;

use super::{
    attempt,
    call::Call,
    echo,
    fan_out::MAX_COPIES,
    media::{self, MediaFetcher},
    provider::HttpUpstream,
    sandbox,
    timeouts::UpstreamTimeouts,
};
use crate::{
    domain::{
        chat::ChatRequest,
        error::{Error, ErrorKind},
        failure::UpstreamFailure,
        key::ProviderKey,
        model::Target,
        usage::Warning,
    },
    providers::{
        adapter::{EncodeError, Encoded, Mode},
        sandbox::{Script, pictures},
    },
    routing::transport::{Delivery, EventStream, Transport},
};

/// Every provider that can be called, by name.
pub struct Upstreams {
    http: reqwest::Client,
    timeouts: UpstreamTimeouts,
    providers: HashMap<String, Arc<HttpUpstream>>,
    media: Option<MediaFetcher>,
}

/// A request ready to be sent to its provider.
#[expect(clippy::large_enum_variant, reason = "nearly all requests go over HTTP")]
pub enum Prepared {
    Http { upstream: Arc<HttpUpstream>, encoded: Encoded, mode: Mode },
    Sandbox(sandbox::Play),
}

impl Upstreams {
    pub fn new(http: reqwest::Client, timeouts: UpstreamTimeouts, providers: HashMap<String, HttpUpstream>) -> Self {
        let providers = providers.into_iter().map(|(name, upstream)| (name, Arc::new(upstream))).collect();
        Self { http, timeouts, providers, media: None }
    }

    /// Lets the gateway fetch media for providers that cannot. Without it, such requests are refused.
    pub fn with_media(mut self, media: Option<MediaFetcher>) -> Self {
        self.media = media;
        self
    }

    pub(super) fn provider(&self, name: &str) -> Option<&Arc<HttpUpstream>> {
        self.providers.get(name)
    }

    pub(super) fn call<'a>(
        &'a self,
        upstream: &'a Arc<HttpUpstream>,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> Call<'a> {
        let http = upstream.http().unwrap_or(&self.http);
        Call { http, timeouts: self.timeouts, upstream, key, deadline }
    }
}

impl Transport for Upstreams {
    type Prepared = Prepared;

    async fn prepare_media(
        &self,
        target: &Target,
        request: &mut ChatRequest,
        deadline: Instant,
    ) -> Result<Vec<Warning>, Error> {
        let Some(upstream) = self.providers.get(&target.provider) else { return media::check(pictures, request) };
        let (adapter, at_provider) = (&*upstream.adapter, |e: Error| e.with("provider", &target.provider));
        if media::is_needed(adapter, &target.model, request) {
            let fetched = media::replace(self.media.as_ref(), adapter, &target.model, request, deadline);
            fetched.boxed().await.map_err(at_provider)?;
        }
        media::check(|| adapter.pictures(&target.model), request).map_err(at_provider)
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, delivery: Delivery) -> Result<Prepared, Error> {
        let Some(upstream) = self.providers.get(&target.provider) else {
            let (streamed, copies) = (delivery == Delivery::Streamed, request.sampling.choice_count.unwrap_or(1));
            bounded(copies, &target.provider)?;
            let script = Script::new(request, &target.model, streamed);
            return Ok(Prepared::Sandbox(sandbox::Play { script, copies, streamed }));
        };
        let mode = match delivery {
            Delivery::Whole => Mode::Unary,
            Delivery::Streamed => Mode::Stream,
        };
        let encoded = upstream.adapter.encode(request, &target.model, mode);
        let encoded = accepted(encoded, request.strict, &target.provider)?;
        Ok(Prepared::Http { upstream: upstream.clone(), encoded, mode })
    }

    fn warnings(prepared: &mut Prepared) -> Vec<Warning> {
        match prepared {
            Prepared::Http { encoded, .. } => std::mem::take(&mut encoded.warnings),
            Prepared::Sandbox(_) => Vec::new(),
        }
    }

    fn refuses_states(prepared: &Prepared, failure: &UpstreamFailure) -> bool {
        match prepared {
            Prepared::Http { upstream, .. } => upstream.adapter.refuses_states(failure),
            Prepared::Sandbox(_) => false,
        }
    }

    fn open<'a>(
        &'a self,
        prepared: &'a Prepared,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EventStream, UpstreamFailure>> {
        match prepared {
            Prepared::Http { upstream, encoded, mode } => {
                let call = self.call(upstream, key, deadline);
                if upstream.extras().is_none() && encoded.copies <= 1 {
                    call.open(encoded, *mode).map(move |result| echo::opened(result, key)).boxed()
                } else {
                    attempt::open(call, encoded, *mode).map(move |result| echo::opened(result, key)).boxed()
                }
            }
            Prepared::Sandbox(play) => sandbox::play(play, deadline).boxed(),
        }
    }
}

fn bounded(copies: u32, provider: &str) -> Result<(), Error> {
    if copies <= MAX_COPIES {
        return Ok(());
    }
    let message = format!("the provider answers one choice a request; the gateway asks it {MAX_COPIES} times at most");
    Err(Error::invalid("prompt.choice_count", message).with("provider", provider))
}

/// Turns down what cannot be translated, what a strict caller does not want changed, and too many copies.
pub(super) fn accepted(encoded: Result<Encoded, EncodeError>, strict: bool, provider: &str) -> Result<Encoded, Error> {
    let encoded = encoded.map_err(|e| Error::invalid(e.field, e.message).with("provider", provider))?;
    bounded(encoded.copies, provider)?;
    if let (true, Some(warning)) = (strict, encoded.warnings.first()) {
        let message = format!("{} (the request is strict)", warning.message);
        let error = Error::new(ErrorKind::UnsupportedByProvider, message).with("provider", provider);
        return Err(Error { field: Some(warning.field.clone()), ..error });
    }
    Ok(encoded)
}
