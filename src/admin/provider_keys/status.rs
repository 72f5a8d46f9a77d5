//! What a key's owner sees of its state: their own switch before what the gateway has found out.

use crate::domain::{
    failure::FailureClass,
    health::{Health, KeyState},
    key::StoredKey,
};

/// Whether a key can be used. Same list and meaning as `ProviderKeyState` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    Cooling,
    QuotaExhausted,
    Invalid,
    Disabled,
}

/// A status with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub status: KeyStatus,
    /// When it began, in Unix milliseconds. Not recorded of `Disabled`.
    pub since_ms: Option<i64>,
    /// When it ends by itself.
    pub until_ms: Option<i64>,
    /// Empty with `Active`.
    pub reason: String,
    pub class: Option<FailureClass>,
}

/// Returns what the owner sees at this time: a rest that is over is none.
pub fn status_of(key: &StoredKey, now_ms: i64) -> Status {
    let Health { state, since_ms, until_ms, class, reason, .. } = &key.health;
    let without_reason =
        |status, since_ms| Status { status, since_ms, until_ms: None, reason: String::new(), class: None };
    let failed = |status, until_ms| {
        Status { status, since_ms: Some(*since_ms), until_ms, reason: reason.clone(), class: *class }
    };
    if !key.active {
        let reason = "its owner switched it off; set active to use it again".to_owned();
        return Status { reason, ..without_reason(KeyStatus::Disabled, None) };
    }
    match (state, until_ms) {
        (KeyState::Active, _) => without_reason(KeyStatus::Active, Some(*since_ms)),
        (KeyState::Cooling | KeyState::QuotaExhausted, Some(until)) if *until <= now_ms => {
            without_reason(KeyStatus::Active, Some(*until))
        }
        (KeyState::Cooling, until) => failed(KeyStatus::Cooling, *until),
        (KeyState::QuotaExhausted, until) => failed(KeyStatus::QuotaExhausted, *until),
        (KeyState::Invalid, _) => failed(KeyStatus::Invalid, None),
    }
}
