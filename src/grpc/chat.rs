//! ChatService: convert, call the use case, convert.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::Stream;
use tonic::{Request, Response, Status};

use super::{
    context::{KeyHeaders, context_of},
    convert_completion::{completion_to_pb, event_to_pb},
    convert_request::request_of,
    status::status_of,
};
use crate::{
    chat::{Answer, Chat, Transport},
    pb::{self, chat_service_server::ChatService},
};

pub struct ChatGrpc<T> {
    pub chat: Arc<Chat<T>>,
    pub key_headers: KeyHeaders,
}

#[tonic::async_trait]
impl<T: Transport> ChatService for ChatGrpc<T> {
    type StreamChatCompletionStream = Events;

    async fn create_chat_completion(
        &self,
        mut request: Request<pb::CreateChatCompletionRequest>,
    ) -> Result<Response<pb::CreateChatCompletionResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let request_id = context.request_id.clone();
        let result = match request_of(request.into_inner().prompt) {
            Ok(prompt) => self.chat.complete(context, prompt).await,
            Err(error) => Err(error),
        };
        let completion = result.map_err(|e| status_of(e, &request_id))?;
        Ok(Response::new(pb::CreateChatCompletionResponse { completion: Some(completion_to_pb(completion)) }))
    }

    async fn stream_chat_completion(
        &self,
        mut request: Request<pb::StreamChatCompletionRequest>,
    ) -> Result<Response<Events>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let request_id = context.request_id.clone();
        let result = match request_of(request.into_inner().prompt) {
            Ok(prompt) => self.chat.stream(context, prompt).await,
            Err(error) => Err(error),
        };
        let answer = result.map_err(|e| status_of(e, &request_id))?;
        Ok(Response::new(Events { answer, sequence: 0, request_id }))
    }
}

/// The answer's events in the contract's words, numbered.
pub struct Events {
    answer: Answer,
    sequence: u64,
    request_id: String,
}

impl Stream for Events {
    type Item = Result<pb::StreamChatCompletionResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        Pin::new(&mut this.answer).poll_next(cx).map(|next| {
            next.map(|event| {
                let sequence = this.sequence;
                this.sequence += 1;
                event.map(|e| event_to_pb(e, sequence)).map_err(|e| status_of(e, &this.request_id))
            })
        })
    }
}
