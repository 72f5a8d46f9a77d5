//! `POST /v1/embeddings`.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::HeaderMap;

use crate::{
    error::{Failure, Style, field},
    metadata::{self, RequestId},
    openai::embeddings,
    pb::embedding_service_client::EmbeddingServiceClient,
    routes::{
        answer::{finish, json},
        call,
        edge::Edge,
    },
};

pub async fn create(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let result = answer(&edge, &parts.headers, body, &id).await;
    finish(result.map_err(|failure| failure.named(field::EMBEDDINGS)), Style::OpenAi, &id)
}

async fn answer(edge: &Edge, headers: &HeaderMap, body: Body, id: &RequestId) -> Result<Response, Failure> {
    let mut call = embeddings::parse(&edge.read_json(headers, body).await?)?;
    call.request.strict |= metadata::is_strict(headers)?;
    let wanted = call.request.inputs.len();
    let mut client =
        EmbeddingServiceClient::new(edge.transport.clone()).max_decoding_message_size(edge.settings.max_answer_bytes());
    let deadline = metadata::client_deadline(headers, edge.settings.request_timeout);
    let request = metadata::request(call.request, headers, id, deadline);
    let reply = client.create_embeddings(request).await?.into_inner();
    if reply.embeddings.len() != wanted {
        // A vector that belongs to another text is worse than none.
        return Err(Failure::incomplete());
    }
    let mut response = json(embeddings::write(&reply, call.encoding));
    let (attempts, warnings) = (reply.attempts.len(), reply.warnings.len());
    call::Facts { provider: &reply.provider, attempts, warnings }.write(response.headers_mut());
    Ok(response)
}
