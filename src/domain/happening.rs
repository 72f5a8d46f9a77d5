//! What a request found out about provider keys, on its way to the records: handed over once, when the request is over or
//! its answer has begun.

use std::sync::Arc;

use super::{failure::FailureClass, health::Health, key::Caller, usage::Attempt};

/// What happened to the keys of one provider in the course of one request.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Owner of the keys.
    pub user_id: String,
    pub provider: String,
    /// Who asked; `None` when the gateway acted by itself.
    pub caller: Option<Arc<Caller>>,
    pub request_id: String,
    /// Id of the model that was asked for, with its prefix.
    pub model_id: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// In the order in which they happened.
    pub changes: Vec<KeyChange>,
    /// Everything the request tried.
    pub attempts: Vec<Attempt>,
}

/// Names a key of a happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// Empty for a key that is not stored.
    pub id: String,
    pub name: String,
    /// Which of its secrets was tried.
    pub secret_version: i64,
}

/// One thing that happened to a key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// It failed and cannot be used for a while. `health` is to be stored.
    Rested { key: KeyRef, health: Health },
    /// It can be used again. `health` is to be stored.
    Recovered { key: KeyRef, health: Health },
    /// The request left `from`, which had failed, and succeeded with `to`. `to` is to be selected if `reselect`, and only
    /// if `from` is still selected.
    FailedOver { from: KeyRef, to: KeyRef, class: FailureClass, reselect: bool },
    /// No key of the provider could be used. `retry_ms` is how long until one can.
    Exhausted { retry_ms: Option<i64> },
    /// The request ended in an error of the provider that says nothing of the key.
    Failed { key: KeyRef, class: FailureClass, message: String },
}
