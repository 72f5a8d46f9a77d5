//! The loop that finds an attempt that works: next key, same key later, or stop. What counts as working is the matter of
//! what is tried: a stream works as soon as it shows something, an embedding when it is whole.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::plan::Plan;
use crate::domain::{
    error::{Error, ErrorKind},
    failure::{FailureClass, NextStep, UpstreamFailure},
    key::ProviderKey,
    usage::Attempt,
};

/// Bounds of the loop.
#[derive(Clone, Copy, Debug)]
pub struct FailoverLimits {
    /// Upstream attempts for one request, over all keys.
    pub max_attempts: u32,
    /// Pause before the same key is tried again; doubles each time, with jitter.
    pub first_pause: Duration,
}

/// What is tried: the same wish, sent to the provider with one key after the other.
pub trait Attempts: Send {
    /// What an attempt that works gives.
    type Answer: Send;

    /// Makes one attempt.
    fn attempt(
        &mut self,
        key: Option<&Arc<ProviderKey>>,
    ) -> impl Future<Output = Result<Self::Answer, UpstreamFailure>> + Send;
}

/// An attempt that worked.
#[derive(Debug)]
pub struct Succeeded<A> {
    pub answer: A,
    /// The key it was made with; `None` where the provider needs none.
    pub key: Option<Arc<ProviderKey>>,
    /// Every attempt in order; the last one is this one.
    pub attempts: Vec<Attempt>,
}

/// Tries until an attempt works, or nothing is left to try.
pub async fn failover<A: Attempts>(
    what: &mut A,
    plan: &Plan,
    limits: FailoverLimits,
    deadline: Instant,
) -> Result<Succeeded<A::Answer>, Error> {
    let mut attempts = Vec::new();
    let mut keys = plan.keys.iter();
    let mut key = keys.next();
    let mut pause = limits.first_pause;
    loop {
        let started = Instant::now();
        let outcome = what.attempt(key).await;
        let mut attempt = attempt_of(plan, key, started);
        let failure = match outcome {
            Ok(answer) => {
                attempts.push(attempt);
                return Ok(Succeeded { answer, key: key.cloned(), attempts });
            }
            Err(failure) => failure,
        };
        attempt.failure = Some(failure.class);
        attempt.http_status = failure.http_status;
        attempt.message.clone_from(&failure.message);
        attempts.push(attempt);

        let attempts_left = attempts.len() < limits.max_attempts as usize;
        match failure.class.next_step() {
            NextStep::NextKey if attempts_left && keys.len() > 0 => key = keys.next(),
            NextStep::SameKeyLater if attempts_left && Instant::now() + pause < deadline => {
                sleep(jittered(pause, started)).await;
                pause *= 2;
            }
            NextStep::NextKey | NextStep::SameKeyLater | NextStep::Stop => {
                return Err(give_up(plan, failure, attempts));
            }
        }
    }
}

fn attempt_of(plan: &Plan, key: Option<&Arc<ProviderKey>>, started: Instant) -> Attempt {
    Attempt {
        provider: plan.target.provider.clone(),
        model: plan.target.model.clone(),
        key_alias: key.map(|k| k.alias.clone()).unwrap_or_default(),
        failure: None,
        http_status: None,
        duration_ms: started.elapsed().as_millis() as u64,
        message: String::new(),
    }
}

/// Spreads pauses between 0.8 and 1.2 times their length, so that callers who failed together do not return together.
fn jittered(pause: Duration, seed: Instant) -> Duration {
    let noise = seed.elapsed().subsec_nanos().wrapping_mul(2_654_435_761) % 400;
    pause * (800 + noise) / 1000
}

/// Tells the caller about the last failure, with the trace of all attempts.
fn give_up(plan: &Plan, failure: UpstreamFailure, attempts: Vec<Attempt>) -> Error {
    Error { attempts, ..error_of(&plan.target.provider, failure) }
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
mod tests;
