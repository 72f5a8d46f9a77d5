//! VisionService: convert, call the use case, convert.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{
    context::{KeyHeaders, context_of},
    convert_vision::{Fields, extraction_of, extraction_to_pb, uploaded},
    status::status_of,
    upload::{self, UploadLimits},
    vision_events::Converter,
};
use crate::{
    chat::CallContext,
    domain::{
        error::{Error, Result as DomainResult},
        extraction::Extraction,
    },
    pb::{self, vision_service_server::VisionService},
    vision::{Answer, Transport, Vision},
};

pub struct VisionGrpc<T> {
    pub vision: Arc<Vision<T>>,
    pub key_headers: KeyHeaders,
    pub upload: UploadLimits,
}

impl<T: Transport> VisionGrpc<T> {
    /// Extracts the whole text, in the words of the message that asks for it.
    async fn extract(
        &self,
        context: CallContext,
        asked: DomainResult<Extraction>,
        fields: Fields,
    ) -> Result<pb::TextExtraction, Status> {
        let request_id = context.request_id.clone();
        let result = match asked {
            Ok(asked) => self.vision.extract(context, asked).await.map_err(|error| fields.rename(error)),
            Err(error) => Err(error),
        };
        let extraction = result.and_then(|completion| extraction_to_pb(completion, fields));
        extraction.map_err(|error| status_of(error, &request_id))
    }
}

#[tonic::async_trait]
impl<T: Transport> VisionService for VisionGrpc<T> {
    type StreamExtractTextStream = Events;

    async fn extract_text(
        &self,
        mut request: Request<pb::ExtractTextRequest>,
    ) -> Result<Response<pb::ExtractTextResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let pb::ExtractTextRequest { image, options } = request.into_inner();
        let extraction = self.extract(context, extraction_of(image, options), Fields::Message).await?;
        Ok(Response::new(pb::ExtractTextResponse { extraction: Some(extraction) }))
    }

    async fn stream_extract_text(
        &self,
        mut request: Request<pb::StreamExtractTextRequest>,
    ) -> Result<Response<Events>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let request_id = context.request_id.clone();
        let pb::StreamExtractTextRequest { image, options } = request.into_inner();
        let result = match extraction_of(image, options) {
            Ok(asked) => self.vision.stream(context, asked).await.map_err(|error| Fields::Message.rename(error)),
            Err(error) => Err(error),
        };
        let answer = result.map_err(|error| status_of(error, &request_id))?;
        Ok(Response::new(Events { answer, converter: Converter::default(), request_id }))
    }

    async fn upload_and_extract_text(
        &self,
        mut request: Request<Streaming<pb::UploadAndExtractTextRequest>>,
    ) -> Result<Response<pb::UploadAndExtractTextResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let (mut messages, request_id) = (request.into_inner(), context.request_id.clone());
        let ours = |error: Error| status_of(error, &request_id);
        let (header, data) = upload::receive(&mut messages, self.upload, self.vision.chat.image_limit, ours).await?;
        let extraction = self.extract(context, uploaded(header, data), Fields::Upload).await?;
        Ok(Response::new(pb::UploadAndExtractTextResponse { extraction: Some(extraction) }))
    }
}

/// The answer's events in the contract's words, numbered.
pub struct Events {
    answer: Answer,
    converter: Converter,
    request_id: String,
}

impl Stream for Events {
    type Item = Result<pb::StreamExtractTextResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.answer).poll_next(cx)) {
                Some(Ok(event)) => {
                    if let Some(event) = self.converter.convert(event) {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(status_of(Fields::Message.rename(error), &self.request_id))));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
