//! How a provider fails, in the gateway's words. Adapters produce it, routing decides by it.

use std::time::Duration;

/// Why an attempt failed, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The provider refused the key.
    Credential,
    /// Balance or long-term quota is used up.
    Quota,
    /// Too many requests or tokens in a short window.
    RateLimit,
    /// The provider says it is overloaded (503, 529).
    Overload,
    /// The provider failed by itself (500, 502).
    ServerError,
    /// Refused, reset or cut connection.
    Network,
    /// No answer in time.
    Timeout,
    /// An answer that is no valid reply.
    BadResponse,
    /// The request is wrong.
    Caller,
    /// The prompt is longer than the context window.
    ContextLength,
    /// The content was refused.
    Blocked,
    /// The provider does not know the model, or not for this key.
    Model,
}

/// What to do after a failure, as long as attempts and time are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// This key cannot help; another may.
    NextKey,
    /// The key is fine; try it again after a pause.
    SameKeyLater,
    /// Nothing the gateway does will help.
    Stop,
}

impl FailureClass {
    pub const ALL: [Self; 12] = [
        Self::Credential,
        Self::Quota,
        Self::RateLimit,
        Self::Overload,
        Self::ServerError,
        Self::Network,
        Self::Timeout,
        Self::BadResponse,
        Self::Caller,
        Self::ContextLength,
        Self::Blocked,
        Self::Model,
    ];

    /// The word for it in the database and in the trace of REST answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Quota => "quota",
            Self::RateLimit => "rate_limit",
            Self::Overload => "overload",
            Self::ServerError => "server_error",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::BadResponse => "bad_response",
            Self::Caller => "caller",
            Self::ContextLength => "context_length",
            Self::Blocked => "blocked",
            Self::Model => "model",
        }
    }

    pub fn next_step(self) -> NextStep {
        match self {
            Self::Credential | Self::Quota | Self::RateLimit => NextStep::NextKey,
            Self::Overload | Self::ServerError | Self::Network | Self::Timeout | Self::BadResponse => {
                NextStep::SameKeyLater
            }
            Self::Caller | Self::ContextLength | Self::Blocked | Self::Model => NextStep::Stop,
        }
    }
}

/// A failed attempt as the adapter or the driver saw it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UpstreamFailure {
    pub class: FailureClass,
    /// `None` when there was no answer.
    pub http_status: Option<u16>,
    /// The provider's own words, shortened and redacted, or ours when it gave none.
    pub message: String,
    /// The provider's error code, as text.
    pub code: Option<String>,
    /// The request field the provider complains about, in its own naming.
    pub param: Option<String>,
    /// How long the provider wants to be left alone.
    pub retry_after: Option<Duration>,
    /// When a quota that is used up is available anew, where only a clock can tell.
    pub resets: Option<QuotaReset>,
}

/// When a quota is available anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaReset {
    /// At midnight in California, daylight saving time included.
    MidnightPacific,
}

impl UpstreamFailure {
    /// A failure without an answer from the provider.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            http_status: None,
            message: message.into(),
            code: None,
            param: None,
            retry_after: None,
            resets: None,
        }
    }
}
