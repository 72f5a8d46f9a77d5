//! Who makes a change, by which request and when: what every use case here is told first.

use std::sync::Arc;

use crate::{
    activity::entry,
    domain::{
        activity::{Action, ActivityEntry},
        key::Caller,
    },
};

/// Who makes a change.
#[derive(Clone, Debug)]
pub struct Actor {
    pub caller: Arc<Caller>,
    pub request_id: String,
    /// Unix milliseconds.
    pub now_ms: i64,
}

impl Actor {
    pub fn user_id(&self) -> &str {
        &self.caller.user_id
    }

    /// Begins an entry of the activity log about a key of the caller's.
    pub fn entry(&self, action: Action, provider: &str) -> ActivityEntry {
        ActivityEntry {
            gateway_key_id: self.caller.key_id.clone(),
            gateway_key_name: self.caller.key_name.clone(),
            request_id: self.request_id.clone(),
            ..entry(action, self.user_id(), provider, self.now_ms)
        }
    }
}
