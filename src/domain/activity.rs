//! What happened to provider keys, as their owners read it.

use super::{failure::FailureClass, usage::Attempt};

/// What happened. Same list and meaning as `ActivityAction` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Add,
    Delete,
    Select,
    Unselect,
    Import,
    Update,
    FailoverExhausted,
    Recovered,
    Error,
    Failover,
}

impl Action {
    pub const ALL: [Self; 10] = [
        Self::Add,
        Self::Delete,
        Self::Select,
        Self::Unselect,
        Self::Import,
        Self::Update,
        Self::FailoverExhausted,
        Self::Recovered,
        Self::Error,
        Self::Failover,
    ];

    /// The word for it in the database and in REST.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Delete => "DELETE",
            Self::Select => "SELECT",
            Self::Unselect => "UNSELECT",
            Self::Import => "IMPORT",
            Self::Update => "UPDATE",
            Self::FailoverExhausted => "FAILOVER_EXHAUSTED",
            Self::Recovered => "RECOVERED",
            Self::Error => "ERROR",
            Self::Failover => "FAILOVER",
        }
    }
}

/// One entry of the activity log. Holds names and ids, never a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityEntry {
    /// Made of `created_ms`, see [`super::time_id`]: later entries have greater ids.
    pub id: String,
    /// Owner of the key.
    pub user_id: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub action: Action,
    pub provider: String,
    /// Empty for a key that is not stored and where no single key is concerned.
    pub provider_key_id: String,
    pub provider_key_name: String,
    /// The key that was moved to.
    pub next_provider_key_id: String,
    pub next_provider_key_name: String,
    /// The gateway key that caused it; empty when the gateway acted by itself.
    pub gateway_key_id: String,
    pub gateway_key_name: String,
    pub model_id: String,
    pub request_id: String,
    /// One sentence for a person.
    pub message: String,
    pub failure: Option<FailureClass>,
    pub attempts: Vec<Attempt>,
}

/// Which entries are wanted; an entry passes when it meets every condition. What is empty is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    pub provider: String,
    /// Any of them.
    pub actions: Vec<Action>,
    pub provider_key_id: String,
    pub gateway_key_id: String,
    /// Part of a name, of the model or of the message, in any case.
    pub text: String,
}

impl ActivityFilter {
    /// Whether entries have to be looked at one by one, since no index leads to those that pass.
    pub fn scans(&self) -> bool {
        !self.actions.is_empty() || !self.gateway_key_id.is_empty() || !self.text.is_empty()
    }
}

/// Which entries of a user to read, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    pub user_id: String,
    pub filter: ActivityFilter,
    /// Only ids from this one on.
    pub from_id: Option<String>,
    /// Only ids before this one.
    pub before_id: Option<String>,
    pub limit: usize,
}
