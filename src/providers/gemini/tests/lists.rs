//! What is no completion: the list of models, counted tokens, vectors.

use http::HeaderMap;
use serde_json::{Value, json};

use super::fixtures::fixtures;
use crate::{
    domain::{
        chat::{ChatRequest, Message, Part, Role},
        embedding::{EmbeddingInput, EmbeddingRequest},
        failure::{FailureClass, UpstreamFailure},
        model::Capability,
    },
    providers::{
        adapter::{Adapter, Reply},
        gemini::GeminiAdapter,
    },
};

fn reply<T>(body: &[u8], read: impl FnOnce(Reply<'_>) -> Result<T, UpstreamFailure>) -> Result<T, UpstreamFailure> {
    read(Reply { status: 200, headers: &HeaderMap::new(), body })
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

const KEY_ERROR: &str = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid."}}"#;

#[test]
fn reads_the_list_of_models() {
    let adapter = GeminiAdapter::default();
    let list = adapter.model_list().unwrap();
    assert_eq!(list.path(), "/v1beta/models?pageSize=1000");
    let (name, fixture) = fixtures("resp_models_list").remove(0);
    let models = reply(&bytes(&fixture["provider"]["body"]), |reply| list.decode_models(reply)).expect(&name);
    let chat: Vec<_> = models.iter().filter(|model| model.capabilities.contains(&Capability::Chat)).collect();
    let wanted = fixture["openai"]["body"]["data"].as_array().unwrap();
    assert_eq!(chat.len(), wanted.len(), "{name}");
    for (ours, theirs) in chat.into_iter().zip(wanted) {
        assert_eq!((&json!(ours.upstream_name), &json!(ours.owned_by)), (&theirs["id"], &theirs["owned_by"]));
        assert_eq!((ours.context_window_tokens, ours.max_output_tokens), (Some(1_048_576), Some(65_536)));
        assert!(ours.capabilities.contains(&Capability::Reasoning) && ours.capabilities.contains(&Capability::Tools));
    }
    let embedding = models.iter().find(|model| model.upstream_name == "gemini-embedding-001").unwrap();
    assert_eq!((&embedding.capabilities[..], embedding.max_output_tokens), (&[Capability::Embeddings][..], None));

    let odd = json!({"models": [{"name": "models/x", "supportedGenerationMethods": ["predict"]}, {"name": null},
        {"name": "models/gemini-2.5-flash-preview-tts", "inputTokenLimit": "8192", "outputTokenLimit": null,
         "supportedGenerationMethods": ["generateContent"]}]});
    let models = reply(&bytes(&odd), |reply| list.decode_models(reply)).unwrap();
    assert_eq!(models.len(), 1);
    assert_eq!((models[0].context_window_tokens, models[0].max_output_tokens), (Some(8_192), None));
    assert_eq!(models[0].capabilities, [Capability::Chat, Capability::Streaming]);
    let failure = reply(KEY_ERROR.as_bytes(), |reply| list.decode_models(reply)).unwrap_err();
    assert_eq!(failure.class, FailureClass::Credential);
    let failure = reply(b"{}", |reply| list.decode_models(reply)).unwrap_err();
    assert_eq!((failure.class, failure.http_status), (FailureClass::BadResponse, Some(200)));
}

#[test]
fn counts_tokens() {
    let adapter = GeminiAdapter::default();
    let (name, fixture) = fixtures("req_count_tokens").remove(0);
    let say = |role, text: &str| Message { role, parts: vec![Part::Text(text.into())], name: String::new() };
    let messages = vec![say(Role::System, "S"), say(Role::User, "Hello")];
    let request = ChatRequest { messages, ..ChatRequest::default() };
    let encoded = adapter.encode_count(&request, "models/gemini-2.5-flash").unwrap();
    assert_eq!(encoded.path, fixture["provider"]["path"], "{name}");
    assert_eq!(serde_json::from_slice::<Value>(&encoded.body).unwrap(), fixture["provider"]["body"], "{name}");

    let (name, fixture) = fixtures("resp_count_tokens").remove(0);
    let body = bytes(&fixture["provider"]["body"]);
    assert_eq!(reply(&body, |reply| adapter.decode_count(reply)), Ok(12), "{name}");
    assert!(reply(b"{}", |reply| adapter.decode_count(reply)).is_err(), "a missing count is not zero");
}

#[test]
fn writes_embeddings() {
    let adapter = GeminiAdapter::default();
    let embeddings = adapter.embeddings().unwrap();
    let text = |text: &str| EmbeddingInput::Text(text.into());
    let request = EmbeddingRequest {
        inputs: vec![text("a"), text("b")],
        dimensions: Some(768),
        end_user_id: Some("u".into()),
        provider_options: r#"{"task_type": "RETRIEVAL_QUERY", "other": 1}"#.into(),
        ..EmbeddingRequest::default()
    };
    let encoded = embeddings.encode_embeddings(&request, "gemini-embedding-001").unwrap();
    assert_eq!(encoded.path, "/v1beta/models/gemini-embedding-001:batchEmbedContents");
    let embed = |text: &str| {
        json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]},
            "outputDimensionality": 768, "taskType": "RETRIEVAL_QUERY"})
    };
    let want = json!({"requests": [embed("a"), embed("b")]});
    assert_eq!(serde_json::from_slice::<Value>(&encoded.body).unwrap(), want);
    let fields: Vec<_> = encoded.warnings.iter().map(|warning| warning.field.as_str()).collect();
    assert_eq!(fields, ["end_user_id", "provider_options"]);

    let refused = |inputs: Vec<EmbeddingInput>, model: &str| {
        let request = EmbeddingRequest { inputs, ..EmbeddingRequest::default() };
        embeddings.encode_embeddings(&request, model).unwrap_err().field
    };
    assert_eq!(refused(vec![text("a"), EmbeddingInput::Tokens(vec![1])], "m"), "inputs[1].tokens");
    assert_eq!(refused(vec![text("a"); 101], "m"), "inputs");
    assert_eq!(refused(vec![text("a")], "a/b"), "prompt.model");
}

#[test]
fn reads_embeddings() {
    let adapter = GeminiAdapter::default();
    let embeddings = adapter.embeddings().unwrap();
    let read = |body: &[u8]| reply(body, |reply| embeddings.decode_embeddings(reply));
    let body =
        json!({"embeddings": [{"values": [0.5, -1]}, {"values": [2e-3, 0]}], "usageMetadata": {"promptTokenCount": 4}});
    let read_body = read(&bytes(&body)).unwrap();
    assert_eq!(read_body.vectors, [vec![0.5, -1.0], vec![0.002, 0.0]]);
    assert_eq!(read_body.usage.unwrap().input_tokens, Some(4));
    assert_eq!(read(br#"{"embeddings":[{"values":[1]}]}"#).unwrap().usage, None);
    for body in [
        "{}",
        r#"{"embeddings":[]}"#,
        r#"{"embeddings":[{"values":[]}]}"#,
        r#"{"embeddings":[{"values":["x"]}]}"#,
        "<html>",
    ] {
        assert_eq!(read(body.as_bytes()).unwrap_err().class, FailureClass::BadResponse, "{body}");
    }
    assert_eq!(read(KEY_ERROR.as_bytes()).unwrap_err().class, FailureClass::Credential);
}
