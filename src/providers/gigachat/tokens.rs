//! The exchange of an authorization key for an access token: `POST /api/v2/oauth`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::errors;
use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        key::{KeyParameter, ProviderKey},
    },
    providers::{
        adapter::{AccessToken, Reply, TokenExchange, TokenRequest},
        lenient::{Count, Text},
    },
};

/// Scope of keys for individuals.
const PERSONAL: &str = "GIGACHAT_API_PERS";
const SCOPE: &str = "scope";
/// What a key says of itself, where it differs from what the operator set for all.
pub const KEY_PARAMETERS: &[KeyParameter] =
    &[KeyParameter { name: SCOPE, values: &[PERSONAL, "GIGACHAT_API_B2B", "GIGACHAT_API_CORP"] }];
const REQUEST_ID: HeaderName = HeaderName::from_static("rquid");

/// How long every new token lives.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// A new token that seems to end sooner only shows that our clock is wrong.
const SHORTEST: Duration = Duration::from_secs(2 * 60);
/// Times below are in seconds, others in milliseconds: this many milliseconds were over in March 1973.
const LEAST_MILLISECONDS: u64 = 100_000_000_000;

/// Gets access tokens of one scope, where a key has none of its own.
#[derive(Clone, Debug)]
pub struct GigaChatTokens {
    scope: String,
}

impl GigaChatTokens {
    /// Uses keys of this scope: `GIGACHAT_API_PERS`, `GIGACHAT_API_B2B` or `GIGACHAT_API_CORP`.
    pub fn new(scope: impl Into<String>) -> Self {
        Self { scope: scope.into() }
    }
}

impl Default for GigaChatTokens {
    fn default() -> Self {
        Self::new(PERSONAL)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    #[serde(borrow)]
    access_token: Text<'a>,
    expires_at: Count,
    /// The two of installations other than the public one.
    #[serde(borrow)]
    tok: Text<'a>,
    exp: Count,
}

impl TokenExchange for GigaChatTokens {
    fn encode_token(&self, key: &ProviderKey, unique: &str) -> Result<TokenRequest, UpstreamFailure> {
        let credential = format!("Basic {}", authorization_key(key.secret.expose_secret()));
        let mut authorization = HeaderValue::try_from(credential).map_err(|_| bad_key())?;
        authorization.set_sensitive(true);
        let unique = HeaderValue::from_str(unique)
            .map_err(|_| UpstreamFailure::new(FailureClass::Caller, "the id of a token request fits no header"))?;
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (REQUEST_ID, unique),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        let scope = key.parameters.get(SCOPE).unwrap_or(&self.scope);
        Ok(TokenRequest { headers, body: Bytes::from(format!("scope={}", form_value(scope))) })
    }

    fn decode_token(&self, reply: Reply<'_>, now: SystemTime) -> Result<AccessToken, UpstreamFailure> {
        let answer: Answer<'_> = serde_json::from_slice(reply.body).unwrap_or_default();
        let (token, ends) = match answer.access_token {
            token if !token.is_empty() => (token, answer.expires_at.0.or(answer.exp.0)),
            _ => (answer.tok, answer.exp.0.or(answer.expires_at.0)),
        };
        if token.is_empty() {
            let failure = errors::failure_in(reply.body);
            return Err(failure.unwrap_or_else(|| {
                UpstreamFailure::new(FailureClass::BadResponse, "the answer to the token request holds no token")
            }));
        }
        Ok(AccessToken { secret: SecretString::from(token.0.into_owned()), lifetime: lifetime(ends, now) })
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        errors::token_failure(reply.status, reply.headers, reply.body)
    }

    fn token_ended(&self, failure: &UpstreamFailure) -> bool {
        failure.class == FailureClass::Credential && failure.http_status == Some(401)
    }
}

/// Returns the key as the service gives it out, base64 of `id:secret`; never encoded twice, because base64 has no colon.
fn authorization_key(key: &str) -> String {
    let key = key.trim();
    let key = key.strip_prefix("Basic ").map_or(key, str::trim);
    if key.contains(':') { STANDARD.encode(key) } else { key.to_owned() }
}

/// Returns how long a new token is good. It lives half an hour, whatever our clock makes of the time it ends.
fn lifetime(ends: Option<u64>, now: SystemTime) -> Duration {
    let since_1970 = ends.map(|ends| if ends < LEAST_MILLISECONDS { ends.saturating_mul(1000) } else { ends });
    let ends = since_1970.and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
    let left = ends.and_then(|ends| ends.duration_since(now).ok());
    left.filter(|left| *left >= SHORTEST).map_or(LIFETIME, |left| left.min(LIFETIME))
}

fn bad_key() -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::Credential, "the authorization key has characters no header can carry")
}

/// Writes a value of a form. Scopes are plain words, so hardly anything is ever escaped.
fn form_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => value.push(char::from(byte)),
            b' ' => value.push('+'),
            _ => value.push_str(&format!("%{byte:02X}")),
        }
    }
    value
}
