//! One type for "the gateway", in this process or at an address.
//!
//! * `remote`: a call of a service at an address, from the pick of a replica to the answer; `letter` is what is sent,
//!   `outcome` what became of it, `rules` and `budget` say whether it may be sent again.
//! * `pool`: all replicas; `endpoint`: one of them, `connection`: one way to it, `probe` and `rest`: when it is used.
//! * `resolve`: which addresses a name has; `target`, `tls`, `settings`: what was given.
//! * `frames`, `answer`, `deadline`: bodies that are kept, bodies that come back, and time.
//! * `told`: what callers are told when the service cannot tell them anything.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::body::Body;
use tower::{BoxError, Service, ServiceExt as _};

mod answer;
mod budget;
mod connection;
mod deadline;
mod endpoint;
mod frames;
mod kept;
mod letter;
mod outcome;
mod pool;
pub mod probe;
mod remote;
mod resolve;
mod rest;
mod rules;
mod settings;
mod target;
mod tls;
pub mod told;

pub use pool::{Replicas, Traffic};
use remote::Remote;
pub use resolve::Resolver;
pub use settings::{RemoteError, RemoteSettings, Timing, TlsFiles};

/// What generated clients are built on. Cheap to clone.
#[derive(Clone)]
pub struct Transport(Inner);

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

#[derive(Clone)]
enum Inner {
    InMemory(Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>),
    Remote(Arc<Remote>),
}

impl Transport {
    /// Calls a tonic server's routes directly: no socket, no HTTP/2, no task.
    pub fn in_memory<S>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = BoxError> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        Self(Inner::InMemory(Arc::new(move |request| Box::pin(service.clone().oneshot(request)))))
    }

    /// Calls the replicas behind the addresses of `settings`. Connects at once, and again whenever it must; a service
    /// that is away is no error here.
    pub fn remote(settings: &RemoteSettings) -> Result<Self, RemoteError> {
        Self::remote_by(settings, &resolve::system())
    }

    /// The same, with a look-up of names of the caller's own.
    pub fn remote_by(settings: &RemoteSettings, resolver: &Resolver) -> Result<Self, RemoteError> {
        Ok(Self(Inner::Remote(Arc::new(Remote::new(settings, resolver)?))))
    }

    /// Returns how many replicas there are, and how many of them serve. None when the service is in this process.
    pub fn replicas(&self) -> Option<Replicas> {
        match &self.0 {
            Inner::InMemory(_) => None,
            Inner::Remote(remote) => Some(remote.replicas()),
        }
    }

    /// Returns what goes on between here and the replicas. None when the service is in this process.
    pub fn traffic(&self) -> Option<Traffic> {
        match &self.0 {
            Inner::InMemory(_) => None,
            Inner::Remote(remote) => Some(remote.traffic()),
        }
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The service, or the replica that is picked, is awaited by the call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match &self.0 {
            Inner::InMemory(call) => call(request),
            Inner::Remote(remote) => {
                let remote = remote.clone();
                Box::pin(async move { Ok(remote.call(request).await?) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
