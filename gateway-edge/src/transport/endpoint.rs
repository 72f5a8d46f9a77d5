//! One replica of the service: its connections, whether it serves, and how many calls it carries.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwapOption;
use futures_util::future::join_all;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};
use tonic::body::Body;
use tower::{service_fn, util::BoxService};

use super::{
    connection::{Connector, Sender},
    probe::{self, ServiceHealth},
    rest::Rest,
};

/// A replica. The first of its connections leads: it finds out whether the replica serves, the others follow.
pub struct Endpoint {
    pub address: SocketAddr,
    pub connector: Connector,
    /// None while there is no connection.
    lanes: Vec<ArcSwapOption<Sender>>,
    /// Where to look for the next free lane first.
    next: AtomicUsize,
    pub in_flight: AtomicUsize,
    serving: AtomicBool,
    /// Set for good when the address left the name.
    retired: watch::Sender<bool>,
    pub rest: Rest,
    /// Told of every change, for calls that wait for a replica.
    changes: watch::Sender<()>,
}

impl Endpoint {
    pub fn new(address: SocketAddr, connector: Connector, connections: usize, changes: watch::Sender<()>) -> Self {
        Self {
            address,
            connector,
            lanes: (0..connections.max(1)).map(|_| ArcSwapOption::empty()).collect(),
            next: AtomicUsize::default(),
            in_flight: AtomicUsize::default(),
            serving: AtomicBool::default(),
            retired: watch::Sender::new(false),
            rest: Rest::default(),
            changes,
        }
    }

    /// Returns a connection for a call, if the replica takes one.
    pub fn sender(&self) -> Option<Sender> {
        if !self.serving.load(Ordering::Relaxed) {
            return None;
        }
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let lanes = self.lanes.iter().cycle().skip(first % self.lanes.len()).take(self.lanes.len());
        lanes.filter_map(|lane| lane.load_full()).find(|sender| !sender.is_closed()).map(|sender| (*sender).clone())
    }

    pub fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Relaxed) && self.lanes.iter().any(|lane| lane.load().is_some())
    }

    /// Takes no more calls; those under way end in peace.
    pub fn retire(&self) {
        self.serving.store(false, Ordering::Relaxed);
        self.retired.send_replace(true);
    }

    /// Keeps the replica connected until it is retired and its last call has ended.
    pub async fn keep(self: Arc<Self>) {
        join_all((0..self.lanes.len()).map(|lane| self.keep_lane(lane))).await;
    }

    async fn keep_lane(&self, lane: usize) {
        let own_rest = Rest::default();
        let rest = if lane == 0 { &self.rest } else { &own_rest };
        let mut retired = self.retired.subscribe();
        let mut connections = JoinSet::new();
        while !*retired.borrow() {
            tokio::select! {
                () = self.run_lane(lane, rest, &mut connections) => {}
                _ = retired.wait_for(|retired| *retired) => {}
            }
            self.set(lane, None);
            if !*retired.borrow() {
                rest.pause(&self.connector.timing).await;
            }
            while connections.try_join_next().is_some() {}
        }
        // Without a sender a connection ends with its last call.
        while connections.join_next().await.is_some() {}
    }

    /// Connects one lane and returns when the connection has ended.
    async fn run_lane(&self, lane: usize, rest: &Rest, connections: &mut JoinSet<()>) {
        if lane > 0 {
            self.until_serving().await;
        }
        match self.connector.open(self.address).await {
            Ok((sender, connection)) => {
                // The connection outlives this function when the replica is retired.
                let (ending, ended) = oneshot::channel::<()>();
                connections.spawn(async move {
                    connection.await;
                    drop(ending);
                });
                let began = Instant::now();
                if lane == 0 {
                    self.lead(sender, ended).await;
                } else {
                    rest.worked();
                    self.set(lane, Some(sender));
                    let _ = ended.await;
                }
                // One that ends at once would otherwise be opened again at once.
                if began.elapsed() < self.connector.timing.longest_rest {
                    rest.failed();
                }
            }
            Err(error) => {
                rest.failed();
                if lane == 0 {
                    self.tell(ServiceHealth::Unreachable);
                    tracing::debug!(address = %self.address, %error, "a replica cannot be reached");
                }
            }
        }
        self.changes.send_replace(());
    }

    /// Asks again and again whether the replica serves, until the connection has ended.
    async fn lead(&self, sender: Sender, mut ended: oneshot::Receiver<()>) {
        loop {
            let timing = &self.connector.timing;
            let health = tokio::select! {
                health = probe::ask(self.service(&sender), timing.probe) => health,
                _ = &mut ended => break,
            };
            if health == ServiceHealth::Serving {
                self.rest.worked();
            } else {
                self.rest.failed();
            }
            self.set(0, Some(sender.clone()));
            self.tell(health);
            tokio::select! {
                () = self.rest.wait(timing.check_interval) => {}
                _ = &mut ended => break,
            }
        }
        if !self.lanes.iter().skip(1).any(|lane| lane.load().as_ref().is_some_and(|sender| !sender.is_closed())) {
            self.tell(ServiceHealth::Unreachable);
        }
    }

    fn service(&self, sender: &Sender) -> BoxService<Request<Body>, Response<Incoming>, hyper::Error> {
        let (target, sender) = (self.connector.target.clone(), sender.clone());
        BoxService::new(service_fn(move |mut request: Request<Body>| {
            let mut sender = sender.clone();
            *request.uri_mut() = target.uri(request.uri());
            async move { sender.send_request(request).await }
        }))
    }

    fn set(&self, lane: usize, sender: Option<Sender>) {
        if let Some(lane) = self.lanes.get(lane) {
            lane.store(sender.map(Arc::new));
        }
    }

    /// Notes what was found out, and says so when it is news.
    fn tell(&self, health: ServiceHealth) {
        let serving = health == ServiceHealth::Serving && !*self.retired.borrow();
        if self.serving.swap(serving, Ordering::Relaxed) != serving {
            let health = health.as_str();
            if serving {
                tracing::info!(address = %self.address, "a replica serves");
            } else {
                tracing::warn!(address = %self.address, health, "a replica is left out");
            }
        }
        self.changes.send_replace(());
    }

    async fn until_serving(&self) {
        let mut changes = self.changes.subscribe();
        while !self.serving.load(Ordering::Relaxed) && changes.changed().await.is_ok() {}
    }
}
