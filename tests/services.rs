//! The services beside chats, and what the gateway remembers between two turns, seen from outside.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use prost::Message as _;
use serde_json::{Value, json};
use support::{
    gateway::{Gateway, with_key},
    upstream::{Act, ScriptedUpstream, json_reply},
};
use tonic::{Code, transport::Channel};

use ai_model_gateway::pb::{
    self, ModelCapability, embedding_input::Input, embedding_service_client::EmbeddingServiceClient,
    model_service_client::ModelServiceClient,
};

fn embeddings(model: &str, texts: &[&str]) -> pb::CreateEmbeddingsRequest {
    let input = |text: &&str| pb::EmbeddingInput { input: Some(Input::Text((*text).into())) };
    pb::CreateEmbeddingsRequest { model: model.into(), inputs: texts.iter().map(input).collect(), ..Default::default() }
}

async fn channel(gateway: &Gateway) -> Channel {
    gateway.channel().await
}

#[tokio::test(flavor = "multi_thread")]
async fn embeds_over_grpc_and_in_memory() {
    let gateway = Gateway::start(&[]).await;
    let mut client = EmbeddingServiceClient::new(channel(&gateway).await);
    let request = pb::CreateEmbeddingsRequest { dimensions: Some(8), ..embeddings("sandbox/embed", &["a b", "c"]) };
    let over_grpc = client.create_embeddings(with_key(request.clone())).await.unwrap().into_inner();
    assert_eq!((over_grpc.model.as_str(), over_grpc.provider.as_str()), ("embed", "sandbox"));
    assert_eq!(over_grpc.embeddings.iter().map(|e| e.values.len()).collect::<Vec<_>>(), [8, 8]);
    assert_eq!(over_grpc.usage.as_ref().and_then(|usage| usage.input_tokens), Some(3));
    assert_eq!(over_grpc.cost.and_then(|cost| cost.nano_usd), Some(0));
    assert_eq!(over_grpc.attempts.len(), 1);

    // The edge hands gRPC-Web to the services in memory.
    let mut body = vec![0];
    body.extend_from_slice(&(request.encoded_len() as u32).to_be_bytes());
    request.encode(&mut body).unwrap();
    let path = "/aigateway.v1.EmbeddingService/CreateEmbeddings";
    let response = gateway.post(path, "application/grpc-web+proto").body(body).send().await.unwrap();
    let body = response.bytes().await.unwrap();
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    let in_memory = pb::CreateEmbeddingsResponse::decode(&body[5..5 + length]).unwrap();
    assert_eq!(in_memory.embeddings, over_grpc.embeddings, "the same text has the same vector");

    for (request, code, wanted) in [
        (embeddings("", &["a"]), Code::InvalidArgument, "model is required"),
        (embeddings("sandbox/embed", &[]), Code::InvalidArgument, "inputs is required"),
        (embeddings("sandbox/embed", &["a", ""]), Code::InvalidArgument, "inputs[1] is empty"),
        (embeddings("sandbox/echo", &["a"]), Code::InvalidArgument, "`sandbox/echo` makes no embeddings"),
        (embeddings("sandbox/none", &["a"]), Code::NotFound, "did you mean"),
        (embeddings("perplexity/sonar", &["a"]), Code::InvalidArgument, "makes no embeddings"),
    ] {
        let status = client.create_embeddings(with_key(request)).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(wanted), "{status}");
    }
    let status = client.create_embeddings(embeddings("sandbox/embed", &["a"])).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_models_by_what_they_can_do() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(
        file,
        r#"{{"models": [
            {{"provider": "sandbox", "name": "slow", "remove": true}},
            {{"provider": "sandbox", "name": "echo", "context_window_tokens": 5, "aliases": ["parrot"],
              "prices": [{{"input": 1, "cached_input": 0.5}}, {{"min_input_tokens": 100, "input": 2}}]}}
        ]}}"#
    )
    .unwrap();
    let gateway = Gateway::start(&[("AIGW_CATALOG_FILE", file.path().to_str().unwrap())]).await;
    let mut client = ModelServiceClient::new(channel(&gateway).await);
    let request = |capabilities: &[ModelCapability]| pb::ListModelsRequest {
        capabilities: capabilities.iter().map(|c| (*c).into()).collect(),
        page_size: 7,
        include_upstream: true,
        ..Default::default()
    };
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = pb::ListModelsRequest { page_token, ..request(&[]) };
        let page = client.list_models(with_key(page)).await.unwrap().into_inner();
        assert!(page.models.len() <= 7 && page.upstream_failures.is_empty(), "{:?}", page.upstream_failures);
        all.extend(page.models);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(all.is_sorted_by(|a, b| a.id < b.id), "each model once, by id");
    assert!(!all.iter().any(|m| m.id == "sandbox/slow") && all.iter().any(|m| m.id == "sandbox/echo"));

    let embedding = request(&[ModelCapability::Embeddings]);
    let page = client.list_models(with_key(embedding)).await.unwrap().into_inner();
    assert!(page.models.iter().any(|m| m.id == "sandbox/embed" && m.output_modalities.is_empty()));
    assert!(page.models.iter().all(|m| !m.capabilities.contains(&ModelCapability::Chat.into())));

    let get = pb::GetModelRequest { id: "parrot".into() };
    let echo = client.get_model(with_key(get)).await.unwrap().into_inner().model.unwrap();
    assert_eq!((echo.id.as_str(), echo.context_window_tokens, echo.prices.len()), ("sandbox/echo", Some(5), 2));
    assert_eq!(echo.prices[0].cached_input_nano_usd_per_million, Some(500_000_000));
    assert_eq!((echo.prices[1].min_input_tokens, echo.prices[1].output_nano_usd_per_million), (100, None));

    let unknown = pb::ListModelsRequest { capabilities: vec![99], ..Default::default() };
    let status = client.list_models(with_key(unknown)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    gateway.stop().await;
}

