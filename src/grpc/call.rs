//! The one layer every call of our services passes, over a socket or in memory: a place among the calls in flight, a
//! request id, a deadline over the whole answer, and a caller who may do this. A service behind it cannot be reached
//! without a key that has the scope its rpc asks for.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body as _;
use pin_project_lite::pin_project;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{
    call_body::{CallBody, Held, LastWords},
    endless::{Doorkeeper, Ending},
    localize::Localized,
    now::now_ms,
    policy::{Policy, allowed, policy_of},
    status::status_of,
    tally::Tally,
    timeout::grpc_timeout,
    unexplained::explained,
};
use crate::{
    access::Directory,
    admin::actor::Actor,
    domain::{
        error::{Error, ErrorKind},
        key::Caller,
        scope::Scope,
    },
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How much earlier our deadline ends than the caller's. tonic's server and most clients watch the same deadline and
/// end the call without a word; the explanation must be on its way by then.
const HEAD_START: Duration = Duration::from_millis(5);
/// Longer than anybody waits: the time of calls without an end of their own.
const ENDLESS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Longest request id that is taken over from a caller.
const MAX_REQUEST_ID: usize = 128;

/// What a service learns of its call; the one value in the request's extensions.
#[derive(Clone, Debug)]
pub struct Call {
    pub caller: Arc<Caller>,
    pub request_id: String,
    pub deadline: Instant,
}

impl Call {
    /// Returns who makes the change that the call asks for.
    pub fn actor(&self) -> Actor {
        Actor { caller: self.caller.clone(), request_id: self.request_id.clone(), now_ms: now_ms() }
    }

    /// Turns the outcome of a use case into an answer.
    pub fn answer<A>(&self, result: Result<A, Error>) -> Result<tonic::Response<A>, Status> {
        result.map(tonic::Response::new).map_err(|error| status_of(error, &self.request_id))
    }
}

/// Where calls are admitted.
#[derive(Clone)]
pub struct CallLayer(Arc<Gate>);

/// How many calls there may be at once, and how large and how long each.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    pub max_in_flight: usize,
    /// Applies where the caller names no deadline, and caps the ones that are named.
    pub longest: Duration,
    pub max_message_bytes: usize,
}

struct Gate {
    doorkeeper: Doorkeeper,
    in_flight: Arc<Semaphore>,
    limits: CallLimits,
    tally: Arc<Tally>,
    /// Calls that found no place.
    shed: AtomicU64,
}

impl CallLayer {
    /// `stopping` ends the calls that have no end of their own.
    pub fn new(directory: Arc<Directory>, limits: CallLimits, stopping: CancellationToken) -> Self {
        let in_flight = Arc::new(Semaphore::new(limits.max_in_flight));
        let doorkeeper = Doorkeeper { directory, stopping };
        Self(Arc::new(Gate { doorkeeper, in_flight, limits, tally: Arc::default(), shed: AtomicU64::new(0) }))
    }

    /// Returns how many calls are in flight, and how many there may be.
    pub fn load(&self) -> (usize, usize) {
        let most = self.0.limits.max_in_flight;
        (most.saturating_sub(self.0.in_flight.available_permits()), most)
    }

    /// Returns how many calls were refused because too many were in flight.
    pub fn shed(&self) -> u64 {
        self.0.shed.load(Ordering::Relaxed)
    }

