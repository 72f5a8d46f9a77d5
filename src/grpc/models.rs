//! ModelService: the catalog, page by page.

use std::sync::Arc;

use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use super::{call::Call, status::status_of};
use crate::{
    admin::models::{ListModels, Models},
    domain::{error::Error, model::Model},
    pb::{self, model_service_server::ModelService},
};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 1000;

pub struct ModelsGrpc {
    pub models: Arc<Models>,
}

#[tonic::async_trait]
impl ModelService for ModelsGrpc {
    async fn list_models(
        &self,
        request: Request<pb::ListModelsRequest>,
    ) -> Result<Response<pb::ListModelsResponse>, Status> {
        let request_id = request_id(&request);
        let request = request.into_inner();
        if request.capabilities.contains(&0) {
            let error = Error::invalid("capabilities", "capabilities has an unknown value");
            return Err(status_of(error, &request_id));
        }
        let size = match request.page_size as usize {
            0 => DEFAULT_PAGE,
            n => n.min(MAX_PAGE),
        };
        let query = ListModels {
            provider: request.provider,
            after: request.page_token,
            include_shut_down: request.include_shut_down,
        };
        let listed = self.models.list(&query).into_iter().map(|(model, open)| model_to_pb(model, open));
        let mut models: Vec<pb::Model> =
            listed.filter(|m| request.capabilities.iter().all(|c| m.capabilities.contains(c))).take(size + 1).collect();
        let more = models.len() > size;
        models.truncate(size);
        let next_page_token = models.last().filter(|_| more).map(|m| m.id.clone()).unwrap_or_default();
        Ok(Response::new(pb::ListModelsResponse { models, next_page_token }))
    }

    async fn get_model(&self, request: Request<pb::GetModelRequest>) -> Result<Response<pb::GetModelResponse>, Status> {
        let request_id = request_id(&request);
        let id = request.into_inner().id;
        let (model, open) =
            self.models.get(&id).map_err(|e| status_of(Error { field: Some("id".into()), ..e }, &request_id))?;
        Ok(Response::new(pb::GetModelResponse { model: Some(model_to_pb(model, open)) }))
    }
}

fn request_id<M>(request: &Request<M>) -> String {
    request.extensions().get::<Call>().map(|c| c.request_id.clone()).unwrap_or_default()
}

fn model_to_pb(model: &Model, key_available: bool) -> pb::Model {
    let mut modalities = Vec::new();
    let mut capabilities = vec![pb::ModelCapability::Chat.into(), pb::ModelCapability::Streaming.into()];
    for name in &model.input_modalities {
        match name.as_str() {
            "text" => modalities.push(pb::Modality::Text.into()),
            "audio" => modalities.push(pb::Modality::Audio.into()),
            "image" => {
                modalities.push(pb::Modality::Image.into());
                capabilities.push(pb::ModelCapability::Vision.into());
            }
            _ => {}
        }
    }
    let price = pb::ModelPrice {
        input_nano_usd_per_million: model.input_price,
        output_nano_usd_per_million: model.output_price,
        ..Default::default()
    };
    let priced = model.input_price.is_some() || model.output_price.is_some();
    let deprecation = model.deprecation.as_ref();
    pb::Model {
        id: model.id.clone(),
        provider: model.provider.clone(),
        display_name: model.upstream_name.clone(),
        upstream_name: model.upstream_name.clone(),
        context_window_tokens: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
        input_modalities: modalities,
        output_modalities: vec![pb::Modality::Text.into()],
        capabilities,
        prices: if priced { vec![price] } else { Vec::new() },
        deprecated: deprecation.is_some(),
        shutdown_time: deprecation.and_then(|d| day(&d.date)),
        replacement_model_id: deprecation.map(|d| d.replacement.clone()).unwrap_or_default(),
        aliases: model.aliases.clone(),
        create_time: (model.created > 0).then_some(Timestamp { seconds: model.created, nanos: 0 }),
        owned_by: model.owned_by.clone(),
        key_available,
    }
}

/// Reads `YYYY-MM-DD`; a date the catalog knows only roughly is left out.
fn day(date: &str) -> Option<Timestamp> {
    (date.len() == 10).then(|| format!("{date}T00:00:00Z").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days() {
        assert_eq!(day("2026-12-01").map(|t| t.seconds), Some(1_796_083_200));
        assert_eq!(day("2025"), None);
        assert_eq!(day(""), None);
        assert_eq!(day("2025-99-99"), None);
    }
}
