//! Health for people and for orchestrators. None of it needs a login.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use crate::{
    api::health::Health,
    error::Style,
    health::{self, ServiceHealth},
    metadata::RequestId,
    routes::{answer::{finish, json}, edge::Edge},
};

/// `GET /api/v1/health`: always 200, because the edge itself answers; the body tells about the service behind it.
pub async fn health(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let service = health::check(edge.transport.clone()).await;
    let body = Health {
        status: if service == ServiceHealth::Serving { "healthy" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: edge.started.elapsed().as_secs(),
        service: service.as_str(),
    };
    let response = json(serde_json::to_vec(&body).unwrap_or_default());
    finish(Ok(response), Style::Api, &RequestId::of(request.headers()))
}

/// `GET /livez`: the process runs.
pub async fn live() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: requests can be answered.
pub async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    match health::check(edge.transport.clone()).await {
        ServiceHealth::Serving => "ok\n".into_response(),
        ServiceHealth::NotServing => (StatusCode::SERVICE_UNAVAILABLE, "the service is not serving\n").into_response(),
        ServiceHealth::Unreachable => {
            (StatusCode::SERVICE_UNAVAILABLE, "the service cannot be reached\n").into_response()
        }
    }
}
