//! The routes of our own below `/api/v1`: text, keys, activity and usage. One file for each resource; `call` is what all share.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequestParts as _, Path, Request, State},
    response::Response,
    routing::{MethodRouter, get, post},
};

use crate::{
    error::{Failure, Style, field},
    metadata::RequestId,
    routes::{Edge, allow, finish},
};

use call::Call;

mod activity;
mod call;
mod extract_text;
mod form;
mod gateway_keys;
mod generate_text;
mod key_import;
mod key_tests;
mod pages;
mod provider_keys;
mod upload;
mod usage;
mod watch;

pub fn routes() -> Router<Arc<Edge>> {
    let keys = get(at(provider_keys::list)).post(at(provider_keys::create)).delete(at(provider_keys::delete_all));
    let key = get(at(provider_keys::get)).patch(at(provider_keys::change)).delete(at(provider_keys::delete));
    let gateway_keys = get(at(gateway_keys::list)).post(at(gateway_keys::create));
    let gateway_key = get(at(gateway_keys::get)).patch(at(gateway_keys::change)).delete(at(gateway_keys::delete));
    Router::new()
        .route("/api/v1/provider-keys", with_options(keys, "GET,HEAD,POST,DELETE,OPTIONS"))
        .route("/api/v1/provider-keys/{id}", with_options(key, "GET,HEAD,PATCH,DELETE,OPTIONS"))
        .route("/api/v1/provider-keys/{id}/select", posted(provider_keys::select))
        .route("/api/v1/provider-keys/{id}/unselect", posted(provider_keys::unselect))
        .route("/api/v1/provider-keys/{id}/test", posted(key_tests::one))
        .route("/api/v1/provider-keys/test", posted(key_tests::all))
        .route("/api/v1/provider-keys/import", posted(key_import::import))
        .route("/api/v1/provider-keys/watch", got(watch::provider_keys))
        .route("/api/v1/keys", with_options(gateway_keys, "GET,HEAD,POST,OPTIONS"))
        .route("/api/v1/keys/{id}", with_options(gateway_key, "GET,HEAD,PATCH,DELETE,OPTIONS"))
        .route("/api/v1/chat/generate-text", posted(generate_text::generate))
        .route("/api/v1/vision/extract-text", with_options(post(unread(extract_text::extract)), "POST,OPTIONS"))
        .route("/api/v1/activity-logs", got(activity::list))
        .route("/api/v1/activity-logs/watch", got(watch::activity))
        .route("/api/v1/usage", got(usage::list))
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Makes a handler: reads the request, and finishes what `answer` says about it.
fn at<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    unread(move |call: Call, body| {
        let answer = answer.clone();
        async move {
            let body = call.edge.read_plain(&call.parts.headers, body).await?;
            answer(Call { body, ..call }).await
        }
    })
}

/// Makes a handler that reads the body by itself.
fn unread<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call, Body) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    move |State(edge), request| {
        let answer = answer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let id = RequestId::of(&parts.headers);
            let resource = Path::<String>::from_request_parts(&mut parts, &()).await;
            let resource = resource.map(|path| path.0).unwrap_or_default();
            let call = Call { edge, parts, body: Bytes::new(), id: id.clone(), resource };
            let result = answer(call, body).await.map_err(|failure| failure.named(field::API));
            finish(result, Style::Api, &id)
        })
    }
}

fn got<F, A>(answer: F) -> MethodRouter<Arc<Edge>>
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    with_options(get(at(answer)), "GET,HEAD,OPTIONS")
}

fn posted<F, A>(answer: F) -> MethodRouter<Arc<Edge>>
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    with_options(post(at(answer)), "POST,OPTIONS")
}

fn with_options(router: MethodRouter<Arc<Edge>>, methods: &'static str) -> MethodRouter<Arc<Edge>> {
    router.options(move || async move { allow(methods) })
}

#[cfg(test)]
mod tests;
