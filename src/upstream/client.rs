//! Sends one request and decides what its answer is: a failure, a whole reply or a stream of events.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Request;
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    events::SseEvents,
    failures::{network, silent},
    provider::HttpUpstream,
    timeouts::UpstreamTimeouts,
};
use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
    },
    providers::{
        adapter::{Encoded, Mode, Reply},
        registry::KeyStyle,
    },
    routing::transport::EventStream,
};

/// Largest whole reply. An audio or image answer is some megabytes.
pub(super) const MAX_REPLY_BYTES: usize = 64 << 20;
/// Largest error answer that is read; more is cut.
pub(super) const MAX_ERROR_BYTES: usize = 64 << 10;
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS for upstream calls: {0}")]
pub struct ClientError(String);

/// Builds the client all upstream calls share.
pub fn http_client(timeouts: UpstreamTimeouts) -> Result<reqwest::Client, ClientError> {
    // Merged with the system's roots: a bare container has none, and building fails without any.
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| reqwest::Certificate::from_der(der));
    let roots = roots.collect::<Result<Vec<_>, _>>().map_err(|e| ClientError(e.to_string()))?;
    reqwest::Client::builder()
        .tls_certs_merge(roots)
        .connect_timeout(timeouts.connect)
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(256)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        // Never the adaptive window: it starts at 64 KiB, and h2 closes a whole connection when more small frames
        // wait than half the window allows. That is some 150 tokens of a slow reader.
        .http2_initial_connection_window_size(64 << 20)
        .http2_initial_stream_window_size(2 << 20)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("ai-model-gateway/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| ClientError(e.to_string()))
}

/// Sends the request and waits for the head of the answer; for the whole answer when it is not streamed.
pub(super) async fn open(
    http: &reqwest::Client,
    timeouts: UpstreamTimeouts,
    upstream: &HttpUpstream,
    encoded: &Encoded,
    mode: Mode,
    key: Option<&ProviderKey>,
    deadline: Instant,
) -> Result<EventStream, UpstreamFailure> {
    let request = request(upstream, encoded, mode, key)?;
    let patience = deadline.min(Instant::now() + timeouts.initial);
    let response = timeout_at(patience, http.execute(request)).await.map_err(|_| silent(timeouts.initial))?;
    let mut response = response.map_err(network)?;

    let status = response.status().as_u16();
    if !response.status().is_success() {
        let headers = std::mem::take(response.headers_mut());
        let body = read(response, timeouts.idle, MAX_ERROR_BYTES, true).await.unwrap_or_default();
        return Err(upstream.adapter.decode_error(Reply { status, headers: &headers, body: &body }));
    }
    if mode == Mode::Stream && !is_json(response.headers()) {
        let decoder = upstream.adapter.stream_decoder(&encoded.memo);
        return Ok(Box::pin(SseEvents::new(response, decoder, timeouts)));
    }
    let headers = std::mem::take(response.headers_mut());
    let body = read(response, timeouts.idle, MAX_REPLY_BYTES, false).await?;
    let events = upstream.adapter.decode(&encoded.memo, Reply { status, headers: &headers, body: &body })?;
    Ok(stream::iter(events.into_iter().map(Ok)).boxed())
}

fn request(
    upstream: &HttpUpstream,
    encoded: &Encoded,
    mode: Mode,
    key: Option<&ProviderKey>,
) -> Result<Request, UpstreamFailure> {
    let Some(url) = upstream.url(&encoded.path) else {
        return Err(UpstreamFailure::new(FailureClass::Caller, "the model's name makes no valid address"));
    };
    let mut request = Request::new(Method::POST, url);
    let headers = request.headers_mut();
    headers.extend(upstream.headers.clone());
    headers.extend(encoded.headers.iter().cloned());
    headers.insert(header::CONTENT_TYPE, JSON);
    // Compressed streams arrive in gulps, and a compressed reply could unfold beyond every bound.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(
        header::ACCEPT,
        match mode {
            Mode::Unary => JSON,
            Mode::Stream => HeaderValue::from_static("text/event-stream"),
        },
    );
    if let Some((name, value)) = credential(&upstream.key_style, key)? {
        headers.insert(name, value);
    }
    *request.body_mut() = Some(encoded.body.clone().into());
    Ok(request)
}

/// Returns the header that shows the key, marked so that it is never printed.
pub(super) fn credential(
    style: &KeyStyle,
    key: Option<&ProviderKey>,
) -> Result<Option<(header::HeaderName, HeaderValue)>, UpstreamFailure> {
    let Some(key) = key else { return Ok(None) };
    let secret = key.secret.expose_secret();
    let (name, value) = match style {
        KeyStyle::None => return Ok(None),
        KeyStyle::Bearer => (header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {secret}"))),
        KeyStyle::Header(name) => (name.clone(), HeaderValue::try_from(secret)),
    };
    let mut value = value.map_err(|_| {
        UpstreamFailure::new(FailureClass::Credential, "the provider key has characters no header can carry")
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

/// Whether a 200 to a stream request is a whole JSON document: an error, or a provider that does not stream.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/json") || kind.starts_with("text/html")
}

/// Reads a body of at most `limit` bytes; cuts there when asked to, else fails.
pub(super) async fn read(
    mut response: reqwest::Response,
    idle: Duration,
    limit: usize,
    cut: bool,
) -> Result<Bytes, UpstreamFailure> {
    let Some(first) = chunk(&mut response, idle).await? else { return Ok(Bytes::new()) };
    let Some(second) = chunk(&mut response, idle).await? else { return Ok(first) };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while let Some(more) = chunk(&mut response, idle).await? {
        if body.len() + more.len() > limit {
            if cut {
                break;
            }
            let message = format!("the provider's answer is larger than {limit} bytes");
            return Err(UpstreamFailure::new(FailureClass::BadResponse, message));
        }
        body.extend_from_slice(&more);
    }
    Ok(body.freeze())
}

async fn chunk(response: &mut reqwest::Response, idle: Duration) -> Result<Option<Bytes>, UpstreamFailure> {
    timeout(idle, response.chunk()).await.map_err(|_| silent(idle))?.map_err(network)
}
