//! The way of activity from those who cause it to those who keep and watch it. Nobody waits: when the entries come faster
//! than they can be written, the oldest are counted as lost.

mod backlog;

pub use backlog::Backlog;

use crate::domain::{
    activity::{Action, ActivityEntry},
    time_id::id_at,
};

/// Where activity is reported. Cloning shares it.
#[derive(Clone, Debug)]
pub struct ActivityLog {
    backlog: Backlog<ActivityEntry>,
}

/// Connects those who report with whoever keeps the entries. At most `capacity` entries wait.
pub fn activity_log(capacity: usize) -> (ActivityLog, Backlog<ActivityEntry>) {
    let backlog = Backlog::new(capacity);
    (ActivityLog { backlog: backlog.clone() }, backlog)
}

impl ActivityLog {
    /// Hands an entry over. It can be listed as soon as it is written, a tenth of a second later as a rule.
    pub fn add(&self, entry: ActivityEntry) {
        self.backlog.add(entry);
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
