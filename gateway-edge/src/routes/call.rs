//! Calls of ChatService, whole or streamed: what chat completions, Responses and text completions share.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    Transport,
    error::Failure,
    language::Language,
    metadata::{self, RequestId},
    openai::EventWriter,
    pb::{self, chat_service_client::ChatServiceClient},
    routes::{edge::Edge, sse},
};

fn client(edge: &Edge) -> ChatServiceClient<Transport> {
    ChatServiceClient::new(edge.transport.clone()).max_decoding_message_size(edge.settings.max_answer_bytes())
}

/// Asks for a whole completion; one without a choice is none.
pub async fn whole(
    edge: &Edge,
    headers: &HeaderMap,
    prompt: pb::ChatPrompt,
    id: &RequestId,
) -> Result<pb::ChatCompletion, Failure> {
    let deadline = metadata::client_deadline(headers, edge.settings.request_timeout);
    let message = pb::CreateChatCompletionRequest { prompt: Some(prompt) };
    let reply = client(edge).create_chat_completion(metadata::request(message, headers, id, deadline)).await?;
    reply.into_inner().completion.filter(|completion| !completion.choices.is_empty()).ok_or_else(Failure::incomplete)
}

/// Streams the chats one after the other into one answer.
pub async fn stream<W: EventWriter + Send + Unpin + 'static>(
    edge: &Edge,
    headers: &HeaderMap,
    prompts: Vec<pb::ChatPrompt>,
    id: &RequestId,
    writer: W,
) -> Result<Response, Failure> {
    let mut events = sse::Events::default();
    for prompt in prompts {
        let mut client = client(edge);
        let message = pb::StreamChatCompletionRequest { prompt: Some(prompt) };
        // A client's own timeout bounds its wait for the next bytes, not a stream that keeps talking.
        let request = metadata::request(message, headers, id, edge.settings.request_timeout);
        events.then(async move { client.stream_chat_completion(request).await.map(tonic::Response::into_inner) });
    }
    let body = sse::hold(events, writer, edge.settings.heartbeat, Language::asked(headers)).await?;

    let mut response = Response::new(());
    let head = response.headers_mut();
    sse::headers(head);
    let trail = body.writer().trail();
    Facts { provider: &trail.provider, attempts: trail.failed_attempts + 1, warnings: trail.warnings.len() }
        .write(head);
    Ok(response.map(|()| Body::new(body)))
}

/// What an answer tells about its making, beside the body.
pub struct Facts<'a> {
    pub provider: &'a str,
    pub attempts: usize,
    pub warnings: usize,
}

impl<'a> Facts<'a> {
    pub fn of(completion: &'a pb::ChatCompletion) -> Self {
        Self {
            provider: &completion.provider,
            attempts: completion.attempts.len(),
            warnings: completion.warnings.len(),
        }
    }

    pub fn write(&self, headers: &mut HeaderMap) {
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
