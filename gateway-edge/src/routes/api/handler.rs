//! What every handler below `/api/v1` does: reads the request whole, and finishes the answer in our own style.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts as _, Request, State},
    response::Response,
};
use http::Uri;

use crate::{
    api::spelling::as_written,
    error::{Failure, Style, field},
    metadata::RequestId,
    routes::{answer::finish, api::call::Call, edge::Edge, name::Name},
};

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Makes a handler: reads the request, and finishes what `answer` says about it.
pub fn at<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    unnamed(move |call: Call, body| {
        let answer = answer.clone();
        async move {
            let body = call.edge.read_plain(&call.parts.headers, body).await?;
            let (uri, written) = (call.parts.uri.clone(), body.clone());
            answer(Call { body, ..call }).await.map_err(|failure| named(failure, &uri, &written))
        }
    })
}

/// Makes a handler that reads the body by itself.
pub fn unread<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call, Body) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    unnamed(move |call: Call, body| {
        let (answer, uri) = (answer.clone(), call.parts.uri.clone());
        async move { answer(call, body).await.map_err(|failure| named(failure, &uri, &[])) }
    })
}

/// Tells the field of a failure by the name that this interface has for it, or that the caller wrote.
fn named(failure: Failure, uri: &Uri, body: &[u8]) -> Failure {
    let query = uri.query().unwrap_or_default();
    failure.named(field::API).renamed(|name| as_written(name, query, body))
}

/// Makes a handler whose failures are told as they are.
fn unnamed<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call, Body) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    move |State(edge), request| {
        let answer = answer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let id = RequestId::of(&parts.headers);
            let Ok(Name(resource)) = Name::from_request_parts(&mut parts, &()).await;
            let call = Call { edge, parts, body: Bytes::new(), id: id.clone(), resource };
            finish(answer(call, body).await, Style::Api, &id)
        })
    }
}
