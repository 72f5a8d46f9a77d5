//! How answers are finished: the request id, a failure's body, and what is said where there is no route.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, StatusCode, header};

use crate::{
    error::{Failure, Style, style_of},
    language::Language,
    metadata::{RequestId, X_REQUEST_ID},
    routes::{
        answers::NONE,
        edge::Edge,
        localize::{Refusal, localize},
    },
};

/// Gives every answer its request id, and a failure its body.
pub fn finish(result: Result<Response, Failure>, style: Style, id: &RequestId) -> Response {
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

pub fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub async fn unknown_route(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    edge.count(NONE, request.method(), StatusCode::NOT_FOUND, Instant::now());
    nowhere(request).await
}

/// The same, uncounted.
pub async fn nowhere(request: Request) -> Response {
    let message = format!("Invalid URL ({} {}); /docs shows every route", request.method(), request.uri().path());
    refuse(&request, Failure::new(StatusCode::NOT_FOUND, message))
}

pub async fn method_not_allowed(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    edge.count(NONE, request.method(), StatusCode::METHOD_NOT_ALLOWED, Instant::now());
    let message = format!(
        "Not allowed to {} on {}; the header `allow` names the methods",
        request.method(),
        request.uri().path()
    );
    // axum adds the `allow` header to what this returns.
    refuse(&request, Failure::new(StatusCode::METHOD_NOT_ALLOWED, message))
}

fn refuse(request: &Request, failure: Failure) -> Response {
    let id = RequestId::of(request.headers());
    let answer = finish(Err(failure), style_of(request.uri().path()), &id);
    localize(answer, Language::asked(request.headers()))
}
