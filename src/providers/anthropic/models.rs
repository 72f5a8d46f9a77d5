//! The provider's list of its models.

use serde::Deserialize;

use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        model::{Capability, ListedModel},
    },
    providers::adapter::{ModelListAdapter, Reply},
};

#[derive(Clone, Copy, Debug)]
pub struct Models;

#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
}

impl ModelListAdapter for Models {
    fn path(&self) -> &str {
        "/v1/models?limit=1000"
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let list: List = serde_json::from_slice(reply.body).map_err(|_| UpstreamFailure {
            http_status: Some(reply.status),
            ..UpstreamFailure::new(FailureClass::BadResponse, "the provider sent no list of models")
        })?;
        let listed = |model: Listed| ListedModel {
            upstream_name: model.id,
            owned_by: "anthropic".to_owned(),
            capabilities: vec![Capability::Chat, Capability::Streaming, Capability::Tools, Capability::Vision],
            ..ListedModel::default()
        };
        Ok(list.data.into_iter().map(listed).collect())
    }
}
