//! Embeddings and lists of models.

use http::HeaderMap;
use serde_json::{Value, json};

use super::support::adapter_of;
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        failure::{FailureClass, UpstreamFailure},
        model::{Capability, ListedModel},
    },
    providers::{
        adapter::{Adapter, Reply},
        openai::{Dialect, OpenAiAdapter, vendors::vendor},
        testing::files::fixture,
    },
};

fn text(text: &str) -> EmbeddingInput {
    EmbeddingInput::Text(text.to_owned())
}

fn request(inputs: Vec<EmbeddingInput>) -> EmbeddingRequest {
    EmbeddingRequest { inputs, ..EmbeddingRequest::default() }
}

fn encode(dialect: Dialect, request: &EmbeddingRequest) -> (String, Value, Vec<String>) {
    let adapter = OpenAiAdapter::new(dialect);
    let encoded = adapter.embeddings().expect("embeddings").encode_embeddings(request, "m").expect("a request");
    let warnings = encoded.warnings.into_iter().map(|warning| warning.field).collect();
    (encoded.path, serde_json::from_slice(&encoded.body).expect("JSON"), warnings)
}

#[test]
fn requests_against_the_fixtures() {
    for name in ["openai/emb-01-req-string", "openai/emb-02-req-strings"] {
        let fixture = fixture(name);
        let client = &fixture["openai"]["body"];
        let inputs = match &client["input"] {
            Value::Array(list) => list.iter().map(|one| text(one.as_str().expect("a text"))).collect(),
            one => vec![text(one.as_str().expect("a text"))],
        };
        let adapter = adapter_of(name);
        let model = client["model"].as_str().expect("a model");
        let encoded = adapter.embeddings().expect("embeddings").encode_embeddings(&request(inputs), model);
        let encoded = encoded.expect("a request");
        let url = format!("https://api.openai.com/v1{}", encoded.path);
        assert_eq!(fixture["provider"]["url"], url, "{name}");
        assert_eq!(
            serde_json::from_slice::<Value>(&encoded.body).expect("JSON"),
            fixture["provider"]["body"],
            "{name}"
        );
    }
}

#[test]
fn what_vendors_differ_in() {
    let row = |name: &str| vendor(name).expect("a row").dialect.clone();
    let full = EmbeddingRequest {
        dimensions: Some(256),
        end_user_id: Some("u".into()),
        provider_options: r#"{"a":1}"#.into(),
        ..request(vec![text("x"), text("y")])
    };
    let (path, body, warnings) = encode(row("openai"), &full);
    assert_eq!((path.as_str(), warnings.len()), ("/embeddings", 0));
    let want =
        json!({"model": "m", "input": ["x", "y"], "encoding_format": "base64", "dimensions": 256, "user": "u", "a": 1});
    assert_eq!(body, want);
    let (path, ..) = encode(row("azure"), &full);
    assert_eq!(path, "/openai/deployments/m/embeddings?api-version=2024-10-21");
    let (_, body, warnings) = encode(row("mistral"), &full);
    assert_eq!(body, json!({"model": "m", "input": ["x", "y"], "output_dimension": 256, "a": 1}));
    assert_eq!(warnings, ["end_user_id"]);
    let (_, body, warnings) = encode(row("lm-studio"), &EmbeddingRequest { end_user_id: None, ..full });
    assert_eq!((&body["dimensions"], warnings), (&Value::Null, vec!["dimensions".to_owned()]));

    let tokens = |numbers: &[u32]| EmbeddingInput::Tokens(numbers.to_vec());
    assert_eq!(encode(row("vllm"), &request(vec![tokens(&[1, 2])])).1["input"], json!([1, 2]));
    assert_eq!(encode(row("vllm"), &request(vec![tokens(&[1]), tokens(&[2])])).1["input"], json!([[1], [2]]));
    let refuse = |dialect: Dialect, inputs: Vec<EmbeddingInput>| {
        let adapter = OpenAiAdapter::new(dialect);
        adapter.embeddings().expect("embeddings").encode_embeddings(&request(inputs), "m").expect_err("refused").field
    };
    assert_eq!(refuse(row("ollama"), vec![text("x"), tokens(&[1])]), "inputs[1].tokens");
    assert_eq!(refuse(row("openai"), vec![text("x"), tokens(&[1])]), "inputs");
    let none = |dialect| OpenAiAdapter::new(dialect).embeddings().is_none();
    assert!(none(row("groq")) && none(row("deepseek")) && none(Dialect::SONAR));
}

fn decode(body: &str) -> Result<EmbeddingReply, UpstreamFailure> {
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() };
    OpenAiAdapter::new(Dialect::GENERIC).embeddings().expect("embeddings").decode_embeddings(reply)
}

