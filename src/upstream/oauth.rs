//! Exchanges provider keys for access tokens that live for a while, and keeps those as long as they are good. However
//! many requests need a token at once, one of them fetches it and the others wait.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use reqwest::{Method, Request, Url};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    body::{MAX_ERROR_BYTES, read},
    bounded::Bounded,
    date::dated,
    failures::{silent, unreachable},
    key_hash::KeyHash,
};
use crate::{
    domain::{
        failure::{FailureClass, NextStep, UpstreamFailure},
        key::ProviderKey,
    },
    providers::adapter::{AccessToken, Reply, TokenExchange},
};

/// Longest wait for a token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);
/// How long before its end a token is replaced.
const AHEAD: Duration = Duration::from_secs(60);
/// How long a token is used that has ended on arrival: then this machine's clock is wrong, not the provider's.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
/// A token that claims to live longer is replaced all the same.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long a failure answers for those who waited for the same token.
const FAILURE_ANSWERS: Duration = Duration::from_secs(1);
/// Keys whose tokens are kept.
const MAX_KEYS: usize = 1024;

/// The tokens of one provider.
pub(super) struct AccessTokens {
    exchange: Arc<dyn TokenExchange>,
    url: Url,
    http: reqwest::Client,
    authorities: Arc<str>,
    entries: Mutex<Bounded<KeyHash, Arc<Entry>>>,
}

/// What is known for one key.
#[derive(Default)]
struct Entry {
    token: Mutex<Option<Token>>,
    /// Held by the one who fetches; holds how the last fetch failed, and when.
    fetching: tokio::sync::Mutex<Option<(Instant, UpstreamFailure)>>,
}

/// A token in the form in which it is shown to the provider.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) shown: Arc<ProviderKey>,
    /// A new one is wanted from here on.
    stale: Instant,
    ends: Instant,
}

impl AccessTokens {
    pub(super) fn new(
        exchange: Arc<dyn TokenExchange>,
        url: Url,
        http: reqwest::Client,
        authorities: Arc<str>,
    ) -> Self {
        Self { exchange, url, http, authorities, entries: Mutex::new(Bounded::new(MAX_KEYS)) }
    }

    /// Returns a token for the key, fetched now if need be.
    pub(super) async fn get(&self, key: &ProviderKey, deadline: Instant) -> Result<Token, UpstreamFailure> {
        let (entry, begun) = (self.entry(key), Instant::now());
        let late = |_| silent(begun.elapsed());
        let usable = match entry.token() {
            Some(token) if Instant::now() < token.stale => return Ok(token),
            Some(token) if Instant::now() < token.ends => Some(token),
            Some(_) | None => None,
        };
        let mut failed = match (entry.fetching.try_lock(), &usable) {
            (Ok(failed), _) => failed,
            // Somebody fetches the next one already.
            (Err(_), Some(token)) => return Ok(token.clone()),
            (Err(_), None) => timeout_at(deadline, entry.fetching.lock()).await.map_err(late)?,
        };
        if let Some(token) = entry.token().filter(|token| Instant::now() < token.stale) {
            return Ok(token);
        }
        let failure = match &*failed {
            Some((when, failure)) if when.elapsed() < FAILURE_ANSWERS => failure.clone(),
            Some(_) | None => {
                let fetched = timeout_at(deadline, self.fetch(key)).await.map_err(late)?;
                match fetched {
                    Ok(token) => {
                        *failed = None;
                        entry.put(Some(token.clone()));
                        return Ok(token);
                    }
                    Err(failure) => failed.insert((Instant::now(), failure)).1.clone(),
                }
            }
        };
        usable.ok_or(failure)
    }

    /// Fetches a token though there may be a good one: only that shows what the provider thinks of the key by now. The
    /// one at hand stays in use when it fails.
    pub(super) async fn renew(&self, key: &ProviderKey, deadline: Instant) -> Result<Token, UpstreamFailure> {
        let begun = Instant::now();
        let token = timeout_at(deadline, self.fetch(key)).await.map_err(|_| silent(begun.elapsed()))??;
        self.entry(key).put(Some(token.clone()));
        Ok(token)
    }

    /// Drops a token that has ended early. Returns whether a new one may help against this failure.
    pub(super) fn has_ended(&self, key: &ProviderKey, token: &Token, failure: &UpstreamFailure) -> bool {
        let ended = self.exchange.token_ended(failure);
        let entry = self.entry(key);
        let current = entry.token().is_some_and(|current| Arc::ptr_eq(&current.shown, &token.shown));
        // Somebody else may have fetched a new one in the meantime.
        if ended && current {
            entry.put(None);
        }
        ended
    }

    fn entry(&self, key: &ProviderKey) -> Arc<Entry> {
        let hash = KeyHash::with_parameters(key);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(&hash).unwrap_or_else(|| {
            let entry = Arc::new(Entry::default());
            entries.insert(hash, entry.clone());
            entry
        })
    }

    async fn fetch(&self, key: &ProviderKey) -> Result<Token, UpstreamFailure> {
        let asked = Instant::now();
        let unique = uuid::Uuid::new_v4().to_string();
        let wanted = self.exchange.encode_token(key, &unique)?;
        let mut request = Request::new(Method::POST, self.url.clone());
        *request.headers_mut() = wanted.headers;
        *request.body_mut() = Some(wanted.body.into());
        let fetched = timeout(TOKEN_TIMEOUT, self.exchange_for(request)).await;
        let token = fetched.map_err(|_| silent(TOKEN_TIMEOUT))??;
        let lifetime = if token.lifetime.is_zero() { CLOCK_TOLERANCE } else { token.lifetime.min(LONGEST_LIFE) };
        let shown = Arc::new(ProviderKey { secret: token.secret, ..key.clone() });
        Ok(Token { shown, stale: asked + lifetime - AHEAD.min(lifetime / 2), ends: asked + lifetime })
    }

    async fn exchange_for(&self, request: Request) -> Result<AccessToken, UpstreamFailure> {
        let response = self.http.execute(request).await.map_err(|e| unreachable(e, &self.authorities))?;
        let (status, headers) = (response.status(), dated(response.headers().clone()));
        let body = read(response, TOKEN_TIMEOUT, MAX_ERROR_BYTES, true).await?;
        let reply = Reply { status: status.as_u16(), headers: &headers, body: &body };
        if status.is_success() {
            self.exchange.decode_token(reply, SystemTime::now())
        } else {
            Err(of_the_key(self.exchange.decode_error(reply)))
        }
    }
}

/// Nothing in a request for a token is the caller's but the key, so what trying again cannot help is the key's fault.
fn of_the_key(failure: UpstreamFailure) -> UpstreamFailure {
    match failure.class.next_step() {
        NextStep::Stop => UpstreamFailure { class: FailureClass::Credential, ..failure },
        NextStep::NextKey | NextStep::SameKeyLater => failure,
    }
}

impl Entry {
    fn token(&self) -> Option<Token> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, token: Option<Token>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").finish_non_exhaustive()
    }
}
