//! ChatService: convert, call the use case, convert.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::Stream;
use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::{
    call::Call,
    convert_completion::{completion_to_pb, event_to_pb},
    convert_request::request_of,
    status::status_of,
};
use crate::{
    chat::{Answer, CallContext, Chat, Transport},
    domain::{
        error::{Error, ErrorKind},
        key::{RequestKeyScope, RequestKeys},
    },
    pb::{self, chat_service_server::ChatService},
};

/// Headers that may carry a provider key, and the provider each is for.
pub type KeyHeaders = Arc<[(String, RequestKeyScope)]>;

pub struct ChatGrpc<T> {
    pub chat: Arc<Chat<T>>,
    pub key_headers: KeyHeaders,
}

impl<T: Transport> ChatGrpc<T> {
    fn context<M>(&self, request: &mut Request<M>) -> Result<CallContext, Status> {
        let call = request.extensions_mut().remove::<Call>();
        let call = call.ok_or_else(|| status_of(Error::new(ErrorKind::Internal, "a call past its layer"), ""))?;
        Ok(CallContext {
            request_keys: request_keys(&self.key_headers, request.metadata()),
            caller: call.caller,
            request_id: call.request_id,
            deadline: call.deadline,
        })
    }
}

/// Reads the provider keys among the metadata, in the order of `headers`.
fn request_keys(headers: &KeyHeaders, metadata: &MetadataMap) -> RequestKeys {
    let mut sent = Vec::new();
    for (name, value) in metadata.as_ref() {
        let known = headers.iter().position(|(known, _)| name.as_str() == known.as_str());
        if let (Some(at), Ok(secret)) = (known, value.to_str())
            && !secret.trim().is_empty()
        {
            sent.push((at, secret.trim().to_owned()));
        }
    }
    sent.sort_unstable_by_key(|(at, _)| *at);
    RequestKeys(sent.into_iter().map(|(at, secret)| (headers[at].1.clone(), secret.into())).collect())
}

#[tonic::async_trait]
impl<T: Transport> ChatService for ChatGrpc<T> {
    type StreamChatCompletionStream = Events;

    async fn create_chat_completion(
        &self,
        mut request: Request<pb::CreateChatCompletionRequest>,
    ) -> Result<Response<pb::CreateChatCompletionResponse>, Status> {
        let context = self.context(&mut request)?;
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
        let context = self.context(&mut request)?;
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
