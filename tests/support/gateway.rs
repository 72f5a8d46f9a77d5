//! A whole gateway on free ports with its own data directory, and the three faces to talk to it.

use std::{net::SocketAddr, time::Duration};

use ai_model_gateway::{
    app::App,
    config::{Flags, Settings},
    pb::{self, chat_service_client::ChatServiceClient, stream_chat_completion_response::Event},
};
use tokio::{sync::oneshot, task::JoinHandle};
use tonic::transport::Channel;

/// The gateway key of every test gateway.
pub const KEY: &str = "sk-test-gateway-key-0123456789-0123456789";

pub struct Gateway {
    pub grpc: SocketAddr,
    pub edge: SocketAddr,
    /// When it was given an address of its own.
    pub metrics: Option<SocketAddr>,
    _data: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Gateway {
    /// Starts a gateway with these settings beside the test's own.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let own = [
            ("AIGW_GRPC_ADDR", "127.0.0.1:0"),
            ("AIGW_EDGE_ADDR", "127.0.0.1:0"),
            ("AIGW_DATA_DIR", data.path().to_str().unwrap()),
            ("AIGW_BOOTSTRAP_KEY", KEY),
            ("AIGW_DRAIN_SECONDS", "5"),
        ];
        let env = own.iter().chain(settings).map(|(k, v)| (k.to_string(), v.to_string()));
        let settings = Settings::load(Flags::default(), env, None).unwrap_or_else(|e| panic!("{e}"));
        let app = App::build(settings).await.unwrap_or_else(|e| panic!("{e:#}"));
        let (grpc, edge, metrics) = (app.grpc_addr().unwrap(), app.edge_addr().unwrap(), app.metrics_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(app.run(None, async {
            let _ = stopped.await;
        }));
        Self { grpc, edge, metrics, _data: data, stop: Some(stop), running: Some(running) }
    }

    /// Starts a gateway whose xAI, Perplexity and Gemini upstreams are at this address.
    pub async fn with_upstream(url: &str, settings: &[(&str, &str)]) -> Self {
        let own = [
            ("XAI_API_BASE_URL", url),
            ("XAI_API_KEY", "upstream-key"),
            ("PERPLEXITY_API_BASE_URL", url),
            ("PERPLEXITY_API_KEY", "upstream-key"),
            ("GOOGLE_AI_STUDIO_BASE_URL", url),
            ("GOOGLE_AI_STUDIO_API_KEY", "upstream-key"),
        ];
        Self::start(&[&own[..], settings].concat()).await
    }

    /// A connection of its own, for clients of any service.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    pub async fn client(&self) -> ChatServiceClient<Channel> {
        ChatServiceClient::new(self.channel().await)
    }

    /// A POST with the test's gateway key.
    pub fn post(&self, path: &str, content_type: &str) -> reqwest::RequestBuilder {
        self.post_as(KEY, path, content_type)
    }

    pub fn post_as(&self, key: &str, path: &str, content_type: &str) -> reqwest::RequestBuilder {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.post(format!("http://{}{path}", self.edge)).bearer_auth(key).header("content-type", content_type)
    }

    /// Stops the gateway and waits until open requests are done.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let running = self.running.take().unwrap();
        tokio::time::timeout(Duration::from_secs(10), running).await.expect("stops in time").unwrap().unwrap();
    }
}

/// A prompt with one user message.
pub fn prompt(model: &str, text: &str) -> pb::ChatPrompt {
    let content = pb::part::Content::Text(pb::TextPart { text: text.into() });
    pb::ChatPrompt {
        model: model.into(),
        messages: vec![pb::Message {
            role: pb::Role::User.into(),
            parts: vec![pb::Part { content: Some(content) }],
            name: String::new(),
        }],
        ..Default::default()
    }
}

/// A request with the test's gateway key.
pub fn with_key<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {KEY}").parse().unwrap());
    request
}

/// What a face delivered: the text, and whether it ended as a success.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivered {
    pub text: String,
    pub finished: bool,
    /// gRPC code or OpenAI error code, when it failed.
    pub error: Option<String>,
}

