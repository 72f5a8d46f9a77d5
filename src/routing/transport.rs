//! What routing needs of the floor that moves bytes.

use std::{future::Future, pin::Pin};

use futures_util::{Stream, future::BoxFuture};
use tokio::time::Instant;

use crate::domain::{
    chat::ChatRequest,
    embedding::{EmbeddingReply, EmbeddingRequest},
    error::Error,
    event::ChatEvent,
    failure::UpstreamFailure,
    key::ProviderKey,
    model::{ListedModel, Target},
    usage::Warning,
};

/// The events of one attempt. Dropping it ends the upstream call.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, UpstreamFailure>> + Send>>;

/// Whether the upstream shall answer at once or event by event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    Streamed,
}

/// Makes upstream calls. Implemented over HTTP with the built-in sandbox beside it, and by scripts in tests.
pub trait Transport: Send + Sync + 'static {
    /// A request translated for its target, good for several attempts.
    type Prepared: Send + Sync + 'static;

    /// Fetches media that the target's provider cannot fetch itself, where the operator allows it, and puts their bytes
    /// into the request. Then holds pictures and PDFs to what their bytes are and the provider takes; returns which types
    /// were corrected. Costs nothing for all others.
    fn prepare_media(
        &self,
        _target: &Target,
        _request: &mut ChatRequest,
        _deadline: Instant,
    ) -> impl Future<Output = Result<Vec<Warning>, Error>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Translates a request. Nothing is sent yet, so an error here is the caller's.
    fn prepare(&self, target: &Target, request: &ChatRequest, delivery: Delivery) -> Result<Self::Prepared, Error>;

    /// Returns what the translation changed, to be told to the caller once.
    fn warnings(prepared: &mut Self::Prepared) -> Vec<Warning>;

    /// Whether the provider refused a state that it had given out itself, so that the request passes without it.
    fn refuses_states(_prepared: &Self::Prepared, _failure: &UpstreamFailure) -> bool {
        false
    }

    /// Starts one attempt. The deadline is the caller's: what has not begun to answer by then is a `Timeout`. The
    /// transport's own timeouts apply within it.
    fn open<'a>(
        &'a self,
        prepared: &'a Self::Prepared,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EventStream, UpstreamFailure>>;
}

/// Has texts embedded. Implemented beside [`Transport`], by the same floor.
pub trait EmbeddingTransport: Send + Sync + 'static {
    /// A request translated for its target, good for several attempts.
    type Prepared: Send + Sync + 'static;

    /// Translates a request. Nothing is sent yet, so an error here is the caller's; one is that the provider has no
    /// embeddings.
    fn prepare(&self, target: &Target, request: &EmbeddingRequest) -> Result<Self::Prepared, Error>;

    /// Returns what the translation changed, to be told to the caller once.
    fn warnings(prepared: &mut Self::Prepared) -> Vec<Warning>;

    /// Makes one attempt. It ends by the deadline.
    fn embed<'a>(
        &'a self,
        prepared: &'a Self::Prepared,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EmbeddingReply, UpstreamFailure>>;
}

/// Asks providers for their own lists of models.
pub trait ModelLists: Send + Sync + 'static {
    /// Whether the provider has a list the gateway can read.
    fn has_list(&self, provider: &str) -> bool;

    /// Reads the list as this key sees it. It ends by the deadline.
    fn list<'a>(
        &'a self,
        provider: &'a str,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<ListedModel>, UpstreamFailure>>;
}

/// Finds out whether a provider takes a key, by a call that is free of charge or else generates a single token.
pub trait KeyCheck: Send + Sync + 'static {
    /// Makes the call. Returns the models the provider shows this key, in its own words; none when it does not say. It
    /// ends by the deadline.
    fn check<'a>(
        &'a self,
        provider: &'a str,
        key: &'a ProviderKey,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<String>, UpstreamFailure>>;
}
