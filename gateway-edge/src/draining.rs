//! What an edge answers that has been told to stop, while open answers finish.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};

use crate::{
    error::{Failure, style_of},
    language::Language,
    metadata::{RequestId, X_REQUEST_ID},
    routes::grpc_web,
    transport::told::Trouble,
};

/// By then a load balancer sends requests elsewhere.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub fn router() -> Router {
    Router::new()
        .route("/livez", get(async || closing("ok\n".into_response())))
        .route("/readyz", get(async || closing((StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response())))
        .fallback(refuse)
}

async fn refuse(request: Request) -> Response {
    if grpc_web::is_call(&request) {
        return closing(grpc_web::refuse(&request, Trouble::EdgeStops));
    }
    let id = RequestId::of(request.headers());
    let failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "This edge is shutting down; send the request again.")
        .with_code("shutting_down")
        .with_retry_after(RETRY_AFTER)
        .localized(Language::asked(request.headers()));
    let mut response = failure.into_response(style_of(request.uri().path()), id.as_str());
    response.headers_mut().insert(X_REQUEST_ID, id.header());
    closing(response)
}

/// The next request shall find another edge.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
