//! Calls of a service at an address: picks a replica, and another one when that is safe.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use http::{Request, Response};
use tokio::{task::JoinSet, time::timeout_at};
use tonic::{Status, body::Body};

use super::{
    budget::Budget,
    connection::Connector,
    deadline,
    letter::Letter,
    outcome::Outcome,
    pool::{Pool, Replicas, Traffic},
    resolve::{Follower, Resolver},
    settings::{RemoteError, RemoteSettings},
    target::Target,
    tls::Tls,
    told::{Caller, Trouble},
};

/// How often one call is sent at most.
const MAX_ATTEMPTS: usize = 3;

/// The way to all replicas. Its tasks end when it is dropped.
pub struct Remote {
    pool: Arc<Pool>,
    budget: Budget,
    resent: AtomicU64,
    _tasks: JoinSet<()>,
}

impl Remote {
    /// Reads addresses and files, and begins to connect.
    pub fn new(settings: &RemoteSettings, resolver: &Resolver) -> Result<Self, RemoteError> {
        let connectors = connectors(settings)?;
        let pool = Arc::new(Pool::new(connectors.len(), settings.timing));
        let mut tasks = JoinSet::new();
        for (lookup, connector) in connectors.into_iter().enumerate() {
            let (pool, resolver, connections) = (pool.clone(), resolver.clone(), settings.connections);
            tasks.spawn(Follower { pool, lookup, connector, connections, resolver }.follow());
        }
        Ok(Self { pool, budget: Budget::default(), resent: AtomicU64::new(0), _tasks: tasks })
    }

    pub fn replicas(&self) -> Replicas {
        self.pool.replicas()
    }

    pub fn traffic(&self) -> Traffic {
        Traffic { in_flight: self.pool.in_flight(), resent: self.resent.load(Ordering::Relaxed) }
    }

    /// Sends a call until it is answered, its deadline has passed, or another attempt could do harm.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (caller, deadline) = (Caller::of(request.headers()), deadline::of(request.headers()));
        let answer = async {
            let letter = Letter::read(request, caller.clone(), deadline).await.map_err(|error| {
                tracing::debug!(%error, "a call could not be read");
                Trouble::Unreadable
            })?;
            self.deliver(letter).await
        };
        let answer = match deadline {
            Some(deadline) => timeout_at(deadline, answer).await.unwrap_or(Err(Trouble::TooLate)),
            None => answer.await,
        };
        answer.map_err(|trouble| caller.status(trouble))
    }

    async fn deliver(&self, mut letter: Letter) -> Result<Response<Body>, Trouble> {
        let mut tried = Vec::new();
        let mut said_instead = None;
        while tried.len() < MAX_ATTEMPTS && letter.is_here() {
            let Some(seat) = self.pool.pick(&tried).await else { break };
            let replica = seat.endpoint().address;
            if !tried.is_empty() {
                self.resent.fetch_add(1, Ordering::Relaxed);
            }
            match letter.send(seat).await {
                Outcome::Answered(response) => {
                    self.budget.earn();
                    return Ok(response);
                }
                Outcome::Unseen(said) => said_instead = said,
                Outcome::Unknown if !letter.rule.repeatable => return Err(Trouble::OutcomeUnknown),
                Outcome::Unknown => {
                    said_instead = None;
                    if !self.budget.take() {
                        break;
                    }
                }
            }
            tracing::debug!(%replica, path = letter.path(), "a replica left a call without an answer");
            tried.push(replica);
        }
        tracing::warn!(attempts = tried.len(), path = letter.path(), "no replica answered a call");
        said_instead.ok_or(Trouble::Unreachable)
    }
}

fn connectors(settings: &RemoteSettings) -> Result<Vec<Connector>, RemoteError> {
    if settings.urls.is_empty() {
        return Err(RemoteError("name at least one address of the gateway service".into()));
    }
    let connector = |url: &String| {
        let target = Target::parse(url).map_err(|hint| RemoteError(hint.into()))?;
        let tls = if target.is_tls() {
            Some(Tls::new(&target, &settings.tls)?)
        } else if settings.tls.is_empty() {
            None
        } else {
            return Err(RemoteError("TLS settings need an address that begins with https://".into()));
        };
        Ok(Connector { target: Arc::new(target), tls, timing: settings.timing })
    };
    settings.urls.iter().map(connector).collect()
}
