//! What routing needs of the floor that moves bytes.

use std::{future::Future, pin::Pin};

use futures_util::{Stream, future::BoxFuture};
use tokio::time::Instant;

use crate::domain::{
    chat::ChatRequest, error::Error, event::ChatEvent, failure::UpstreamFailure, key::ProviderKey, model::Target,
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
    /// into the request. Costs nothing for all others.
    fn fetch_media(
        &self,
        _target: &Target,
        _request: &mut ChatRequest,
        _deadline: Instant,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Translates a request. Nothing is sent yet, so an error here is the caller's.
    fn prepare(&self, target: &Target, request: &ChatRequest, delivery: Delivery) -> Result<Self::Prepared, Error>;

    /// Returns what the translation changed, to be told to the caller once.
    fn warnings(prepared: &mut Self::Prepared) -> Vec<Warning>;

    /// Starts one attempt. The deadline is the caller's: what has not begun to answer by then is a `Timeout`. The
    /// transport's own timeouts apply within it.
    fn open<'a>(
        &'a self,
        prepared: &'a Self::Prepared,
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EventStream, UpstreamFailure>>;
}
