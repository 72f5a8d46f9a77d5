//! The way of what requests found out about keys to whoever stores it. Requests never wait for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

use crate::domain::happening::Happening;

/// Where happenings are reported. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Happenings {
    queue: Sender<Happening>,
    lost: Arc<AtomicU64>,
}

/// The reading end of [`Happenings`].
#[derive(Debug)]
pub struct HappeningQueue {
    pub happenings: Receiver<Happening>,
    lost: Arc<AtomicU64>,
}

/// Connects requests with whoever stores what they found out. At most `capacity` happenings wait.
pub fn happenings(capacity: usize) -> (Happenings, HappeningQueue) {
    let (queue, happenings) = channel(capacity);
    let lost = Arc::new(AtomicU64::new(0));
    (Happenings { queue, lost: lost.clone() }, HappeningQueue { happenings, lost })
}

impl Happenings {
    /// Hands a happening over, or returns it when it is lost.
    pub fn tell(&self, happening: Happening) -> Result<(), Box<Happening>> {
        self.queue.try_send(happening).map_err(|error| {
            self.lost.fetch_add(1, Ordering::Relaxed);
            let (TrySendError::Full(lost) | TrySendError::Closed(lost)) = error;
            Box::new(lost)
        })
    }
}

impl HappeningQueue {
    /// Returns how many happenings were lost since the last time.
    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}
