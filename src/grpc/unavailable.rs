//! Stands for services of the contract that this version does not have yet, and says so.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    marker::PhantomData,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{body::Body, server::NamedService};
use tower::Service;

use super::{call::Call, status::status_of};
use crate::domain::error::{Error, ErrorKind};

/// Answers UNIMPLEMENTED for every rpc of the service `N`.
pub struct Unavailable<N>(PhantomData<fn() -> N>);

impl<N> Unavailable<N> {
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<N> Clone for Unavailable<N> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<N: NamedService> NamedService for Unavailable<N> {
    const NAME: &'static str = N::NAME;
}

impl<N: NamedService> Service<Request<Body>> for Unavailable<N> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let message =
            format!("{} is part of the contract but not available in version {}", N::NAME, env!("CARGO_PKG_VERSION"));
        let request_id = request.extensions().get::<Call>().map(|c| c.request_id.as_str()).unwrap_or_default();
        ready(Ok(status_of(Error::new(ErrorKind::NotImplemented, message), request_id).into_http()))
    }
}
