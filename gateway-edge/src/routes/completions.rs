//! `POST /v1/completions`: one chat for each prompt, some at a time for a whole answer, one after the other in a stream.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderMap;

use crate::{
    error::{Failure, Style, field},
    metadata::{self, RequestId},
    openai::{self, CompletionCall, CompletionWriter},
    pb,
    routes::{
        answer::{finish, json},
        call,
        edge::Edge,
    },
};

/// Chats of one request that run at the same time.
const AT_ONCE: usize = 4;

pub async fn create(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let result = answer(&edge, &parts.headers, body, &id).await;
    finish(result.map_err(|failure| failure.named(field::COMPLETIONS)), Style::OpenAi, &id)
}

async fn answer(edge: &Edge, headers: &HeaderMap, body: Body, id: &RequestId) -> Result<Response, Failure> {
    let mut call = openai::parse_text(&edge.read_json(headers, body).await?)?;
    let strict = metadata::is_strict(headers)?;
    call.chats.iter_mut().for_each(|chat| chat.strict |= strict);
    let name = format!("cmpl-{}", id.stem());
    if call.stream {
        let writer = CompletionWriter::new(call.shape, name);
        Box::pin(call::stream(edge, headers, call.chats, id, writer)).await
    } else {
        Box::pin(whole(edge, headers, call, id, &name)).await
    }
}

async fn whole(
    edge: &Edge,
    headers: &HeaderMap,
    call: CompletionCall,
    id: &RequestId,
    name: &str,
) -> Result<Response, Failure> {
    // Dropping what is left, when one fails, drops the calls upstream.
    let chats: Vec<_> = call.chats.into_iter().map(|chat| call::whole(edge, headers, chat, id)).collect();
    let completions: Vec<pb::ChatCompletion> = stream::iter(chats).buffered(AT_ONCE).try_collect().await?;
    let mut response = json(openai::write_text(&completions, &call.shape, name));
    if let Some(first) = completions.first() {
        let attempts = completions.iter().map(|completion| completion.attempts.len().max(1)).sum();
        call::Facts { attempts, ..call::Facts::of(first) }.write(response.headers_mut());
    }
    Ok(response)
}
