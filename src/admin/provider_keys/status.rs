//! What a key's owner sees of its state: their own switch before what the gateway has found out.

use crate::domain::{
    failure::FailureClass,
    health::{Health, KeyState},
    key::StoredKey,
};

/// Whether a key can be used. Same list and meaning as `ProviderKeyState` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStatus {
    Active,
    Cooling,
    QuotaExhausted,
    Invalid,
    Disabled,
}

impl KeyStatus {
    /// The word for it in metrics, the same as in REST answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cooling => "cooling",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Invalid => "invalid",
            Self::Disabled => "disabled",
        }
    }
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
    let Health { since_ms, until_ms, class, reason, .. } = &key.health;
    let plain = |status, since_ms| Status { status, since_ms, until_ms: None, reason: String::new(), class: None };
    let failed = |status, until_ms| Status {
        status,
        since_ms: Some(*since_ms),
        until_ms,
        reason: reason.clone(),
        class: *class,
    };
    if !key.active {
        let reason = "its owner switched it off; set active to use it again".to_owned();
        return Status { reason, ..plain(KeyStatus::Disabled, None) };
    }
    match key.health.state_at(now_ms) {
        KeyState::Active => plain(KeyStatus::Active, Some(until_ms.map_or(*since_ms, |until| until.min(now_ms)))),
        KeyState::Cooling => failed(KeyStatus::Cooling, *until_ms),
        KeyState::QuotaExhausted => failed(KeyStatus::QuotaExhausted, *until_ms),
        KeyState::Invalid => failed(KeyStatus::Invalid, None),
    }
}
