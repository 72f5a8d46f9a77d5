//! What came out of testing a key.

use std::time::Duration;

use crate::domain::{
    failure::{FailureClass, UpstreamFailure},
    key::StoredKey,
};

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// The provider refused it or its quota is used up.
    Failed,
    /// Nothing is known of the key.
    Inconclusive,
    NotTested,
}

impl Verdict {
    pub fn of(failure: &UpstreamFailure) -> Self {
        match failure.class {
            FailureClass::Credential | FailureClass::Quota => Self::Failed,
            FailureClass::RateLimit
            | FailureClass::Overload
            | FailureClass::ServerError
            | FailureClass::Network
            | FailureClass::Timeout
            | FailureClass::BadResponse
            | FailureClass::Caller
            | FailureClass::ContextLength
            | FailureClass::Blocked
            | FailureClass::Model => Self::Inconclusive,
        }
    }
}

/// What came out for one key.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The key after the test.
    pub key: StoredKey,
    pub verdict: Verdict,
    /// Why it does not work.
    pub class: Option<FailureClass>,
    /// `None` when there was no answer.
    pub http_status: Option<u16>,
    pub duration: Duration,
    /// One sentence for a person.
    pub message: String,
    /// Models the provider showed the key, in its own words.
    pub models: Vec<String>,
}

impl Tested {
    /// A key that was not tested.
    pub fn not(key: StoredKey, message: impl Into<String>) -> Self {
        Self {
            key,
            verdict: Verdict::NotTested,
            class: None,
            http_status: None,
            duration: Duration::ZERO,
            message: message.into(),
            models: Vec::new(),
        }
    }
}
