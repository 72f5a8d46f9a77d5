//! `POST /v1/chat/completions`, whole or streamed.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    error::{Failure, Style},
    metadata::{self, RequestId},
    openai::{self, ChatCall, ChunkWriter},
    pb,
    pb::chat_service_client::ChatServiceClient,
    routes::{Edge, finish, json, sse},
};

pub async fn completions(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let result = answer(&edge, &parts.headers, body, &id).await;
    finish(result, Style::OpenAi, &id)
}

async fn answer(edge: &Edge, headers: &HeaderMap, body: Body, id: &RequestId) -> Result<Response, Failure> {
    let call = openai::parse(&edge.read_json(headers, body).await?)?;
    let client = ChatServiceClient::new(edge.transport.clone())
        .max_decoding_message_size(edge.settings.max_body_bytes.max(4 << 20));
    // In boxes of their own: the handler's future is moved several times on its way, and would carry both.
    if call.stream {
        Box::pin(stream(edge, headers, client, call, id)).await
    } else {
        Box::pin(whole(edge, headers, client, call, id)).await
    }
}

async fn whole(
    edge: &Edge,
    headers: &HeaderMap,
    mut client: ChatServiceClient<crate::Transport>,
    call: ChatCall,
    id: &RequestId,
) -> Result<Response, Failure> {
    let deadline = metadata::client_deadline(headers, edge.settings.request_timeout);
    let message = pb::CreateChatCompletionRequest { prompt: Some(call.prompt) };
    let reply = client.create_chat_completion(metadata::request(message, headers, id, deadline)).await?;
    let Some(completion) = reply.into_inner().completion.filter(|completion| !completion.choices.is_empty()) else {
        return Err(Failure::incomplete());
    };
    let mut response = json(openai::write_completion(&completion, call.legacy_functions));
    let facts = Facts {
        provider: &completion.provider,
        attempts: completion.attempts.len(),
        warnings: completion.warnings.len(),
    };
    facts.write(response.headers_mut());
    Ok(response)
}

async fn stream(
    edge: &Edge,
    headers: &HeaderMap,
    mut client: ChatServiceClient<crate::Transport>,
    call: ChatCall,
    id: &RequestId,
) -> Result<Response, Failure> {
    let writer = ChunkWriter::new(call.include_usage, call.legacy_functions, format!("chatcmpl-{}", id.as_str()));
    let message = pb::StreamChatCompletionRequest { prompt: Some(call.prompt) };
    // A client's own timeout bounds its wait for the next bytes, not a stream that keeps talking.
    let request = metadata::request(message, headers, id, edge.settings.request_timeout);
    let opening = async move { client.stream_chat_completion(request).await.map(tonic::Response::into_inner) };
    let body = sse::hold(sse::Events::opening(opening), writer, edge.settings.heartbeat).await?;

    let mut response = Response::new(());
    let head = response.headers_mut();
    sse::headers(head);
    let writer = body.writer();
    Facts { provider: writer.provider(), attempts: writer.attempts(), warnings: writer.warnings() }.write(head);
    Ok(response.map(|()| Body::new(body)))
}

/// What an answer tells about its making, beside the body.
struct Facts<'a> {
    provider: &'a str,
    attempts: usize,
    warnings: usize,
}

impl Facts<'_> {
    fn write(&self, headers: &mut HeaderMap) {
        // Nothing is known when the head had to go out before the service said anything.
        let Ok(provider) = HeaderValue::try_from(self.provider) else { return };
        if provider.is_empty() {
            return;
        }
        headers.insert(HeaderName::from_static("x-gateway-provider"), provider);
        headers.insert(HeaderName::from_static("x-gateway-attempts"), self.attempts.max(1).into());
        if self.warnings > 0 {
            headers.insert(HeaderName::from_static("x-gateway-warnings"), self.warnings.into());
        }
    }
}
