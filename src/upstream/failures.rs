//! Failures that come from the connection, not from the provider.

use std::time::Duration;

use crate::domain::failure::{FailureClass, UpstreamFailure};

/// The provider sent nothing for too long.
pub(super) fn silent(limit: Duration) -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::Timeout, format!("the provider sent nothing for {} s", limit.as_secs()))
}

/// The connection failed. The URL is left out: a query string may hold a key.
pub(super) fn network(error: reqwest::Error) -> UpstreamFailure {
    let class = if error.is_timeout() { FailureClass::Timeout } else { FailureClass::Network };
    let error = error.without_url();
    let mut message = if error.is_connect() { "cannot connect".to_owned() } else { "the connection broke".to_owned() };
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        if inner.source().is_none() {
            message = format!("{message}: {inner}");
        }
        source = inner.source();
    }
    UpstreamFailure { code: Some("upstream_unreachable".into()), ..UpstreamFailure::new(class, message) }
}
