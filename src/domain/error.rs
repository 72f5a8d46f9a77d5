//! What can go wrong, as callers are told. `grpc/status.rs` holds the one table from here to gRPC codes.

use std::time::Duration;

use super::{
    failure::FailureClass,
    usage::{Attempt, Usage},
};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason of an error. Same list and meaning as `ErrorReason` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    GatewayKeyInvalid,
    NotAllowed,
    ModelNotFound,
    InvalidRequest,
    UnsupportedByProvider,
    ContextLengthExceeded,
    ContentBlocked,
    UnsupportedMediaType,
    TooLarge,
    RateLimited,
    BudgetExceeded,
    ProviderKeysExhausted,
    ProviderQuotaExceeded,
    UpstreamError,
    UpstreamTimeout,
    StorageUnavailable,
    StreamInterrupted,
    NotImplemented,
    NotFound,
    AlreadyExists,
    Overloaded,
    ShuttingDown,
    Cancelled,
    Internal,
}

/// An error on its way to the caller. The message says what happened and what to do next, and holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// Path of the field in the contract, such as `prompt.messages[0].role`.
    pub field: Option<String>,
    pub retry_after: Option<Duration>,
    /// How the last attempt failed, when a provider did.
    pub failure: Option<FailureClass>,
    /// More facts for `ErrorInfo.metadata`, such as `provider` or `http_status`.
    pub metadata: Vec<(&'static str, String)>,
    pub attempts: Vec<Attempt>,
    pub partial_usage: Option<Usage>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            field: None,
            retry_after: None,
            failure: None,
            metadata: Vec::new(),
            attempts: Vec::new(),
            partial_usage: None,
        }
    }

    /// A wrong or missing field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ErrorKind::InvalidRequest, message) }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }
}
