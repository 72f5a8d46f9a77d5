//! ModelService: the models, page by page.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use prost_types::Timestamp;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::{
    context::{KeyHeaders, context_of},
    convert_model::{capabilities_of, listing_to_pb, model_to_pb},
    now::now_ms,
    status::status_of,
};
use crate::{
    admin::models::{ListModels, Models, Viewer},
    chat::CallContext,
    domain::error::Error,
    pb::{self, model_service_server::ModelService},
};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 1000;
/// What is left of the caller's time when the providers' lists are waited for no longer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(250);

pub struct ModelsGrpc {
    pub models: Arc<Models>,
    pub key_headers: KeyHeaders,
}

#[tonic::async_trait]
impl ModelService for ModelsGrpc {
    async fn list_models(
        &self,
        mut request: Request<pb::ListModelsRequest>,
    ) -> Result<Response<pb::ListModelsResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let request = request.into_inner();
        let capabilities = capabilities_of(&request.capabilities).map_err(|e| status_of(e, &context.request_id))?;
        let until = context.deadline.checked_sub(TIME_TO_ANSWER).unwrap_or_else(Instant::now);
        let query = ListModels {
            provider: request.provider,
            capabilities,
            after: request.page_token,
            include_shut_down: request.include_shut_down,
            today: today(),
            upstream_until: request.include_upstream.then_some(until),
        };
        let size = match request.page_size as usize {
            0 => DEFAULT_PAGE,
            n => n.min(MAX_PAGE),
        };
        Ok(Response::new(listing_to_pb(self.models.list(&query, viewer(&context)).await, size)))
    }

    async fn get_model(
        &self,
        mut request: Request<pb::GetModelRequest>,
    ) -> Result<Response<pb::GetModelResponse>, Status> {
        let context = context_of(&mut request, &self.key_headers)?;
        let id = request.into_inner().id;
        let (model, open) = self
            .models
            .get(&id, viewer(&context))
            .map_err(|e| status_of(Error { field: Some("id".into()), ..e }, &context.request_id))?;
        Ok(Response::new(pb::GetModelResponse { model: Some(model_to_pb(model.clone(), open)) }))
    }
}

fn viewer(context: &CallContext) -> Viewer<'_> {
    Viewer { caller: &context.caller, sent: &context.request_keys, now_ms: now_ms() }
}

/// Returns the date, `YYYY-MM-DD`.
fn today() -> String {
    let now = Timestamp::from(SystemTime::now()).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}
