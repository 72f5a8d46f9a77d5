//! One request below `/api/v1`: what a handler needs of it, and the calls it makes of the service.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Transport,
    api::{body, query::Query},
    error::Failure,
    metadata::{self, RequestId},
    pb::{activity_service_client::ActivityServiceClient, key_service_client::KeyServiceClient},
    routes::{
        answer::json,
        edge::{Edge, expect_json},
    },
};

pub struct Call {
    pub edge: Arc<Edge>,
    pub parts: Parts,
    /// The whole body.
    pub body: Bytes,
    pub id: RequestId,
    /// What stands in the path where the route has a name.
    pub resource: String,
}

impl Call {
    /// Reads the query, which may have the parameters `known` and no other.
    pub fn query(&self, known: &[&str]) -> Result<Query, Failure> {
        Query::read(self.parts.uri.query().unwrap_or_default(), known)
    }

    /// Reads the body of a route that takes JSON and no parameters.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.query(&[])?;
        expect_json(&self.parts.headers)?;
        body::read(&self.body)
    }

    /// Makes sure that a route without a body gets none. Returns the query.
    pub fn nothing(&self, known: &[&str]) -> Result<Query, Failure> {
        body::expect_empty(&self.body)?;
        self.query(known)
    }

    /// Wraps a message with the caller's identity and deadline.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let deadline = metadata::client_deadline(&self.parts.headers, self.edge.settings.request_timeout);
        metadata::request(message, &self.parts.headers, &self.id, deadline)
    }

    pub fn keys(&self) -> KeyServiceClient<Transport> {
        let edge = &self.edge;
        KeyServiceClient::new(edge.transport.clone()).max_decoding_message_size(edge.settings.max_answer_bytes())
    }

    pub fn activity(&self) -> ActivityServiceClient<Transport> {
        let edge = &self.edge;
        ActivityServiceClient::new(edge.transport.clone()).max_decoding_message_size(edge.settings.max_answer_bytes())
    }
}

/// Answers with a value as JSON.
pub fn shown(value: &impl Serialize) -> Response {
    json(body::write(value))
}

/// Answers with something new and where it is.
pub fn created(collection: &str, id: &str, value: &impl Serialize) -> Response {
    let mut response = shown(value);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::try_from(format!("{collection}/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Answers that something is gone.
pub fn gone() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The service said yes and forgot to say what.
pub fn silent() -> Failure {
    Failure::new(StatusCode::BAD_GATEWAY, "The service answered without the key.").with_code("upstream_bad_response")
}
