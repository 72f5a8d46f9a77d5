//! `POST /v1/responses`, whole or streamed.

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
    openai::{self, ResponseCall, ResponseWriter},
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
    finish(result.map_err(|failure| failure.named(field::RESPONSES)), Style::OpenAi, &id)
}

async fn answer(edge: &Edge, headers: &HeaderMap, body: Body, id: &RequestId) -> Result<Response, Failure> {
    let mut call = openai::parse_response(&edge.read_json(headers, body).await?)?;
    call.prompt.strict |= metadata::is_strict(headers)?;
    if call.stream {
        let writer = ResponseWriter::new(call.echo, id.stem().to_owned());
        Box::pin(call::stream(edge, headers, vec![call.prompt], id, writer)).await
    } else {
        Box::pin(whole(edge, headers, call, id)).await
    }
}

async fn whole(edge: &Edge, headers: &HeaderMap, call: ResponseCall, id: &RequestId) -> Result<Response, Failure> {
    let completion = call::whole(edge, headers, call.prompt, id).await?;
    let mut head = HeaderMap::new();
    call::Facts::of(&completion).write(&mut head);
    let mut response = json(openai::write_response(completion, call.echo, id.stem())?);
    response.headers_mut().extend(head);
    Ok(response)
}
