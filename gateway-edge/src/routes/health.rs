//! Health for people and for orchestrators. None of it needs a login.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;
use tonic::Code;

use crate::{
    api::health::Health,
    error::Style,
    health::{self, ServiceHealth},
    metadata::{self, RequestId},
    pb::{self, status_service_client::StatusServiceClient},
    routes::{
        answer::{finish, json},
        edge::Edge,
    },
};

/// Longest wait for what the service tells of itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /api/v1/health`: always 200, because the edge itself answers; the body tells about the service behind it.
pub async fn health(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let id = RequestId::of(request.headers());
    let (service, told) = ask(&edge, &id).await;
    let body = Health::of(edge.started.elapsed().as_secs(), service, told.as_ref());
    let response = json(serde_json::to_vec(&body).unwrap_or_default());
    finish(Ok(response), Style::Api, &id)
}

/// Asks the service how it is, without the caller's key: the answer is the same for all.
async fn ask(edge: &Edge, id: &RequestId) -> (&'static str, Option<pb::GatewayStatus>) {
    let mut client = StatusServiceClient::new(edge.transport.clone());
    let request = metadata::request(pb::GetStatusRequest {}, &HeaderMap::new(), id, PATIENCE);
    let status = match timeout(PATIENCE, client.get_status(request)).await {
        Ok(Ok(reply)) => {
            let told = reply.into_inner().status;
            let stops = told.as_ref().is_some_and(|told| told.state() == pb::GatewayState::Stopping);
            return (if stops { "not_serving" } else { "serving" }, told);
        }
        Ok(Err(status)) => status.code(),
        Err(_) => Code::DeadlineExceeded,
    };
    let service = match status {
        Code::ResourceExhausted => "overloaded",
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => "unreachable",
        // One that tells nothing of itself, because it is older, is there all the same.
        _ => health::check(edge.transport.clone()).await.as_str(),
    };
    (service, None)
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
