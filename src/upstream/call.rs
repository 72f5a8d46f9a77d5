//! One call of a provider: sends it and decides what its answer is, a failure, a whole reply or a stream of events.

use std::{mem, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::{Body, Request, Response, Url};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout_at};

use super::{
    body::{MAX_ERROR_BYTES, MAX_REPLY_BYTES, read},
    date::dated,
    events::SseEvents,
    failures::{silent, unreachable},
    pieces::Pieces,
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

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Whom to call, with which key and until when.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) timeouts: UpstreamTimeouts,
    pub(super) upstream: &'a Arc<HttpUpstream>,
    pub(super) key: Option<&'a ProviderKey>,
    pub(super) deadline: Instant,
}

impl Call<'_> {
    /// Sends the request and waits for the head of the answer; for the whole answer when it is not streamed.
    pub(super) async fn open(self, encoded: &Encoded, mode: Mode) -> Result<EventStream, UpstreamFailure> {
        let response = self.send(self.post(encoded)?).await?;
        let adapter = &self.upstream.adapter;
        if mode == Mode::Stream && !is_json(response.headers()) {
            let decoder = adapter.stream_decoder(&encoded.memo);
            return Ok(Box::pin(SseEvents::new(response, decoder, self.timeouts)));
        }
        let (status, headers, body) = self.whole(response).await?;
        let events = adapter.decode(&encoded.memo, Reply { status, headers: &headers, body: &body })?;
        Ok(stream::iter(events.into_iter().map(Ok)).boxed())
    }

    /// Sends a request and waits for the head of its answer. Any other than 2xx is the failure it tells of.
    pub(super) async fn send(self, mut request: Request) -> Result<Response, UpstreamFailure> {
        if let Some((name, value)) = credential(&self.upstream.key_style, self.key)? {
            request.headers_mut().insert(name, value);
        }
        let begun = Instant::now();
        let patience = self.deadline.min(begun + self.timeouts.initial);
        let response = timeout_at(patience, self.http.execute(request)).await;
        let response = response.map_err(|_| silent(begun.elapsed()))?;
        let mut response = response.map_err(|e| unreachable(e, self.upstream.authorities()))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status().as_u16(), dated(mem::take(response.headers_mut())));
        let body = read(response, self.timeouts.idle, MAX_ERROR_BYTES, true).await.unwrap_or_default();
        Err(self.upstream.adapter.decode_error(Reply { status, headers: &headers, body: &body }))
    }

    /// Reads what an adapter needs of a whole answer.
    pub(super) async fn whole(self, mut response: Response) -> Result<(u16, HeaderMap, Bytes), UpstreamFailure> {
        let (status, headers) = (response.status().as_u16(), mem::take(response.headers_mut()));
        Ok((status, headers, read(response, self.timeouts.idle, MAX_REPLY_BYTES, false).await?))
    }

    /// Writes a translated request as a POST.
    pub(super) fn post(self, encoded: &Encoded) -> Result<Request, UpstreamFailure> {
        let Some(url) = self.upstream.url(&encoded.path) else {
            return Err(UpstreamFailure::new(FailureClass::Caller, "the model's name makes no valid address"));
        };
        let mut request = self.request(Method::POST, url);
        let headers = request.headers_mut();
        for (name, value) in &encoded.headers {
            headers.insert(name, value.clone());
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        *request.body_mut() = Some(match encoded.media.is_empty() {
            true => encoded.body.clone().into(),
            false => Body::wrap(Pieces::of(encoded)),
        });
        Ok(request)
    }

    /// Writes a request with the headers that all have.
    pub(super) fn request(self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        let headers = request.headers_mut();
        headers.extend(self.upstream.headers.clone());
        // Also for streams, as the clients of most providers do; formats that mind say so in their own headers.
        headers.insert(header::ACCEPT, JSON);
        // Compressed streams arrive in gulps, and a compressed reply could unfold beyond every bound.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        request
    }
}

/// Returns the header that shows the key, marked so that it is never printed.
fn credential(
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
