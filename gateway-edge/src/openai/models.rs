//! Models as OpenAI's clients list them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{api::time::day, error::Failure, pb};

use super::words::{MODALITIES, one_of};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ModelList")]
pub struct List<'a> {
    #[schemars(extend("const" = "list"))]
    object: &'static str,
    data: Vec<Model<'a>>,
}

/// The first four members are required by clients; the others are extensions that some of them read.
#[derive(Serialize, JsonSchema)]
pub struct Model<'a> {
    id: &'a str,
    #[schemars(extend("const" = "model"))]
    object: &'static str,
    created: i64,
    owned_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_modalities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shutdown_date: Option<String>,
}

/// Names of the contract's capabilities, in lists and in the filter of the list.
const CAPABILITIES: &[(&str, pb::ModelCapability)] = &[
    ("chat", pb::ModelCapability::Chat),
    ("streaming", pb::ModelCapability::Streaming),
    ("tools", pb::ModelCapability::Tools),
    ("parallel_tools", pb::ModelCapability::ParallelTools),
    ("vision", pb::ModelCapability::Vision),
    ("reasoning", pb::ModelCapability::Reasoning),
    ("structured_output", pb::ModelCapability::StructuredOutput),
    ("web_search", pb::ModelCapability::WebSearch),
    ("embeddings", pb::ModelCapability::Embeddings),
    ("documents", pb::ModelCapability::Documents),
];

/// Reads a list's query: the filters `capabilities=tools,vision` and `provider=google`, and `include_upstream=true`. Other
/// members are not ours.
pub fn filter(query: &str) -> Result<pb::ListModelsRequest, Failure> {
    let mut request = pb::ListModelsRequest::default();
    for (name, value) in query.split('&').filter_map(|member| member.split_once('=')) {
        match name {
            "provider" => request.provider = value.to_owned(),
            "include_upstream" => request.include_upstream = ["true", "1"].contains(&value),
            "capabilities" => {
                for name in value.split(',').flat_map(|list| list.split("%2C")).filter(|name| !name.is_empty()) {
                    request.capabilities.push(one_of(name, CAPABILITIES, || "capabilities".into())?.into());
                }
            }
            _ => {}
        }
    }
    Ok(request)
}

/// Every word that the filter of the list knows.
pub fn capabilities() -> Vec<&'static str> {
    CAPABILITIES.iter().map(|(name, _)| *name).collect()
}

/// Returns the names of enum values, those that have one.
fn names<T: Copy + PartialEq + TryFrom<i32>>(values: &[i32], table: &[(&'static str, T)]) -> Vec<&'static str> {
    let name = |value: &i32| {
        let value = T::try_from(*value).ok()?;
        table.iter().find(|(_, known)| *known == value).map(|(name, _)| *name)
    };
    values.iter().filter_map(name).collect()
}

fn model(model: &pb::Model) -> Model<'_> {
    Model {
        id: &model.id,
        object: "model",
        created: model.create_time.as_ref().map_or(0, |time| time.seconds),
        owned_by: if model.owned_by.is_empty() { &model.provider } else { &model.owned_by },
        context_window: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
        capabilities: names(&model.capabilities, CAPABILITIES),
        input_modalities: names(&model.input_modalities, MODALITIES),
        shutdown_date: day(&model.shutdown_time),
    }
}

pub fn write_list(models: &[pb::Model]) -> Vec<u8> {
    let list = List { object: "list", data: models.iter().map(model).collect() };
    serde_json::to_vec(&list).unwrap_or_default()
}

pub fn write_one(one: &pb::Model) -> Vec<u8> {
    serde_json::to_vec(&model(one)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
