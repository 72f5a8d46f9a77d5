//! Embeddings, the list of models, uploads.

use http::HeaderMap;
use serde_json::{Value, json};

use super::fixtures::fixture;
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        failure::UpstreamFailure,
        model::Capability,
        usage::WarningAction::Dropped,
    },
    providers::{
        adapter::{Adapter, Reply},
        gigachat::GigaChatAdapter,
    },
};

fn embeddings(body: &Value) -> Result<EmbeddingReply, UpstreamFailure> {
    let (headers, body) = (HeaderMap::new(), body.to_string());
    let reply = Reply { status: 200, headers: &headers, body: body.as_bytes() };
    GigaChatAdapter::default().embeddings().unwrap().decode_embeddings(reply)
}

#[test]
fn reads_the_embeddings() {
    let fixture = fixture("resp_embeddings");
    let mut body = fixture["provider"]["body"].clone();
    let want = &fixture["openai"]["body"];
    for _ in 0..2 {
        let reply = embeddings(&body).unwrap();
        assert_eq!(json!(reply.model), want["model"]);
        assert_eq!(reply.vectors, [[0.1, -0.2], [0.3, 0.4]]);
        assert_eq!(reply.usage.unwrap().input_tokens, want["usage"]["prompt_tokens"].as_u64());
        body["data"].as_array_mut().unwrap().reverse();
    }
    body["data"][0]["usage"] = Value::Null;
    assert_eq!(embeddings(&body).unwrap().usage, None);
    assert!(embeddings(&json!({"status": 404, "message": "No such model"})).unwrap_err().message.contains("model"));
    assert!(embeddings(&json!({})).is_err());
}

#[test]
fn says_what_embeddings_cannot_have() {
    let adapter = GigaChatAdapter::default();
    let encode = |request: &EmbeddingRequest| adapter.embeddings().unwrap().encode_embeddings(request, "Embeddings");
    let request = EmbeddingRequest {
        inputs: vec![EmbeddingInput::Text("a".to_owned())],
        dimensions: Some(5),
        end_user_id: Some("u".to_owned()),
        provider_options: "{\"a\":1}".to_owned(),
        ..EmbeddingRequest::default()
    };
    let warnings = encode(&request).unwrap().warnings;
    let fields: Vec<_> = warnings.iter().map(|w| (w.field.as_str(), w.action)).collect();
    assert_eq!(fields, [("dimensions", Dropped), ("end_user_id", Dropped), ("provider_options", Dropped)]);
    let tokens = EmbeddingRequest { inputs: vec![EmbeddingInput::Tokens(vec![1])], ..request };
    assert_eq!(encode(&tokens).unwrap_err().field, "inputs[0].tokens");
}

#[test]
fn lists_the_models() {
    let adapter = GigaChatAdapter::default();
    let list = |body: &Value| {
        let (headers, body) = (HeaderMap::new(), body.to_string());
        adapter.model_list().unwrap().decode_models(Reply { status: 200, headers: &headers, body: body.as_bytes() })
    };
    let fixture = fixture("resp_models");
    let models = list(&fixture["provider"]["body"]).unwrap();
    let ours: Vec<_> = models.iter().map(|m| json!([m.upstream_name, m.owned_by])).collect();
    let theirs = fixture["openai"]["body"]["data"].as_array().unwrap();
    assert_eq!(ours, theirs.iter().map(|m| json!([m["id"], m["owned_by"]])).collect::<Vec<_>>());
    assert_eq!(models[2].capabilities, [Capability::Embeddings]);
    assert!(!models[0].capabilities.contains(&Capability::Vision));
    assert!(models[1].capabilities.contains(&Capability::Vision));
    assert_eq!(models[1].context_window_tokens, Some(131_072));

    let others = json!({"data": [{"id": "GigaFilter", "type": "filter"}, {"id": "GigaCheck", "type": "aicheck"},
        {"id": "x"}, {"id": "", "type": "chat"}, {"type": "chat"}, 1, {"id": "EmbeddingsGigaR"}, {"id": "GigaChat-3-Ultra"}]});
    let names: Vec<_> = list(&others).unwrap().into_iter().map(|model| model.upstream_name).collect();
    assert_eq!(names, ["EmbeddingsGigaR", "GigaChat-3-Ultra"]);
    assert!(list(&json!({})).is_err());
}

#[test]
fn reads_the_ids_of_uploads() {
    let adapter = GigaChatAdapter::default();
    let id = |body: &Value| {
        let (headers, body) = (HeaderMap::new(), body.to_string());
        adapter.files().unwrap().decode_upload(Reply { status: 200, headers: &headers, body: body.as_bytes() })
    };
    let fixture = fixture("resp_file_upload");
    assert_eq!(id(&fixture["provider"]["body"]).unwrap(), fixture["openai"]["file_id"]);
    assert!(id(&json!({"id": ""})).is_err());
    assert_eq!(id(&json!({"status": 413, "message": "Payload too large"})).unwrap_err().http_status, Some(413));
}
