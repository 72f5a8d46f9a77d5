//! `GET /v1/models` and `GET /v1/models/{id}`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use crate::{
    error::{Failure, Style},
    metadata::{self, RequestId},
    openai::models,
    pb::{self, model_service_client::ModelServiceClient},
    routes::{
        answer::{finish, json},
        edge::Edge,
        name::Name,
    },
};

/// OpenAI's list has no pages, so all of ours are joined. The bound only guards against a token that repeats itself.
const MAX_PAGES: usize = 100;
const PAGE_SIZE: u32 = 1000;

pub async fn list(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let id = RequestId::of(request.headers());
    let query = request.uri().query().unwrap_or_default();
    let result = all(&edge, request.headers(), query, &id).await.map(|models| json(models::write_list(&models)));
    finish(result, Style::OpenAi, &id)
}

async fn all(edge: &Edge, headers: &HeaderMap, query: &str, id: &RequestId) -> Result<Vec<pb::Model>, Failure> {
    let filter = models::filter(query)?;
    let mut client = ModelServiceClient::new(edge.transport.clone());
    let deadline = metadata::client_deadline(headers, edge.settings.request_timeout);
    let mut models = Vec::new();
    let mut page_token = String::new();
    for _ in 0..MAX_PAGES {
        let message = pb::ListModelsRequest { page_size: PAGE_SIZE, page_token, ..filter.clone() };
        let page = client.list_models(metadata::request(message, headers, id, deadline)).await?.into_inner();
        models.extend(page.models);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(models)
}

pub async fn get(State(edge): State<Arc<Edge>>, Name(name): Name, request: Request) -> Response {
    let id = RequestId::of(request.headers());
    let result = one(&edge, request.headers(), name.trim_matches('/'), &id).await;
    finish(result, Style::OpenAi, &id)
}

async fn one(edge: &Edge, headers: &HeaderMap, name: &str, id: &RequestId) -> Result<Response, Failure> {
    let mut client = ModelServiceClient::new(edge.transport.clone());
    let deadline = metadata::client_deadline(headers, edge.settings.request_timeout);
    let message = pb::GetModelRequest { id: name.to_owned() };
    let reply = client.get_model(metadata::request(message, headers, id, deadline)).await?.into_inner();
    let unknown = || {
        Failure::new(StatusCode::NOT_FOUND, format!("The model '{name}' does not exist."))
            .with_code("model_not_found")
            .with_param("model")
    };
    Ok(json(models::write_one(&reply.model.ok_or_else(unknown)?)))
}
