//! What callers are told when a provider fails or no key of it can be used.

use std::time::Duration;

use crate::domain::{
    error::{Error, ErrorKind},
    failure::{FailureClass, UpstreamFailure},
};

/// When to ask again where no key comes back by itself.
const RETRY_REFUSED: Duration = Duration::from_secs(60);
/// Nobody is asked to come back sooner.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);

/// None of the user's keys can be used now. `soonest_ms` is how long until one can; `None` when time brings none back.
pub fn exhausted(provider: &str, soonest_ms: Option<i64>) -> Error {
    let wait = |ms: i64| Duration::from_millis(ms.unsigned_abs()).max(SHORTEST_RETRY);
    let next_step = match soonest_ms.map(wait) {
        Some(wait) => format!("the first one is tried again in {} s", wait.as_millis().div_ceil(1000)),
        None => "the provider refused each of them, so replace a secret or add another key".to_owned(),
    };
    let message = format!(
        "no key for provider {provider} can be used now: {next_step}; ListProviderKeys tells the state of each and why"
    );
    Error {
        retry_after: Some(soonest_ms.map_or(RETRY_REFUSED, wait)),
        ..Error::new(ErrorKind::ProviderKeysExhausted, message)
    }
    .with("provider", provider)
}

/// The caller's time was over before an attempt worked.
pub fn late(provider: &str) -> Error {
    let message = format!("the time limit of the request left no time to ask provider {provider}: allow it more time");
    Error::new(ErrorKind::UpstreamTimeout, message).with("provider", provider)
}

/// The one table from failure classes to what callers are told.
pub fn error_of(provider: &str, failure: UpstreamFailure) -> Error {
    let kind = match failure.class {
        FailureClass::Credential
        | FailureClass::Overload
        | FailureClass::ServerError
        | FailureClass::Network
        | FailureClass::BadResponse => ErrorKind::UpstreamError,
        FailureClass::Quota => ErrorKind::ProviderQuotaExceeded,
        FailureClass::RateLimit => ErrorKind::RateLimited,
        FailureClass::Timeout => ErrorKind::UpstreamTimeout,
        FailureClass::Caller => ErrorKind::InvalidRequest,
        FailureClass::ContextLength => ErrorKind::ContextLengthExceeded,
        FailureClass::Blocked => ErrorKind::ContentBlocked,
        FailureClass::Model => ErrorKind::ModelNotFound,
    };
    let message = match failure.class {
        FailureClass::Credential => format!(
            "provider {provider} refused the key it was shown: check the provider key in the request header or the \
             configuration"
        ),
        FailureClass::Quota | FailureClass::RateLimit | FailureClass::Overload => {
            format!("{} (from provider {provider})", failure.message)
        }
        FailureClass::ServerError | FailureClass::Network | FailureClass::BadResponse | FailureClass::Timeout => {
            format!("provider {provider} failed: {}", failure.message)
        }
        FailureClass::Caller | FailureClass::ContextLength | FailureClass::Blocked | FailureClass::Model => {
            failure.message
        }
    };
    let mut error = Error::new(kind, message).with("provider", provider);
    error.retry_after = match (failure.retry_after, failure.class) {
        (Some(after), _) => Some(after),
        (None, FailureClass::RateLimit | FailureClass::Overload) => Some(Duration::from_secs(1)),
        (None, _) => None,
    };
    error.failure = Some(failure.class);
    if let Some(status) = failure.http_status {
        error = error.with("http_status", status.to_string());
    }
    // A refused key is ours, not the caller's: the provider's code would only mislead.
    if failure.class != FailureClass::Credential {
        if let Some(code) = failure.code {
            error = error.with("code", code);
        }
        if let Some(param) = failure.param {
            error = error.with("param", param);
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_provider_blames_on_the_request() {
        use FailureClass::{Blocked, Caller, ContextLength, Model};
        for (class, http_status, kind) in [
            (Caller, Some(400), ErrorKind::InvalidRequest),
            (Caller, None, ErrorKind::InvalidRequest),
            // Its code says which limit; ours are told as 413.
            (Caller, Some(413), ErrorKind::InvalidRequest),
            // What the provider says of the size in its own words says more.
            (ContextLength, Some(413), ErrorKind::ContextLengthExceeded),
            (Blocked, Some(400), ErrorKind::ContentBlocked),
            (Model, Some(404), ErrorKind::ModelNotFound),
        ] {
            let error = error_of("p", UpstreamFailure { http_status, ..UpstreamFailure::new(class, "x") });
            assert_eq!((error.kind, error.retry_after), (kind, None), "{class:?} {http_status:?}");
        }
    }
}
