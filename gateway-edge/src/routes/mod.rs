//! The routes, and what all of them share: the request id, reading a body within limits, and how answers are finished.
//!
//! Paths are forgiven a trailing slash, doubled slashes and a missing `/v1`, because base URLs are typed by people.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::{
    EdgeSettings, Transport,
    error::{Failure, Style, style_of},
    messages::size,
    metadata::{RequestId, X_REQUEST_ID},
};

use localize::Refusal;

mod admission;
mod api;
mod call;
mod chat;
mod completions;
mod embeddings;
mod grpc_web;
mod health;
mod localize;
mod models;
mod responses;
mod sse;

/// What every handler needs.
struct Edge {
    transport: Transport,
    settings: EdgeSettings,
    started: Instant,
}

/// Builds all routes over one service.
pub fn router(transport: Transport, settings: EdgeSettings) -> Router {
    let cors = cors(&settings.cors_origins);
    let edge = Arc::new(Edge { transport, settings, started: Instant::now() });
    let chat = || post(chat::completions).options(options_post);
    let responses = || post(responses::create).options(options_post);
    let texts = || post(completions::create).options(options_post);
    let embeddings = || post(embeddings::create).options(options_post);
    let models = || get(models::list).options(options_get);
    let model = || get(models::get).options(options_get);
    let direct = Router::new()
        .route("/v1/chat/completions", chat())
        .route("/chat/completions", chat())
        .route("/v1/responses", responses())
        .route("/responses", responses())
        .route("/v1/completions", texts())
        .route("/completions", texts())
        .route("/v1/embeddings", embeddings())
        .route("/embeddings", embeddings())
        .route("/v1/models", models())
        .route("/models", models())
        .route("/v1/models/{*id}", model())
        .route("/models/{*id}", model())
        .merge(api::routes())
        .route_layer(middleware::from_fn_with_state(edge.clone(), admission::admit))
        .route("/api/v1/health", get(health::health))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(edge.clone());
    let strict = direct.clone().fallback(unknown_route);
    let rest = Arc::new(Rest { edge, strict });
    let router = direct.fallback(move |request: Request| forgiving(rest.clone(), request));
    let router = router.layer(middleware::from_fn(localize::localize));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

struct Rest {
    edge: Arc<Edge>,
    strict: Router,
}

/// Takes what no route matched: gRPC-Web calls, and paths written carelessly.
async fn forgiving(rest: Arc<Rest>, request: Request) -> Response {
    if grpc_web::is_call(&request) {
        return grpc_web::call(&rest.edge, request).await;
    }
    let Some(path) = tidy(request.uri().path()) else { return unknown_route(request).await };
    let (mut parts, body) = request.into_parts();
    parts.uri = with_path(&parts.uri, &path);
    match rest.strict.clone().oneshot(Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Returns the path with single slashes and without one at its end, if that changes it.
fn tidy(path: &str) -> Option<String> {
    let mut tidied = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        tidied.push('/');
        tidied.push_str(segment);
    }
    (!tidied.is_empty() && tidied != path).then_some(tidied)
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    PathAndQuery::try_from(text).map_or_else(|_| uri.clone(), Uri::from)
}

async fn unknown_route(request: Request) -> Response {
    let message = format!("Invalid URL ({} {})", request.method(), request.uri().path());
    refuse(&request, Failure::new(StatusCode::NOT_FOUND, message))
}

async fn method_not_allowed(request: Request) -> Response {
    let message = format!("Not allowed to {} on {}", request.method(), request.uri().path());
    // axum adds the `allow` header to what this returns.
    refuse(&request, Failure::new(StatusCode::METHOD_NOT_ALLOWED, message))
}

fn refuse(request: &Request, failure: Failure) -> Response {
    let id = RequestId::of(request.headers());
    finish(Err(failure), style_of(request.uri().path()), &id)
}

async fn options_post() -> Response {
    allow("POST,OPTIONS")
}

async fn options_get() -> Response {
    allow("GET,HEAD,OPTIONS")
}

fn allow(methods: &'static str) -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, methods)]).into_response()
}

/// Gives every answer its request id, and a failure its body.
fn finish(result: Result<Response, Failure>, style: Style, id: &RequestId) -> Response {
    let mut response = result.unwrap_or_else(|failure| {
        // Without the message: it may repeat what the caller wrote.
        let (status, code) = (failure.status().as_u16(), failure.code());
        if status >= 500 {
            tracing::warn!(request.id = id.as_str(), http.status = status, error.code = code, "request failed");
        } else {
            tracing::debug!(request.id = id.as_str(), http.status = status, error.code = code, "request refused");
        }
        let refusal = Refusal { failure: failure.clone(), style, id: id.clone() };
        let mut response = failure.into_response(style, id.as_str());
        response.extensions_mut().insert(refusal);
        response
    });
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.header());
    if style == Style::Api {
        // Who may see an answer is a matter of the key it was asked with.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl Edge {
    /// Reads a JSON body within the limits of size and patience.
    async fn read_json(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        expect_json(headers)?;
        self.read_plain(headers, body).await
    }

    /// Reads a body of any kind within the limits of size and patience.
    async fn read_plain(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        refuse_encoded(headers)?;
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        self.read(announced.unwrap_or(0), body).await
    }

    async fn read(&self, announced: usize, mut body: Body) -> Result<Bytes, Failure> {
        let limit = self.settings.max_body_bytes;
        if announced > limit {
            return Err(too_large(limit));
        }
        let mut first = Bytes::new();
        let mut joined = BytesMut::new();
        loop {
            let frame = match tokio::time::timeout(self.settings.body_read_timeout, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(_))) => {
                    return Err(Failure::new(StatusCode::BAD_REQUEST, "The body ended before it was complete."));
                }
                Err(_) => {
                    let message = "The body did not arrive in time.";
                    return Err(Failure::new(StatusCode::REQUEST_TIMEOUT, message));
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + joined.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            if first.is_empty() && joined.is_empty() {
                // A small body is one frame and is not copied.
                first = data;
                continue;
            }
            if joined.is_empty() {
                // A claim of the caller is no reason to set much memory aside.
                joined.reserve(announced.clamp(first.len() + data.len(), 1 << 20));
                joined.extend_from_slice(&std::mem::take(&mut first));
            }
            joined.extend_from_slice(&data);
        }
        Ok(if joined.is_empty() { first } else { joined.freeze() })
    }
}

/// Refuses a compressed body: what it holds may be a thousand times larger than what was sent.
fn refuse_encoded(headers: &HeaderMap) -> Result<(), Failure> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let message = "Unsupported content encoding: send the body without compression.";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

/// Refuses a body that says it is something else than JSON.
fn expect_json(headers: &HeaderMap) -> Result<(), Failure> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    if content_type.is_none_or(is_json) {
        return Ok(());
    }
    let message = "Unsupported content type: send the body as application/json.";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn too_large(limit: usize) -> Failure {
    let message = format!("The request body is larger than the limit of {limit} bytes.");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message).with_fact("limit", size(limit))
}

/// Allows browsers of `origins`.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::try_from(origin.trim_end_matches('/')).ok()))
    };
    let cors = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE, Method::OPTIONS])
        // SDKs send many headers of their own. Not `*`: the fetch specification leaves `authorization` out of it.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(std::time::Duration::from_secs(3600));
    Some(cors)
}

#[cfg(test)]
mod tests;
