//! The vector of the list.

use serde_json::Value;

use super::*;

#[test]
fn the_list_is_the_vector() {
    let path = format!("{}/tests/fixtures/models-01-list.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let row = |id: &str, seconds, owned_by: &str| pb::Model {
        id: id.into(),
        create_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        owned_by: owned_by.into(),
        ..pb::Model::default()
    };
    let models = [row("gpt-4o-mini", 1_721_172_741, "openai"), row("grok-4.3", 1_777_000_000, "xai")];
    let ours: Value = serde_json::from_slice(&write_list(&models)).unwrap();
    assert_eq!(ours, vector["openai"]["body"]);
}

#[test]
fn a_model_that_ends_says_on_which_day() {
    let shutdown_time = Some(prost_types::Timestamp { seconds: 1_796_083_200, nanos: 0 });
    let one: Value = serde_json::from_slice(&write_one(&pb::Model { shutdown_time, ..pb::Model::default() })).unwrap();
    assert_eq!(one["shutdown_date"], "2026-12-01");
}
