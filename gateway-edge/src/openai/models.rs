//! Models as OpenAI's clients list them.

use serde::Serialize;

use crate::pb;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

/// The first four members are required by clients; the others are extensions that some of them read.
#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
}

fn model(model: &pb::Model) -> Model<'_> {
    Model {
        id: &model.id,
        object: "model",
        created: model.create_time.as_ref().map_or(0, |time| time.seconds),
        owned_by: if model.owned_by.is_empty() { &model.provider } else { &model.owned_by },
        context_window: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
    }
}

pub fn write_list(models: &[pb::Model]) -> Vec<u8> {
    let list = List { object: "list", data: models.iter().map(model).collect() };
    serde_json::to_vec(&list).unwrap_or_default()
}

pub fn write_one(one: &pb::Model) -> Vec<u8> {
    serde_json::to_vec(&model(one)).unwrap_or_default()
}
