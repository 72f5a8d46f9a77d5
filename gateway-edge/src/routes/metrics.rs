//! `GET /metrics`, among the other routes or on a port of its own.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use prometheus::Registry;

use crate::{
    error::{Failure, Style},
    metadata::RequestId,
    metrics,
    routes::{
        answer::{finish, nowhere},
        edge::Edge,
    },
};

/// Says how the process does.
pub async fn metrics(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    finish(shown(&edge.settings.metrics), Style::OpenAi, &RequestId::of(request.headers()))
}

/// The same and nothing else, for a port of its own.
pub fn router(registry: Registry) -> Router {
    let metrics = async |State(registry): State<Registry>, request: Request| {
        finish(shown(&registry), Style::OpenAi, &RequestId::of(request.headers()))
    };
    Router::new().route("/metrics", get(metrics)).fallback(nowhere).with_state(registry)
}

fn shown(registry: &Registry) -> Result<Response, Failure> {
    let text = metrics::text(registry).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written.")
    })?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response())
}
