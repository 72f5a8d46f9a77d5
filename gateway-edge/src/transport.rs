//! One type for "the gateway", in this process or at an address.

use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tonic::{
    Status, TimeoutExpired,
    body::Body,
    transport::{Channel, ClientTlsConfig, Endpoint},
};
use tower::{BoxError, Service, ServiceExt as _};

/// What generated clients are built on. Cheap to clone.
#[derive(Clone)]
pub struct Transport(Inner);

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

#[derive(Clone)]
enum Inner {
    InMemory(Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>),
    Remote(Remote),
}

#[derive(Clone, Debug)]
struct Remote {
    channels: Arc<[Channel]>,
    next: Arc<AtomicUsize>,
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

    /// Calls `http://host:port` or `https://host:port`. Connects on first use and reconnects.
    ///
    /// One HTTP/2 connection takes at most the server's `max_concurrent_streams`, and calls beyond it wait; so
    /// `connections` share the calls.
    pub fn remote(url: impl Into<String>, connections: usize) -> Result<Self, tonic::transport::Error> {
        let url = url.into();
        let tls = url.starts_with("https://");
        let mut endpoint = Endpoint::from_shared(url)?
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .keep_alive_while_idle(true)
            // h2 closes a connection on which too many DATA frames under 256 bytes wait to be read: tokens are such
            // frames. It allows half the connection's window, and the adaptive window starts at 64 KiB: some 150
            // tokens. Never turn on `http2_adaptive_window` here.
            .initial_connection_window_size(64 << 20)
            .initial_stream_window_size(2 << 20)
            .tcp_nodelay(true);
        if tls {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_enabled_roots())?;
        }
        let channels = (0..connections.max(1)).map(|_| endpoint.connect_lazy()).collect();
        Ok(Self(Inner::Remote(Remote { channels, next: Arc::default() })))
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The service, or the channel that is picked, is awaited by the call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match &self.0 {
            Inner::InMemory(call) => call(request),
            Inner::Remote(remote) => {
                let at = remote.next.fetch_add(1, Ordering::Relaxed) % remote.channels.len();
                let channel = remote.channels[at].clone();
                Box::pin(async move { channel.oneshot(request).await.map_err(|e| to_status(&e).into()) })
            }
        }
    }
}

/// Gives a channel's failure the code that callers act upon.
///
/// tonic runs `grpc-timeout` as a timer of its own and calls its end CANCELLED; a connection that breaks is UNKNOWN to
/// it. The texts of its errors name internals, so they go to the log only.
fn to_status(error: &tonic::transport::Error) -> Status {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<TimeoutExpired>() {
            return Status::deadline_exceeded("the deadline passed before the gateway service answered");
        }
        source = cause.source();
    }
    tracing::warn!(error = error as &dyn Error, "the gateway service cannot be reached");
    Status::unavailable("the gateway service cannot be reached; try again shortly")
}

#[cfg(test)]
mod tests;