    /// Returns the rpc, the status and the number of calls that ended so.
    pub fn ended(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0.tally.counts()
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Localized<CallService<S>>;

    fn layer(&self, inner: S) -> Self::Service {
        Localized(CallService { inner, gate: self.0.clone() })
    }
}

#[derive(Clone)]
pub struct CallService<S> {
    inner: S,
    gate: Arc<Gate>,
}

/// A call that was let in.
struct Admitted {
    call: Call,
    permit: OwnedSemaphorePermit,
    scope: Option<Scope>,
    /// Of a call that has no end of its own.
    ending: Option<Ending>,
}

impl Gate {
    fn admit(&self, policy: Option<Policy>, headers: &HeaderMap, request_id: &str) -> Result<Admitted, Error> {
        let Ok(permit) = self.in_flight.clone().try_acquire_owned() else {
            self.shed.fetch_add(1, Ordering::Relaxed);
            let message = "the gateway carries as many requests as it may; try again in a second";
            let error = Error::new(ErrorKind::Overloaded, message);
            return Err(Error { retry_after: Some(Duration::from_secs(1)), ..error });
        };
        let bearer = bearer(headers);
        let caller = match self.doorkeeper.directory.authenticate(bearer, now_ms()) {
            // Nobody, who has no scope and owns nothing.
            Err(_) if policy.is_some_and(|policy| policy.scope.is_none()) => Arc::default(),
            known => known?,
        };
        let policy = allowed(policy, &caller)?;
        let longest = if policy.endless { ENDLESS } else { self.limits.longest };
        let timeout = grpc_timeout(headers).map_or(longest, |t| t.min(longest));
        let timeout = timeout - (timeout / 20).min(HEAD_START);
        let ending = policy.endless.then(|| self.doorkeeper.watch(policy, bearer));
        let call = Call { caller, request_id: request_id.to_owned(), deadline: Instant::now() + timeout };
        Ok(Admitted { call, permit, scope: policy.scope, ending })
    }
}

impl<S> Service<Request<Body>> for CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let request_id = request_id(request.headers());
        let policy = policy_of(request.uri().path());
        let mut watched = self.gate.tally.watch(policy.map(|policy| policy.rpc));
        match self.gate.admit(policy, request.headers(), &request_id) {
            Err(error) => {
                let response = refusal(error, &request_id);
                watched.saw(response.headers());
                CallFuture::Refused { response: Some(response) }
            }
            Ok(Admitted { call, permit, scope, ending }) => {
                let deadline = call.deadline;
                request.extensions_mut().insert(call);
                CallFuture::Running {
                    inner: self.inner.call(request),
                    timer: sleep_until(deadline),
                    held: Some(Held { permit, watched }),
                    last: LastWords { scope, ending, request_id },
                    limit: self.gate.limits.max_message_bytes,
                }
            }
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Takes over the caller's request id when it is sane, else makes one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|v| v.to_str().ok());
    match given {
        Some(id) if (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) => {
            id.to_owned()
        }
        _ => format!("req_{}", uuid::Uuid::now_v7().simple()),
    }
}

fn refusal(error: Error, request_id: &str) -> Response<Body> {
    let mut response = status_of(error, request_id).into_http();
    stamp(response.headers_mut(), request_id);
    response
}

fn stamp(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}

pin_project! {
    #[project = CallFutureProjection]
    pub enum CallFuture<F> {
        Running {
            #[pin]
            inner: F,
            #[pin]
            timer: Sleep,
            held: Option<Held>,
            last: LastWords,
            limit: usize,
        },
        Refused { response: Option<Response<Body>> },
    }
}

impl<F, E> Future for CallFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            CallFutureProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            CallFutureProjection::Running { inner, mut timer, held, last, limit } => {
                let mut response = match inner.poll(cx) {
                    Poll::Ready(result) => result?,
                    Poll::Pending => {
                        ready!(timer.as_mut().poll(cx));
                        last.expired().into_http()
                    }
                };
                if let Some(answer) = explained(response.headers(), &last.request_id, *limit) {
                    response = answer;
                }
                stamp(response.headers_mut(), &last.request_id);
                let mut held = held.take();
                held.iter_mut().for_each(|held| held.watched.saw(response.headers()));
                if response.body().is_end_stream() {
                    return Poll::Ready(Ok(response));
                }
                let (deadline, last) = (timer.deadline(), std::mem::take(last));
                Poll::Ready(Ok(response.map(|inner| Body::new(CallBody::new(inner, held, deadline, last)))))
            }
        }
    }
}

#[cfg(test)]
mod tests;
