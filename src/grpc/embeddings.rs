//! EmbeddingService: convert, call the use case, convert.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{
    context::{KeyHeaders, context_of},
    convert_embeddings::{embeddings_to_pb, request_of},
    status::status_of,
};
use crate::{
    embeddings::{Embedder, EmbeddingTransport},
    pb::{self, embedding_service_server::EmbeddingService},
};

pub struct EmbeddingsGrpc<T> {
    pub embedder: Arc<Embedder<T>>,
    pub key_headers: KeyHeaders,
}

#[tonic::async_trait]
impl<T: EmbeddingTransport> EmbeddingService for EmbeddingsGrpc<T> {
    async fn create_embeddings(
        &self,
        mut request: Request<pb::CreateEmbeddingsRequest>,
    ) -> Result<Response<pb::CreateEmbeddingsResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let request_id = context.request_id.clone();
        let result = match request_of(request.into_inner()) {
            Ok(request) => self.embedder.embed(context, request).await,
            Err(error) => Err(error),
        };
        let embeddings = result.map_err(|e| status_of(e, &request_id))?;
        Ok(Response::new(embeddings_to_pb(embeddings)))
    }
}
