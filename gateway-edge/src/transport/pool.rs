//! All replicas, and which of them a call goes to.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{connection::Sender, endpoint::Endpoint, rest::Rest, settings::Timing};

/// How long a call waits before it goes back to a replica that left it without an answer. More than a rest lasts at least.
const SECOND_LOOK: Duration = Duration::from_millis(60);

/// How many replicas there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// Addresses that the service has.
    pub known: usize,
    /// Those that serve.
    pub healthy: usize,
}

/// What goes on between the edge and the replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Calls that are being answered.
    pub in_flight: usize,
    /// Calls that were sent again to another replica, so far.
    pub resent: u64,
}

/// The replicas of one service.
pub struct Pool {
    endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// Look-ups of names, for calls that come while there is no address.
    pub lookups: Vec<Rest>,
    /// Where to begin, so that equals take turns.
    next: AtomicUsize,
    pub changes: watch::Sender<()>,
    timing: Timing,
}

impl Pool {
    pub fn new(targets: usize, timing: Timing) -> Self {
        Self {
            endpoints: ArcSwap::default(),
            lookups: (0..targets).map(|_| Rest::default()).collect(),
            next: AtomicUsize::default(),
            changes: watch::Sender::new(()),
            timing,
        }
    }

    pub fn add(&self, endpoint: &Arc<Endpoint>) {
        self.endpoints.rcu(|all| all.iter().chain([endpoint]).cloned().collect::<Vec<_>>());
        self.changes.send_replace(());
    }

    pub fn remove(&self, endpoint: &Arc<Endpoint>) {
        let other = |e: &&Arc<Endpoint>| !Arc::ptr_eq(e, endpoint);
        self.endpoints.rcu(|all| all.iter().filter(other).cloned().collect::<Vec<_>>());
        self.changes.send_replace(());
    }

    pub fn replicas(&self) -> Replicas {
        let all = self.endpoints.load();
        Replicas { known: all.len(), healthy: all.iter().filter(|endpoint| endpoint.is_serving()).count() }
    }

    /// Returns how many calls the replicas are answering.
    pub fn in_flight(&self) -> usize {
        self.endpoints.load().iter().map(|endpoint| endpoint.in_flight.load(Ordering::Relaxed)).sum()
    }

    /// Returns a place at the replica that carries the fewest calls; at one of `tried` only when there is no other.
    /// Waits a little while none serves. None: each of them has just failed.
    pub async fn pick(&self, tried: &[SocketAddr]) -> Option<Seat> {
        match self.try_pick(tried) {
            Some(seat) if !tried.contains(&seat.endpoint().address) => return Some(seat),
            Some(_) => {
                // It has just left this call without an answer. If it died, its other connections end one after the
                // other; meanwhile those that rest may have come back.
                self.wake();
                sleep(SECOND_LOOK).await;
            }
            None => {}
        }
        match self.try_pick(tried) {
            Some(seat) => Some(seat),
            None => timeout(self.timing.no_replica, self.wait(tried)).await.ok().flatten(),
        }
    }

    /// Has those that rest tried at once: somebody needs them.
    fn wake(&self) {
        let all = self.endpoints.load();
        all.iter().filter(|endpoint| !endpoint.is_serving()).for_each(|endpoint| endpoint.rest.wake());
    }

    fn try_pick(&self, tried: &[SocketAddr]) -> Option<Seat> {
        let all = self.endpoints.load();
        let first = self.next.fetch_add(1, Ordering::Relaxed) % all.len().max(1);
        let in_turn = all.iter().cycle().skip(first).take(all.len());
        let rank = |e: &&Arc<Endpoint>| (tried.contains(&e.address), e.in_flight.load(Ordering::Relaxed));
        let best = in_turn.filter(|endpoint| endpoint.is_serving()).min_by_key(rank)?;
        // The lanes of the best one may all have closed just now.
        Seat::take(best).or_else(|| all.iter().find_map(Seat::take))
    }

    async fn wait(&self, tried: &[SocketAddr]) -> Option<Seat> {
        let since = Instant::now();
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(seat) = self.try_pick(tried) {
                return Some(seat);
            }
            let all = self.endpoints.load_full();
            let rests: Vec<&Rest> = if all.is_empty() {
                self.lookups.iter().collect()
            } else {
                all.iter().map(|endpoint| &endpoint.rest).collect()
            };
            if rests.iter().all(|rest| rest.has_failed_since(since)) {
                return None;
            }
            rests.iter().for_each(|rest| rest.wake());
            changes.changed().await.ok()?;
        }
    }
}

/// A place at a replica, and what sends the call there.
pub struct Seat {
    pub place: Place,
    pub sender: Sender,
}

/// A call's place at a replica, counted until it is dropped.
pub struct Place(Arc<Endpoint>);

impl Seat {
    fn take(endpoint: &Arc<Endpoint>) -> Option<Self> {
        let sender = endpoint.sender()?;
        endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        Some(Self { place: Place(endpoint.clone()), sender })
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.place.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
