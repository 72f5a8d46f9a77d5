//! What goes along with a message: HTTP headers in, gRPC metadata out, and the request id.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tonic::{Request, metadata::MetadataMap};
use uuid::{Builder, Uuid};

use crate::{error::Failure, language::Language};

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const X_STAINLESS_TIMEOUT: HeaderName = HeaderName::from_static("x-stainless-timeout");
const X_STAINLESS_READ_TIMEOUT: HeaderName = HeaderName::from_static("x-stainless-read-timeout");

const X_GATEWAY_STRICT: HeaderName = HeaderName::from_static("x-gateway-strict");

/// Headers that travel on unchanged, beside the provider keys. Everything else stays here: cookies and the caller's
/// client library are nobody's business behind the edge.
const FORWARDED: [&str; 2] = ["traceparent", "tracestate"];

/// Whether a header holds a key for a provider, `x-<provider>-api-key`. Which providers there are only the service knows.
fn is_provider_key(name: &str) -> bool {
    name.strip_prefix("x-").and_then(|rest| rest.strip_suffix("-api-key")).is_some_and(|provider| !provider.is_empty())
}

/// Identifies one request on every floor: taken from the caller when it is clean, else made here.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    pub fn of(headers: &HeaderMap) -> Self {
        // Visible ASCII only: the id is written to logs and into answers.
        let clean = |value: &&HeaderValue| {
            (1..=128).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        match headers.get(X_REQUEST_ID).filter(clean) {
            Some(value) => Self(value.clone()),
            None => Self::make(),
        }
    }

    fn make() -> Self {
        let mut text = [0; 36];
        text[..4].copy_from_slice(b"req_");
        uuid().simple().encode_lower(&mut text[4..]);
        Self(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("req_0")))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Returns the part that makes it unique, for ids with a beginning of their own.
    pub fn stem(&self) -> &str {
        self.as_str().trim_start_matches("req_")
    }

    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Makes a UUID of version 7: unique, ordered by time, but no secret. Asking the system for random bytes on every request
/// would cost more than parsing it.
fn uuid() -> Uuid {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&KEYS.hash_one(count).to_le_bytes());
    bytes[8..].copy_from_slice(&(count as u16).to_le_bytes());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Builder::from_unix_timestamp_millis(now.as_millis() as u64, &bytes).into_uuid()
}

/// Wraps a message with the caller's identity, keys and trace, and a deadline.
pub fn request<T>(message: T, headers: &HeaderMap, id: &RequestId, deadline: Duration) -> Request<T> {
    let mut map = HeaderMap::with_capacity(8);
    if let Some(token) = gateway_key(headers) {
        map.insert(header::AUTHORIZATION, token);
    }
    // One walk over what is there: looking names up costs more than a caller has headers.
    for (name, value) in headers {
        let is_key = is_provider_key(name.as_str());
        if (is_key || FORWARDED.contains(&name.as_str())) && !map.contains_key(name) && value.to_str().is_ok() {
            let mut value = value.clone();
            value.set_sensitive(is_key);
            map.insert(name.clone(), value);
        }
    }
    // Not the caller's list, which may be long: the one language of it that the service has texts in.
    if let Some(language) = Language::asked(headers) {
        map.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
    map.insert(X_REQUEST_ID, id.header());
    let mut request = Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(map);
    request.set_timeout(deadline);
    request
}

/// Returns the gateway key as the service expects it, wherever the client's library put it.
pub fn gateway_key(headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return Some(value.clone());
    }
    let key = headers.get("x-api-key").or_else(|| headers.get("api-key"))?.to_str().ok()?;
    let mut value = HeaderValue::try_from(format!("Bearer {key}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether a header asks for a request that is refused rather than changed to suit the provider.
pub fn is_strict(headers: &HeaderMap) -> Result<bool, Failure> {
    match headers.get(X_GATEWAY_STRICT).map(HeaderValue::as_bytes) {
        None | Some(b"false" | b"0") => Ok(false),
        Some(b"true" | b"1") => Ok(true),
        Some(_) => {
            Err(Failure::invalid("x-gateway-strict", "Invalid header 'x-gateway-strict': expected true or false."))
        }
    }
}

/// How much longer than the client we wait: its library tells its own timeout better than a 504 that arrives at the same
/// moment, and when it hangs up everything ends anyway.
const GRACE: Duration = Duration::from_secs(1);

/// Returns how long there is for a request: a little more than the client's library waits, in its own words, when that is
/// less than `limit`.
pub fn client_deadline(headers: &HeaderMap, limit: Duration) -> Duration {
    [X_STAINLESS_TIMEOUT, X_STAINLESS_READ_TIMEOUT]
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok())
        .filter(|seconds| *seconds > 0.0)
        .filter_map(|seconds| Duration::try_from_secs_f64(seconds).ok()?.checked_add(GRACE))
        .fold(limit, Duration::min)
}

#[cfg(test)]
mod tests;
