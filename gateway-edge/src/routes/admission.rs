//! Who calls is known to the service alone. It is asked before a large body is read, and before a refusal of the edge's
//! own goes out: a caller without a good key learns no more than that.

use std::{future::Future, time::Duration};

use axum::{extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use tonic::Code;

use crate::{
    error::{Failure, style_of},
    metadata::{self, RequestId},
    pb::{self, key_service_client::KeyServiceClient},
    routes::{answer::finish, edge::Edge, localize::Refusal},
};

/// A body up to this size is read before anything is asked: the call that it is for will tell.
const SMALL_BODY: u64 = 1 << 20;

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lets a request in to its handler, or answers in place of it.
pub async fn admit<A: Future<Output = Response>>(
    edge: &Edge,
    request: Request,
    handler: impl FnOnce(Request) -> A,
) -> Response {
    let key = metadata::gateway_key(request.headers());
    if is_worth_a_question(&request, key.as_ref()) {
        let (id, style) = (RequestId::of(request.headers()), style_of(request.uri().path()));
        if let Some(failure) = refusal(edge, key.as_ref(), &id).await {
            return finish(Err(failure), style, &id);
        }
    }
    let response = handler(request).await;
    let Some(Refusal { failure, style, id }) = response.extensions().get::<Refusal>() else { return response };
    if !is_of_the_request(failure) {
        return response;
    }
    match refusal(edge, key.as_ref(), id).await {
        Some(failure) => finish(Err(failure), *style, id),
        None => response,
    }
}

/// Whether much would be read for nothing, or anything for somebody without any key.
fn is_worth_a_question(request: &Request, key: Option<&HeaderValue>) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let size = request.body().size_hint();
    size.upper().is_none_or(|size| size > SMALL_BODY || (size > 0 && key.is_none()))
}

/// Whether the edge refused what was written, without asking the service. That there is no such route is no secret.
fn is_of_the_request(failure: &Failure) -> bool {
    let status = failure.status();
    let is_of_the_route = matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
    failure.is_own() && status.is_client_error() && !is_of_the_route
}

/// Returns how the service refuses whoever shows this key. It is asked for something that does not exist, which it knows
/// from memory.
async fn refusal(edge: &Edge, key: Option<&HeaderValue>, id: &RequestId) -> Option<Failure> {
    let nothing = pb::GetProviderKeyRequest::default();
    let headers: HeaderMap = key.map(|key| (header::AUTHORIZATION, key.clone())).into_iter().collect();
    let request = metadata::request(nothing, &headers, id, PATIENCE);
    let status = KeyServiceClient::new(edge.transport.clone()).get_provider_key(request).await.err()?;
    (status.code() == Code::Unauthenticated).then(|| status.into())
}

#[cfg(test)]
mod tests;
