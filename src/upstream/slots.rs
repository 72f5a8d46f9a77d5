//! Limits how many calls run at once with one credential, for providers that count them. A call that finds no place
//! waits, but neither for ever nor in an endless queue.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::key_hash::KeyHash;
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    routing::transport::EventStream,
};

/// Calls that may wait for one credential; more are told at once that it is busy.
const MAX_WAITING: usize = 64;
/// After so many credentials, those nobody uses are forgotten. An idle one remembers nothing worth keeping.
const CLEANUP: usize = 256;

/// The places of every credential of one provider.
pub(super) struct Slots {
    limit: usize,
    longest_wait: Duration,
    credentials: Mutex<HashMap<KeyHash, Arc<Credential>>>,
}

struct Credential {
    places: Arc<Semaphore>,
    /// One for each call that waits or runs.
    queue: Arc<Semaphore>,
}

/// How long a call waits for a place, within its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// For a while: then another key may be better.
    Short,
    /// As long as the caller does.
    Long,
}

/// A place, held until the call is over.
pub(super) struct Slot {
    _place: OwnedSemaphorePermit,
    _queued: OwnedSemaphorePermit,
    _credential: Arc<Credential>,
}

impl Slots {
    /// `longest_wait` is the short patience.
    pub(super) fn new(limit: usize, longest_wait: Duration) -> Self {
        Self { limit, longest_wait, credentials: Mutex::new(HashMap::new()) }
    }

    /// Waits for a place. Calls that wait get theirs in the order they came.
    pub(super) async fn take(
        &self,
        key: KeyHash,
        patience: Patience,
        deadline: Instant,
    ) -> Result<Slot, UpstreamFailure> {
        let credential = self.credential(key);
        let queued = credential.queue.clone().try_acquire_owned().map_err(|_| self.busy())?;
        let until = match patience {
            Patience::Short => deadline.min(Instant::now() + self.longest_wait),
            Patience::Long => deadline,
        };
        let place = timeout_at(until, credential.places.clone().acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or_else(|| self.busy())?;
        Ok(Slot { _place: place, _queued: queued, _credential: credential })
    }

    fn credential(&self, key: KeyHash) -> Arc<Credential> {
        let mut credentials = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        if credentials.len() >= CLEANUP {
            credentials.retain(|_, credential| Arc::strong_count(credential) > 1);
        }
        let new = || {
            let queue = Arc::new(Semaphore::new(self.limit + MAX_WAITING));
            Arc::new(Credential { places: Arc::new(Semaphore::new(self.limit)), queue })
        };
        credentials.entry(key).or_insert_with(new).clone()
    }

    fn busy(&self) -> UpstreamFailure {
        let message = format!("the key is busy: it may have {} requests under way at once", self.limit);
        let retry_after = Some(Duration::from_secs(1));
        UpstreamFailure { retry_after, ..UpstreamFailure::new(FailureClass::RateLimit, message) }
    }
}

/// Events that hold a place until they end.
pub(super) struct Held {
    events: EventStream,
    slot: Option<Slot>,
}

impl Held {
    pub(super) fn new(events: EventStream, slot: Slot) -> Self {
        Self { events, slot: Some(slot) }
    }
}

impl Stream for Held {
    type Item = Result<ChatEvent, UpstreamFailure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.events.as_mut().poll_next(cx);
        if let Poll::Ready(None | Some(Err(_) | Ok(ChatEvent::Finished(_)))) = &next {
            self.slot = None;
        }
        next
    }
}