#[test]
fn replies() {
    let good = r#"{"object":"list","model":"e","data":[{"index":1,"embedding":[0.5,-1]},{"index":0,"embedding":"AACAPwAAAEA="}],
        "usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    let reply = decode(good).expect("vectors");
    assert_eq!((&*reply.model, reply.vectors), ("e", vec![vec![1.0, 2.0], vec![0.5, -1.0]]));
    assert_eq!(reply.usage.map(|usage| (usage.input_tokens, usage.total_tokens)), Some((Some(3), Some(3))));
    assert_eq!(decode(r#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#).expect("no indexes").vectors.len(), 2);
    for (body, class) in [
        (r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, FailureClass::BadResponse),
        (r#"{"data":[{"index":7,"embedding":[1]}]}"#, FailureClass::BadResponse),
        (r#"{"data":[{"index":0,"embedding":"AAA"}]}"#, FailureClass::BadResponse),
        (r#"{"data":[{"index":0,"embedding":[]}]}"#, FailureClass::BadResponse),
        (r#"{"data":[]}"#, FailureClass::BadResponse),
        (r#"{"error":{"message":"rate limit reached"}}"#, FailureClass::RateLimit),
        ("<html>", FailureClass::BadResponse),
    ] {
        assert_eq!(decode(body).expect_err(body).class, class, "{body}");
    }
}

fn models(dialect: Dialect, body: &str) -> Result<Vec<ListedModel>, UpstreamFailure> {
    let reply = Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() };
    OpenAiAdapter::new(dialect).model_list().expect("a list").decode_models(reply)
}

#[test]
fn lists_of_models_against_the_fixtures() {
    for (name, base_url) in [
        ("openai/models-01-list", "https://api.openai.com/v1"),
        ("xai/models-01-language-models", "https://api.x.ai/v1"),
    ] {
        let fixture = fixture(name);
        let adapter = adapter_of(name);
        let list = adapter.model_list().expect("a list");
        assert_eq!(fixture["provider"]["url"], format!("{base_url}{}", list.path()), "{name}");
        let body = fixture["provider"]["body"].to_string();
        let found = list.decode_models(Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() });
        let first = &found.expect("models")[0];
        let shown = &fixture["openai"]["body"]["data"][0];
        assert_eq!((&json!(first.upstream_name), &json!(first.created)), (&shown["id"], &shown["created"]), "{name}");
    }
    let body = fixture("xai/models-01-language-models")["provider"]["body"].to_string();
    let grok = models(Dialect::XAI, &body).expect("models").remove(0);
    assert_eq!((grok.input_price, grok.output_price), (Some(1_250_000_000), Some(2_500_000_000)));
    assert_eq!((&grok.aliases[..], &*grok.owned_by), (&["grok-4.3-latest".to_owned()][..], "xai"));
    assert!(grok.capabilities.contains(&Capability::Vision) && grok.capabilities.contains(&Capability::Chat));
}

#[test]
fn shapes_of_lists() {
    let context = |entry: &str| {
        let found = models(Dialect::GENERIC, &format!(r#"[{{"id":"m",{entry}}}]"#)).expect(entry);
        (found[0].context_window_tokens, found[0].max_output_tokens)
    };
    assert_eq!(context(r#""context_length":8192"#), (Some(8192), None));
    assert_eq!(context(r#""max_model_len":8192"#), (Some(8192), None));
    assert_eq!(context(r#""context_window":8192,"max_completion_tokens":1024"#), (Some(8192), Some(1024)));
    assert_eq!(
        context(r#""max_context_length":8192,"top_provider":{"max_completion_tokens":9}"#),
        (Some(8192), Some(9))
    );
    assert_eq!(context(r#""context_length":null,"created":"x""#), (None, None));

    let names =
        |body: &str| models(Dialect::GENERIC, body).map(|list| list.into_iter().map(|m| m.upstream_name).collect());
    let mixed = r#"{"data":[{"id":"a"},{"id":"whisper-1"},{"id":"x","type":"image"},{"id":"b","active":false},7,null,{},
        {"name":"c"}],"extra":1}"#;
    assert_eq!(names(mixed), Ok(vec!["a".to_owned(), "c".to_owned()]));
    assert_eq!(names("\n []"), Ok(Vec::new()));
    assert_eq!(names(r#"{"error":{"message":"invalid api key"}}"#).expect_err("error").class, FailureClass::Credential);
    assert_eq!(names("[").expect_err("half").class, FailureClass::BadResponse);

    let price = |pricing: &str| {
        let found = models(Dialect::GENERIC, &format!(r#"[{{"id":"m","pricing":{pricing}}}]"#)).expect(pricing);
        (found[0].input_price, found[0].output_price)
    };
    assert_eq!(price(r#"{"prompt":"0.00000125","completion":"0"}"#), (Some(1_250_000_000), Some(0)));
    assert_eq!(price(r#"{"input":0.2,"output":-1}"#), (Some(200_000_000), None));
    let embedding = models(Dialect::GENERIC, r#"[{"id":"text-embedding-3-small"}]"#).expect("models").remove(0);
    assert_eq!(embedding.capabilities, [Capability::Embeddings]);
    assert!(OpenAiAdapter::new(Dialect::SONAR).model_list().is_none());
}
