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

impl ErrorKind {
    /// The word for it in records of requests: the contract's, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::GatewayKeyInvalid => "gateway_key_invalid",
            Self::NotAllowed => "not_allowed",
            Self::ModelNotFound => "model_not_found",
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedByProvider => "unsupported_by_provider",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::ContentBlocked => "content_blocked",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::BudgetExceeded => "budget_exceeded",
            Self::ProviderKeysExhausted => "provider_keys_exhausted",
            Self::ProviderQuotaExceeded => "provider_quota_exceeded",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::StorageUnavailable => "storage_unavailable",
            Self::StreamInterrupted => "stream_interrupted",
            Self::NotImplemented => "not_implemented",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Overloaded => "overloaded",
            Self::ShuttingDown => "shutting_down",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
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
