//! A replica on loopback that follows a script, and can be killed and started again.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use tokio::{net::TcpListener, task::JoinSet};
use tower::ServiceExt as _;

use crate::{
    EdgeSettings, RemoteSettings, Timing, Transport,
    pb::{self, model_service_client::ModelServiceClient},
    test_support::{Fake, Step, ok, send},
    transport::probe::CHECK,
};

/// What is asked of a replica that has no other script.
pub fn models(_: &str) -> Vec<Step> {
    vec![send(&pb::ListModelsResponse::default()), ok()]
}

pub struct Replica {
    pub address: SocketAddr,
    pub fake: Fake,
    server: JoinSet<()>,
    seen_before: AtomicUsize,
}

impl Replica {
    pub async fn start(script: impl Fn(&str) -> Vec<Step> + Clone + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub async fn start_at(
        address: SocketAddr,
        script: impl Fn(&str) -> Vec<Step> + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let fake = Fake::default();
        let service = fake.transport(move |path| if path == CHECK { serving() } else { script(path) });
        let router = Router::new().fallback(move |request: Request| async move {
            service.oneshot(request.map(tonic::body::Body::new)).await.unwrap().map(Body::new)
        });
        let mut server = JoinSet::new();
        server.spawn(async move {
            let drain = Duration::ZERO;
            crate::serve(router, listener, EdgeSettings::default(), std::future::pending(), drain).await.unwrap();
        });
        Self { address, fake, server, seen_before: AtomicUsize::default() }
    }

    /// Closes the listener and every connection, whatever is under way.
    pub async fn kill(&mut self) {
        self.server.shutdown().await;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls seen, questions for health apart.
    pub fn calls(&self) -> usize {
        self.fake.calls.lock().unwrap().iter().filter(|seen| seen.path != CHECK).count()
    }

    /// Calls seen since the last time.
    pub fn new_calls(&self) -> usize {
        let all = self.calls();
        all - self.seen_before.swap(all, Ordering::SeqCst)
    }
}

/// `HealthCheckResponse { status: SERVING }`.
pub fn serving() -> Vec<Step> {
    vec![Step::Send(bytes::Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1])), ok()]
}

/// Everything that waits waits less.
pub fn timing() -> Timing {
    Timing {
        connect: Duration::from_millis(500),
        probe: Duration::from_millis(300),
        check_interval: Duration::from_millis(100),
        keepalive_interval: Duration::from_millis(200),
        keepalive_timeout: Duration::from_millis(200),
        resolve_interval: Duration::from_millis(50),
        resolve: Duration::from_millis(500),
        no_replica: Duration::from_millis(700),
        first_rest: Duration::from_millis(10),
        longest_rest: Duration::from_millis(100),
    }
}

/// For replicas that die but are never silent: on a busy machine a short silence would look like death.
pub fn patient() -> Timing {
    Timing {
        connect: Duration::from_secs(10),
        probe: Duration::from_secs(10),
        keepalive_interval: Duration::from_secs(10),
        keepalive_timeout: Duration::from_secs(10),
        no_replica: Duration::from_secs(10),
        ..timing()
    }
}

pub fn settings(urls: impl IntoIterator<Item = String>) -> RemoteSettings {
    RemoteSettings { urls: urls.into_iter().collect(), connections: 2, timing: timing(), ..RemoteSettings::new("") }
}

pub async fn list(transport: &Transport) -> Result<(), tonic::Status> {
    ModelServiceClient::new(transport.clone()).list_models(pb::ListModelsRequest::default()).await.map(drop)
}

/// Waits until as many replicas serve.
pub async fn until_healthy(transport: &Transport, healthy: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(5), async {
        while transport.replicas().unwrap().healthy != healthy {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The connections that follow the first one.
        tokio::time::sleep(Duration::from_millis(30)).await;
    });
    assert!(waited.await.is_ok(), "{:?} instead of {healthy}", transport.replicas());
}

/// Makes this many calls, so many at a time, and returns how many failed with what.
pub async fn many(transport: &Transport, calls: usize, at_a_time: usize) -> Vec<tonic::Status> {
    let left = Arc::new(AtomicUsize::new(calls));
    let mut workers = JoinSet::new();
    for _ in 0..at_a_time {
        let (transport, left) = (transport.clone(), left.clone());
        workers.spawn(async move {
            let mut failures = Vec::new();
            while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                failures.extend(list(&transport).await.err());
            }
            failures
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}