pub async fn over_grpc(client: &mut ChatServiceClient<Channel>, model: &str) -> Delivered {
    let request = pb::StreamChatCompletionRequest { prompt: Some(prompt(model, "hi")) };
    let mut delivered = Delivered { text: String::new(), finished: false, error: None };
    let mut stream = match client.stream_chat_completion(with_key(request)).await {
        Ok(response) => response.into_inner(),
        Err(status) => return Delivered { error: Some(format!("{:?}", status.code())), ..delivered },
    };
    loop {
        match stream.message().await {
            Ok(Some(event)) => delivered.take(event),
            Ok(None) => return delivered,
            Err(status) => return Delivered { error: Some(format!("{:?}", status.code())), ..delivered },
        }
    }
}

impl Delivered {
    fn take(&mut self, event: pb::StreamChatCompletionResponse) {
        match event.event {
            Some(Event::TextDelta(delta)) => self.text.push_str(&delta.text),
            Some(Event::Finished(_)) => self.finished = true,
            _ => {}
        }
    }
}

pub async fn over_sse(gateway: &Gateway, model: &str) -> Delivered {
    let body = format!(r#"{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"hi"}}]}}"#);
    let response = gateway.post("/v1/chat/completions", "application/json").body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    let mut delivered = Delivered { text: String::new(), finished: false, error: None };
    if status != 200 {
        let error: serde_json::Value = serde_json::from_str(&body).unwrap();
        let code = error["error"]["code"].as_str().unwrap_or("null").to_owned();
        return Delivered { error: Some(format!("{status} {code}")), ..delivered };
    }
    for frame in body.split("\n\n").filter(|f| !f.is_empty() && !f.starts_with(':')) {
        let data = frame.strip_prefix("data: ").unwrap_or_else(|| panic!("one data line: {frame:?}"));
        assert!(!delivered.finished && delivered.error.is_none(), "nothing follows the end: {body}");
        if data == "[DONE]" {
            delivered.finished = true;
            continue;
        }
        let chunk: serde_json::Value = serde_json::from_str(data).unwrap();
        if let Some(error) = chunk.get("error") {
            delivered.error = Some(error["code"].as_str().unwrap_or("null").to_owned());
        } else if let Some(text) = chunk["choices"][0]["delta"]["content"].as_str() {
            delivered.text.push_str(text);
        }
    }
    delivered
}

pub async fn over_grpc_web(gateway: &Gateway, model: &str) -> Delivered {
    over_grpc_web_within(gateway, model, "60S").await
}

/// With a deadline that no client library watches besides.
pub async fn over_grpc_web_within(gateway: &Gateway, model: &str, timeout: &str) -> Delivered {
    use prost::Message as _;
    let message = pb::StreamChatCompletionRequest { prompt: Some(prompt(model, "hi")) }.encode_to_vec();
    let mut body = vec![0];
    body.extend_from_slice(&(message.len() as u32).to_be_bytes());
    body.extend_from_slice(&message);
    let request =
        gateway.post("/aigateway.v1.ChatService/StreamChatCompletion", "application/grpc-web+proto").body(body);
    let request = request.header("grpc-timeout", timeout);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut status = response.headers().get("grpc-status").map(|s| s.to_str().unwrap().to_owned());
    let body = response.bytes().await.unwrap();
    let mut delivered = Delivered { text: String::new(), finished: false, error: None };
    let mut rest = &body[..];
    while rest.len() >= 5 {
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let (frame, after) = rest[5..].split_at(length);
        if rest[0] & 0x80 == 0 {
            delivered.take(pb::StreamChatCompletionResponse::decode(frame).unwrap());
        } else {
            let trailers = String::from_utf8_lossy(frame).to_lowercase();
            let line = trailers.lines().find_map(|l| l.strip_prefix("grpc-status:")).unwrap();
            status = Some(line.trim().to_owned());
        }
        rest = after;
    }
    let status = status.expect("a grpc-status in trailers");
    delivered.error = (status != "0").then(|| format!("{:?}", tonic::Code::from_bytes(status.as_bytes())));
    delivered
}
