//! Every request fixture.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    fixtures::{fixture, fixtures},
    openai_json::request,
};
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingRequest},
        usage::WarningAction::{self, Dropped, Rewritten},
    },
    providers::{
        adapter::{Adapter, Encoded, Mode, Reply},
        gigachat::GigaChatAdapter,
    },
};

/// The warnings of fixtures that have any.
const WARNINGS: &[(&str, &[(&str, WarningAction)])] = &[
    ("req_bad_arguments_json", &[("prompt.messages[1].parts[0].tool_call.arguments", Rewritten)]),
    ("req_json_object_emulated", &[("prompt.response_format", Rewritten)]),
    ("req_reasoning_effort", &[("prompt.reasoning.effort", Rewritten)]),
    (
        "req_system_hoisted_and_turns_merged",
        &[("prompt.messages[5].name", Dropped), ("prompt.messages[3].role", Rewritten)],
    ),
    ("req_tool_choice_required_many", &[("prompt.tool_choice.mode", Rewritten)]),
    ("req_tool_schema_normalised", &[("prompt.tools.function.strict", Dropped)]),
    (
        "req_unsupported_dropped",
        &[
            ("prompt.stop", Dropped),
            ("prompt.seed", Dropped),
            ("prompt.frequency_penalty", Dropped),
            ("prompt.presence_penalty", Dropped),
            ("prompt.logit_bias", Dropped),
            ("prompt.logprobs", Dropped),
            ("prompt.top_logprobs", Dropped),
            ("prompt.metadata", Dropped),
            ("prompt.end_user_id", Dropped),
        ],
    ),
];

/// Checked in tests of their own: they are no chats.
const NO_CHATS: &[&str] = &["req_embeddings", "req_models", "req_oauth_token", "req_oauth_token_from_client_pair"];

#[test]
fn writes_every_chat() {
    for (name, fixture) in fixtures("req_").into_iter().filter(|(name, _)| !NO_CHATS.contains(&name.as_str())) {
        let body = &fixture["openai"]["body"];
        let request = request(body, &fixture["openai"]["fixtures"]);
        let mode = if body["stream"] == true { Mode::Stream } else { Mode::Unary };
        let encoded = GigaChatAdapter::default().encode(&request, &request.model, mode);
        let encoded = encoded.unwrap_or_else(|error| panic!("{name}: {}: {error}", error.field));
        assert_eq!(encoded.path, fixture["provider"]["path"], "{name}");
        assert_eq!(normal(uploaded(&name, &encoded, &fixture)), normal(fixture["provider"]["body"].clone()), "{name}");
        let warnings: Vec<_> = encoded.warnings.iter().map(|w| (w.field.as_str(), w.action)).collect();
        let want = WARNINGS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, warnings)| warnings);
        assert_eq!(warnings, want, "{name}");
    }
}

/// Checks the uploads and returns the body with the ids they got.
fn uploaded(name: &str, encoded: &Encoded, fixture: &Value) -> Value {
    let adapter = GigaChatAdapter::default();
    let (files, headers) = (adapter.files().unwrap(), HeaderMap::new());
    let pre = fixture["provider"]["pre"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(encoded.uploads.len(), pre.len(), "{name}");
    let mut ids = Vec::new();
    for (ours, theirs) in encoded.uploads.iter().zip(pre) {
        assert_eq!(files.path(), theirs["path"], "{name}");
        let mut parts = vec![json!({"name": "file", "filename": ours.filename, "content_type": ours.mime_type,
            "data_base64": STANDARD.encode(&ours.data)})];
        parts.extend(files.fields().iter().map(|(name, value)| json!({"name": name, "value": value})));
        assert_eq!(json!(parts), theirs["multipart"], "{name}");
        let body = theirs["response"]["body"].to_string();
        ids.push(files.decode_upload(Reply { status: 200, headers: &headers, body: body.as_bytes() }).unwrap());
    }
    let body = if ids.is_empty() { encoded.body.clone() } else { files.attach(encoded, &ids) };
    serde_json::from_slice(&body).unwrap()
}

/// Brings whole numbers to one spelling.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.into_iter().map(normal).collect(),
        Value::Object(map) => map.into_iter().map(|(name, value)| (name, normal(value))).collect(),
        other => other,
    }
}

#[test]
fn writes_the_embeddings() {
    let fixture = fixture("req_embeddings");
    let inputs = vec![EmbeddingInput::Text("hello".to_owned())];
    let request = EmbeddingRequest { inputs, ..EmbeddingRequest::default() };
    let adapter = GigaChatAdapter::default();
    let encoded = adapter.embeddings().unwrap().encode_embeddings(&request, "Embeddings").unwrap();
    assert_eq!(encoded.path, fixture["provider"]["path"]);
    assert_eq!(serde_json::from_slice::<Value>(&encoded.body).unwrap(), fixture["provider"]["body"]);
    assert_eq!(adapter.model_list().unwrap().path(), self::fixture("req_models")["provider"]["path"]);
}
