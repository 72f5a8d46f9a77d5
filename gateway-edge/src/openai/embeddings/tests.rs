//! The vectors of embeddings, the unions of `input`, and both encodings.

use serde_json::{Value, json};

use super::*;

fn read_json(body: &Value) -> Result<EmbeddingCall, Failure> {
    parse(&serde_json::to_vec(body).unwrap())
}

fn tokens(list: &[u32]) -> pb::EmbeddingInput {
    sequence(list.to_vec())
}

#[test]
fn requests_are_the_vectors() {
    for (name, inputs) in [
        ("emb-01-req-string", vec![text("hello".into())]),
        ("emb-02-req-strings", vec![text("a".into()), text("b".into())]),
    ] {
        let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let call = read_json(&vector["openai"]["body"]).unwrap();
        assert_eq!((&*call.request.model, call.encoding), ("text-embedding-3-small", Encoding::Base64), "{name}");
        assert_eq!(call.request.inputs, inputs, "{name}");
    }
}

#[test]
fn inputs_are_a_union() {
    let rows = [
        (json!([1, 2]), vec![tokens(&[1, 2])]),
        (json!([[1], [2, 3]]), vec![tokens(&[1]), tokens(&[2, 3])]),
        (json!(["a", [2]]), vec![text("a".into()), tokens(&[2])]),
    ];
    for (input, expected) in rows {
        let body = json!({"model": "m", "input": input, "dimensions": 8.0, "user": null, "task": "q", "strict": true});
        let call = read_json(&body).unwrap();
        assert_eq!((call.request.inputs, call.request.dimensions), (expected, Some(8)));
        assert_eq!((&*call.request.provider_options, call.request.strict), (r#"{"task":"q"}"#, true));
    }
    for input in
        [json!([]), json!([""]), json!([1, "a"]), json!({"a": 1}), json!([[]]), json!([-1]), json!(vec!["a"; 2049])]
    {
        let failure = read_json(&json!({"model": "m", "input": input})).unwrap_err();
        assert!(failure.param().is_some_and(|param| param.starts_with("input")), "{failure:?}");
    }
    assert_eq!(read_json(&json!({"model": "m"})).unwrap_err().code(), Some("missing_required_parameter"));
    let odd = json!({"model": "m", "input": "a", "encoding_format": "int8"});
    assert_eq!(read_json(&odd).unwrap_err().param(), Some("encoding_format"));
}

#[test]
fn both_encodings_say_the_same() {
    let response = pb::CreateEmbeddingsResponse {
        model: "m".into(),
        embeddings: vec![pb::Embedding { values: vec![0.5, -1.25] }],
        usage: Some(pb::Usage { input_tokens: Some(2), ..pb::Usage::default() }),
        warnings: vec![pb::Warning { field: "dimensions".into(), action: 1, message: "left out".into() }],
        ..pb::CreateEmbeddingsResponse::default()
    };
    let body = |encoding| serde_json::from_slice::<Value>(&write(&response, encoding)).unwrap();
    let float = body(Encoding::Float);
    assert_eq!(float["data"], json!([{"object": "embedding", "index": 0, "embedding": [0.5, -1.25]}]));
    assert_eq!(float["usage"], json!({"prompt_tokens": 2, "total_tokens": 2}));
    assert_eq!(float["warnings"][0]["field"], "dimensions");
    let base64 = body(Encoding::Base64)["data"][0]["embedding"].clone();
    let bytes = STANDARD.decode(base64.as_str().unwrap()).unwrap();
    assert_eq!(bytes, [0.5_f32.to_le_bytes(), (-1.25_f32).to_le_bytes()].concat());
}
