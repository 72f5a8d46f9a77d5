//! `POST /v1/chat/completions`, whole or streamed.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::HeaderMap;

use crate::{
    error::{Failure, Style},
    metadata::{self, RequestId},
    openai::{self, ChatCall, ChunkWriter},
    routes::{
        answer::{finish, json},
        call,
        edge::Edge,
    },
};

pub async fn completions(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let result = answer(&edge, &parts.headers, body, &id).await;
    finish(result, Style::OpenAi, &id)
}

async fn answer(edge: &Edge, headers: &HeaderMap, body: Body, id: &RequestId) -> Result<Response, Failure> {
    let mut call = openai::parse(&edge.read_json(headers, body).await?)?;
    call.prompt.strict |= metadata::is_strict(headers)?;
    // In boxes of their own: the handler's future is moved several times on its way, and would carry both.
    if call.stream {
        let writer = ChunkWriter::new(call.include_usage, call.legacy_functions, format!("chatcmpl-{}", id.as_str()));
        Box::pin(call::stream(edge, headers, vec![call.prompt], id, writer)).await
    } else {
        Box::pin(whole(edge, headers, call, id)).await
    }
}

async fn whole(edge: &Edge, headers: &HeaderMap, call: ChatCall, id: &RequestId) -> Result<Response, Failure> {
    let completion = call::whole(edge, headers, call.prompt, id).await?;
    let mut response = json(openai::write_completion(&completion, call.legacy_functions));
    call::Facts::of(&completion).write(response.headers_mut());
    Ok(response)
}
