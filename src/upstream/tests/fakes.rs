//! A provider with every need: tokens, places, files, copies and bytes instead of addresses.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, header};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use super::super::{HttpUpstream, UpstreamTimeouts, Upstreams, http_client};
use crate::{
    domain::{
        chat::{ChatRequest, Image, MediaSource, Message, Part, Role},
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        event::{ChatEvent, FinishReason, Finished, Started},
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::{ListedModel, Target},
        usage::Usage,
    },
    providers::{
        adapter::{
            AccessToken, Adapter, EmbeddingAdapter, EncodeError, Encoded, FileAdapter, Memo, Mode, ModelListAdapter,
            Reply, StreamDecoder, TokenExchange, TokenRequest, Upload,
        },
        openai::{Dialect, OpenAiAdapter},
        support::{Field, Handling},
    },
    routing::transport::{Delivery, EventStream, Transport as _},
};

pub const TIMEOUTS: UpstreamTimeouts = UpstreamTimeouts {
    connect: Duration::from_secs(2),
    initial: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    max_event_bytes: 1 << 20,
};

/// Uploads image bytes; asks as often as there are choices; reads OpenAI's streams and its own whole answers.
pub struct Fake;

impl Adapter for Fake {
    fn support(&self, _model: &str, _field: Field) -> Handling {
        Handling::Mapped
    }

    fn encode(&self, request: &ChatRequest, model: &str, _mode: Mode) -> Result<Encoded, EncodeError> {
        let upload = |part: &Part| match part {
            Part::Image(Image { source: MediaSource::Data { mime_type, data }, .. }) => {
                Some(Upload { filename: "image".into(), mime_type: mime_type.clone(), data: data.clone() })
            }
            _ => None,
        };
        Ok(Encoded {
            path: "/chat".into(),
            body: model.to_owned().into(),
            uploads: request.messages.iter().flat_map(|m| &m.parts).filter_map(upload).collect(),
            copies: request.sampling.choice_count.unwrap_or(1),
            ..Encoded::default()
        })
    }

    fn decode(&self, _memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        let text = String::from_utf8_lossy(reply.body).into_owned();
        let usage = Usage { output_tokens: Some(2), ..Usage::default() };
        Ok(vec![
            ChatEvent::Started(Started::default()),
            ChatEvent::Text { choice: 0, text, logprobs: Vec::new() },
            ChatEvent::Finished(Finished { usage: Some(usage), ..Finished::new(FinishReason::Stop, "stop") }),
        ])
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        failure(reply)
    }

    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder> {
        OpenAiAdapter::new(Dialect::default()).stream_decoder(memo)
    }

    fn needs_bytes_of(&self, _model: &str, url: &str) -> bool {
        !url.starts_with("https://known.example/")
    }

    fn files(&self) -> Option<&dyn FileAdapter> {
        Some(self)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        Some(self)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        Some(self)
    }
}

impl EmbeddingAdapter for Fake {
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
        let [EmbeddingInput::Text(text)] = &request.inputs[..] else { panic!("one text is enough for a test") };
        Ok(Encoded { path: "/embeddings".into(), body: format!("{model}: {text}").into(), ..Encoded::default() })
    }

    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
        let number = std::str::from_utf8(reply.body).unwrap().parse().unwrap();
        Ok(EmbeddingReply { vectors: vec![vec![number]], ..EmbeddingReply::default() })
    }
}

impl ModelListAdapter for Fake {
    fn path(&self) -> &str {
        "/models"
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let names = std::str::from_utf8(reply.body).unwrap().split(' ');
        Ok(names.map(|name| ListedModel { upstream_name: name.into(), ..ListedModel::default() }).collect())
    }
}

impl FileAdapter for Fake {
    fn path(&self) -> &str {
        "/files"
    }

    fn fields(&self) -> &'static [(&'static str, &'static str)] {
        &[("purpose", "general")]
    }

    fn decode_upload(&self, reply: Reply<'_>) -> Result<String, UpstreamFailure> {
        Ok(String::from_utf8_lossy(reply.body).into_owned())
    }

    fn attach(&self, encoded: &Encoded, ids: &[String]) -> Bytes {
        [&encoded.body[..], ids.join(",").as_bytes()].concat().into()
    }
}

impl TokenExchange for Fake {
    fn encode_token(&self, key: &ProviderKey, unique: &str) -> Result<TokenRequest, UpstreamFailure> {
        assert_eq!(uuid::Uuid::parse_str(unique).unwrap().get_version_num(), 4);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Basic {}", key.secret.expose_secret()).parse().unwrap());
        let scope = key.parameters.get("scope").map_or("all", |scope| scope);
        Ok(TokenRequest { headers, body: format!("scope={scope}").into() })
    }

    /// Answers are `token lifetime_ms`.
    fn decode_token(&self, reply: Reply<'_>, _now: SystemTime) -> Result<AccessToken, UpstreamFailure> {
        let text = std::str::from_utf8(reply.body).unwrap();
        let (secret, lifetime) = text.split_once(' ').unwrap();
        Ok(AccessToken { secret: secret.into(), lifetime: Duration::from_millis(lifetime.parse().unwrap()) })
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        failure(reply)
    }

    fn token_ended(&self, failure: &UpstreamFailure) -> bool {
        failure.http_status == Some(401)
    }
}

fn failure(reply: Reply<'_>) -> UpstreamFailure {
    let class = match reply.status {
        401 => FailureClass::Credential,
        429 => FailureClass::RateLimit,
        500.. => FailureClass::ServerError,
        _ => FailureClass::Caller,
    };
    let message = String::from_utf8_lossy(reply.body);
    UpstreamFailure { http_status: Some(reply.status), ..UpstreamFailure::new(class, message) }
}

pub fn upstreams(upstream: HttpUpstream) -> Upstreams {
    let providers = HashMap::from([("p".to_owned(), upstream)]);
    Upstreams::new(http_client(TIMEOUTS).unwrap(), TIMEOUTS, providers)
}

pub fn target() -> Target {
    Target { provider: "p".into(), model: "m".into() }
}

pub fn key(secret: &str) -> ProviderKey {
    ProviderKey::new("test", secret)
}

pub fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

pub fn request(parts: Vec<Part>, choices: u32) -> ChatRequest {
    let mut request = ChatRequest {
        messages: vec![Message { role: Role::User, parts, name: String::new() }],
        ..ChatRequest::default()
    };
    request.sampling.choice_count = Some(choices);
    request
}

pub fn image(source: MediaSource) -> Part {
    Part::Image(Image { source, detail: None })
}

pub fn png(number: u8) -> Part {
    let data = [b"\x89PNG\r\n\x1a\n".as_slice(), &[number]].concat().into();
    image(MediaSource::Data { mime_type: "image/png".into(), data })
}

/// Opens one attempt.
pub async fn open(
    upstreams: &Upstreams,
    request: &ChatRequest,
    delivery: Delivery,
    secret: &str,
) -> Result<EventStream, UpstreamFailure> {
    let prepared = upstreams.prepare(&target(), request, delivery).unwrap();
    upstreams.open(&prepared, Some(&key(secret)), in_time()).await
}

/// Makes one attempt to its end and returns its events.
pub async fn ask(
    upstreams: &Upstreams,
    request: &ChatRequest,
    delivery: Delivery,
    secret: &str,
) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    open(upstreams, request, delivery, secret).await?.collect::<Vec<_>>().await.into_iter().collect()
}

pub fn text(events: &[ChatEvent]) -> String {
    let text = |event: &ChatEvent| match event {
        ChatEvent::Text { text, .. } => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}