/// A turn of Gemini that calls a tool. Composed.
const CALLS: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"c1","name":"weather","args":{}},
    "thoughtSignature":"c2lnbmVkIGJ5IEdlbWluaQ=="}]},"finishReason":"STOP","index":0}],"responseId":"r1"}"#;
const SAYS: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"rain"}]},"finishReason":"STOP","index":0}],"responseId":"r2"}"#;
const REFUSES: &str = r#"{"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}"#;

/// A client that keeps of a message only what it knows gets its thought signature back all the same, with the key that
/// gave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_drops_unknown_members_keeps_its_provider_state() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let upstream = ScriptedUpstream::start(move |request| {
        let own = request.head.contains("x-goog-api-key: own");
        log.lock().unwrap().push((own, request.body.clone()));
        let reply = match (own, request.body.contains("functionResponse")) {
            (true, _) => json_reply("401 Unauthorized", REFUSES),
            (false, false) => json_reply("200 OK", CALLS),
            (false, true) => json_reply("200 OK", SAYS),
        };
        vec![Act::Send(reply)]
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[]).await;
    let ask = async |messages: Value| -> Value {
        let tool = json!({"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}});
        let body = json!({"model": "google/gemini-3.8-flash", "messages": messages, "tools": [tool]});
        let request = gateway.post("/v1/chat/completions", "application/json").header("x-google-api-key", "own");
        let response = request.body(body.to_string()).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    };
    let question = json!({"role": "user", "content": "Weather?"});
    let first = ask(json!([question])).await;
    let call = &first["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["id"], "c1", "{first}");
    let kept = json!({"id": call["id"], "type": call["type"], "function": call["function"]});
    let turn = json!({"role": "assistant", "content": null, "tool_calls": [kept]});
    let answer = json!({"role": "tool", "tool_call_id": "c1", "content": "rain"});
    let second = ask(json!([question, turn, answer])).await;
    assert_eq!(second["choices"][0]["message"]["content"], "rain", "{second}");

    let seen = seen.lock().unwrap().clone();
    let keys: Vec<_> = seen.iter().map(|(own, _)| *own).collect();
    assert_eq!(keys, [true, false, false], "the second turn begins with the key that signed the first");
    assert!(seen[2].1.contains("c2lnbmVkIGJ5IEdlbWluaQ=="), "{}", seen[2].1);
    gateway.stop().await;
}
