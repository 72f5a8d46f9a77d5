//! The way of activity from those who cause it to those who keep and watch it. Nobody waits: when the entries come faster
//! than they can be written, they are counted as lost.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::domain::{
    activity::{Action, ActivityEntry},
    time_id::id_at,
};

/// Where activity is reported. Cloning shares it.
#[derive(Clone, Debug)]
pub struct ActivityLog {
    queue: Sender<ActivityEntry>,
    lost: Arc<AtomicU64>,
}

/// The reading end of an [`ActivityLog`].
#[derive(Debug)]
pub struct ActivityQueue {
    pub entries: Receiver<ActivityEntry>,
    /// Entries that found the queue full.
    pub lost: Arc<AtomicU64>,
}

/// Connects those who report with whoever keeps the entries. At most `capacity` entries wait.
pub fn activity_log(capacity: usize) -> (ActivityLog, ActivityQueue) {
    let (queue, entries) = channel(capacity);
    let lost = Arc::new(AtomicU64::new(0));
    (ActivityLog { queue, lost: lost.clone() }, ActivityQueue { entries, lost })
}

impl ActivityLog {
    /// Hands an entry over. It can be listed as soon as it is written, a tenth of a second later as a rule.
    pub fn add(&self, entry: ActivityEntry) {
        if self.queue.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Begins an entry: what happened, whose key, when. The rest is empty.
pub fn entry(action: Action, user_id: &str, provider: &str, now_ms: i64) -> ActivityEntry {
    ActivityEntry {
        id: id_at(now_ms),
        user_id: user_id.to_owned(),
        created_ms: now_ms,
        action,
        provider: provider.to_owned(),
        provider_key_id: String::new(),
        provider_key_name: String::new(),
        next_provider_key_id: String::new(),
        next_provider_key_name: String::new(),
        gateway_key_id: String::new(),
        gateway_key_name: String::new(),
        model_id: String::new(),
        request_id: String::new(),
        message: String::new(),
        failure: None,
        attempts: Vec::new(),
    }
}
