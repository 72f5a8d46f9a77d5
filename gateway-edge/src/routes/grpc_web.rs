//! gRPC-Web of the service on the edge's own origin, so that a browser needs one address and no CORS.

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, Method, header};
use tonic::Status;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _};

use crate::{
    metadata::{RequestId, X_REQUEST_ID},
    routes::edge::Edge,
    transport::told::{Caller, Trouble},
};

const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text+proto";

/// What the translating layer knows; it would pass anything else on as it is.
const CONTENT_TYPES: [&str; 4] = ["application/grpc-web", BINARY, "application/grpc-web-text", TEXT];

/// Headers between two neighbours only; HTTP/2 refuses them. Cookies are no business of the service.
const NOT_FORWARDED: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "host",
    "cookie",
    "expect",
    "proxy-authorization",
];

/// Whether a request is a gRPC-Web call of a service that is meant for callers.
pub fn is_call(request: &Request) -> bool {
    let path = request.uri().path();
    let ours = path.starts_with("/aigateway.v1.") || path.starts_with("/grpc.health.v1.Health/");
    ours && request.method() == Method::POST && is_grpc_web(request.headers())
}

fn is_grpc_web(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| CONTENT_TYPES.contains(&kind))
}

/// Whether a content type is base64, for clients that cannot read bytes.
fn is_text(kind: &HeaderValue) -> bool {
    kind.as_bytes().starts_with(b"application/grpc-web-text")
}

/// Passes the call to the service, in this process or in another.
pub async fn call(edge: &Edge, mut request: Request) -> Response {
    let id = RequestId::of(request.headers());
    let headers = request.headers_mut();
    for name in NOT_FORWARDED {
        headers.remove(name);
    }
    headers.insert(X_REQUEST_ID, id.header());
    let answer_kind = answer_kind(headers);
    if headers.get(header::CONTENT_TYPE).is_some_and(is_text) {
        // The translating layer decodes base64 and still announces the length of the encoded body. HTTP/2 would make a
        // `content-length` of it, and the service would reset the stream because the data is shorter.
        request = request.map(|body| Body::from_stream(body.into_data_stream()));
    }
    *request.version_mut() = http::Version::HTTP_2;
    let service = GrpcWebLayer::new().layer(edge.transport.clone());
    match service.oneshot(request).await {
        Ok(mut response) => {
            response.headers_mut().insert(X_REQUEST_ID, id.header());
            response.map(Body::new)
        }
        Err(error) => failed(Status::from_error(error), answer_kind, &id),
    }
}

/// Answers a call that is not passed on.
pub fn refuse(request: &Request, trouble: Trouble) -> Response {
    let id = RequestId::of(request.headers());
    let caller = Caller::of(request.headers()).named(id.header());
    failed(caller.status(trouble), answer_kind(request.headers()), &id)
}

/// Returns the content type that the answer of a call has.
fn answer_kind(headers: &HeaderMap) -> &'static str {
    let accept = headers.get(header::ACCEPT).or_else(|| headers.get(header::CONTENT_TYPE));
    if accept.is_some_and(is_text) { TEXT } else { BINARY }
}

/// The status travels in the head: gRPC-Web calls that "trailers only".
fn failed(status: Status, kind: &'static str, id: &RequestId) -> Response {
    let mut response = status.into_http::<tonic::body::Body>().map(Body::new);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(X_REQUEST_ID, id.header());
    response
}
