//! The routes: one list of all of them, and what a request passes through before it reaches one.
//!
//! Paths are forgiven a trailing slash, doubled slashes and a missing `/v1`, because base URLs are typed by people.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use http::{Method, Uri, uri::PathAndQuery};
use prometheus::Registry;
use tower::ServiceExt as _;

use crate::{EdgeSettings, Transport, assets::Asset, metrics::ReplicaMetrics, openapi};

use answer::{method_not_allowed, unknown_route};
use answers::{Answers, GRPC_WEB};
use edge::Edge;
use route::{Route, assemble};

mod admission;
mod answer;
mod answers;
mod api;
mod call;
mod chat;
mod completions;
mod cors;
mod edge;
mod embeddings;
pub mod grpc_web;
mod health;
mod localize;
mod metrics;
mod models;
mod name;
mod pages;
mod passage;
mod protos;
mod responses;
mod route;
mod sse;

pub use metrics::router as metrics_router;

const METRICS: &str = "/metrics";

/// Every route there is, with what is said of it.
fn routes(metrics_apart: bool) -> Vec<Route> {
    let mut routes = vec![
        Route::post("/v1/chat/completions", chat::completions, openapi::openai::chat),
        Route::post("/v1/responses", responses::create, openapi::openai::responses),
        Route::post("/v1/completions", completions::create, openapi::openai::completions),
        Route::post("/v1/embeddings", embeddings::create, openapi::openai::embeddings),
        Route::get("/v1/models", models::list, openapi::openai::list_models),
        Route::get("/v1/models/{*id}", models::get, openapi::openai::get_model),
        Route::open("/api/v1/health", health::health, openapi::system::health),
        Route::open("/livez", health::live, openapi::system::live),
        Route::open("/readyz", health::ready, openapi::system::ready),
        Route::open(METRICS, metrics::metrics, openapi::system::metrics),
        Route::open("/openapi.json", pages::document, openapi::system::document),
        Route::open("/docs", pages::swagger, openapi::system::swagger),
        Route::open("/docs/{file}", pages::file, openapi::system::page_file),
        Route::open("/redoc", pages::redoc, openapi::system::redoc),
        Route::open("/proto", protos::index, openapi::system::protos),
        Route::open("/proto/{*file}", protos::file, openapi::system::proto),
        Route::open("/proto.tar.gz", protos::archive, openapi::system::proto_archive),
    ];
    routes.extend(api::routes());
    routes.retain(|route| !(metrics_apart && route.path() == METRICS));
    routes
}

/// Tells of these routes.
fn document(routes: &[Route]) -> Asset {
    Asset::plain("application/json", openapi::document(routes.iter().map(Route::described)))
}

/// Builds all routes over one service.
pub fn router(transport: Transport, settings: EdgeSettings) -> Router {
    let origins = settings.cors_origins.clone();
    let apart = settings.metrics_apart;
    let document: fn() -> Asset = if apart { || document(&routes(true)) } else { || document(&routes(false)) };
    let document = LazyLock::new(document);
    let routes = routes(apart);
    let answers = answers(&routes, &transport, &settings.metrics);
    let edge = Arc::new(Edge { transport, settings, started: Instant::now(), document, answers });
    let direct = assemble(routes).method_not_allowed_fallback(method_not_allowed);
    let strict = direct.clone().fallback(unknown_route).with_state(edge.clone());
    let rest = Arc::new(Rest { edge: edge.clone(), strict });
    let router = direct.with_state(edge).fallback(move |request: Request| forgiving(rest.clone(), request));
    cors::admit(router, &origins)
}

/// What the edge counts. It is shown by the registry it was given, so one that is used by two edges shows the first only.
fn answers(routes: &[Route], transport: &Transport, registry: &Registry) -> Option<Answers> {
    let replicas = || -> prometheus::Result<()> {
        if transport.replicas().is_some() {
            registry.register(Box::new(ReplicaMetrics::new(transport.clone())?))?;
        }
        Ok(())
    };
    let answers = replicas().and_then(|()| Answers::new(routes.iter().map(Route::path), registry));
    answers.inspect_err(|error| tracing::error!(%error, "requests are not counted")).ok()
}

struct Rest {
    edge: Arc<Edge>,
    strict: Router,
}

/// Takes what no route matched: gRPC-Web calls, and paths written carelessly.
async fn forgiving(rest: Arc<Rest>, request: Request) -> Response {
    if grpc_web::is_call(&request) {
        let began = Instant::now();
        let answer = grpc_web::call(&rest.edge, request).await;
        rest.edge.count(GRPC_WEB, &Method::POST, answer.status(), began);
        return answer;
    }
    let Some(path) = tidy(request.uri().path()) else { return unknown_route(State(rest.edge.clone()), request).await };
    if let Some(moved) = pages::moved(&path, &request) {
        return moved;
    }
    let (mut parts, body) = request.into_parts();
    parts.uri = with_path(&parts.uri, &path);
    match rest.strict.clone().oneshot(Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Returns the path with single slashes and without one at its end, if that changes it.
fn tidy(path: &str) -> Option<String> {
    let mut tidied = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        tidied.push('/');
        tidied.push_str(segment);
    }
    (!tidied.is_empty() && tidied != path).then_some(tidied)
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    PathAndQuery::try_from(text).map_or_else(|_| uri.clone(), Uri::from)
}

#[cfg(test)]
mod tests;
