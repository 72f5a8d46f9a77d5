use std::{collections::HashMap, time::Duration};

use futures_util::future::join;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::{
    domain::{chat::ChatRequest, embedding::EmbeddingInput, error::ErrorKind, event::ChatEvent, usage::WarningAction},
    providers::{
        adapter::{Adapter, EmbeddingAdapter, EncodeError, Memo, Mode, ModelListAdapter, StreamDecoder},
        registry::KeyStyle,
        support::{Field, Handling},
    },
    upstream::{client::http_client, timeouts::UpstreamTimeouts},
};

/// Reads a vector or a model from each letter of the body.
struct Letters;

impl Adapter for Letters {
    fn support(&self, _: &str, _: Field) -> Handling {
        Handling::Mapped
    }

    fn encode(&self, _: &ChatRequest, _: &str, _: Mode) -> Result<Encoded, EncodeError> {
        Err(EncodeError::new("prompt", "no chats"))
    }

    fn decode(&self, _: &Memo, _: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        Err(UpstreamFailure::new(FailureClass::BadResponse, "no chats"))
    }

    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        let message = String::from_utf8_lossy(reply.body).into_owned();
        UpstreamFailure { http_status: Some(reply.status), ..UpstreamFailure::new(FailureClass::RateLimit, message) }
    }

    fn stream_decoder(&self, _: &Memo) -> Box<dyn StreamDecoder> {
        unreachable!("nothing streams here")
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        Some(self)
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        Some(self)
    }
}

impl EmbeddingAdapter for Letters {
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
        if model == "none" {
            return Err(EncodeError::new("inputs[0]", "it takes no texts"));
        }
        let warning = |_| Warning { field: "dimensions".into(), action: WarningAction::Dropped, message: "no".into() };
        let warnings = request.dimensions.map(warning).into_iter().collect();
        Ok(Encoded { path: "/embed".into(), body: "the body".into(), warnings, ..Encoded::default() })
    }

    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
        let vectors = reply.body.iter().map(|letter| vec![f32::from(*letter)]).collect();
        Ok(EmbeddingReply { vectors, ..EmbeddingReply::default() })
    }
}

impl ModelListAdapter for Letters {
    fn path(&self) -> &str {
        "/models"
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let model = |letter: &u8| ListedModel { upstream_name: char::from(*letter).into(), ..ListedModel::default() };
        Ok(reply.body.iter().map(model).collect())
    }
}

/// Makes one call while a server takes one request and answers `reply`, nothing when it is empty. Returns what the call
/// gave and what the server saw.
async fn call<T>(reply: &str, call: impl AsyncFnOnce(Upstreams) -> T) -> (T, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (short, bytes) = (Duration::from_millis(300), 1 << 20);
    let timeouts = UpstreamTimeouts { connect: short, initial: short, idle: short, max_event_bytes: bytes };
    let upstream = HttpUpstream::new(base_url, KeyStyle::Bearer, HeaderMap::new(), Arc::new(Letters));
    let providers = HashMap::from([("letters".to_owned(), upstream)]);
    let upstreams = Upstreams::new(http_client(timeouts).unwrap(), timeouts, providers);
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = vec![0; 4096];
        let mut length = 0;
        while !seen[..length].ends_with(b"\r\n\r\n") && !seen[..length].ends_with(b"the body") {
            length += stream.read(&mut seen[length..]).await.unwrap();
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        if reply.is_empty() {
            tokio::time::sleep(2 * short).await;
        }
        String::from_utf8_lossy(&seen[..length]).into_owned()
    };
    join(call(upstreams), serve).await
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nab";
const BAD: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\nconnection: close\r\n\r\nslow";

fn target(provider: &str, model: &str) -> Target {
    Target { provider: provider.into(), model: model.into() }
}

fn request() -> EmbeddingRequest {
    EmbeddingRequest { inputs: vec![EmbeddingInput::Text("a".into())], ..EmbeddingRequest::default() }
}

fn key() -> ProviderKey {
    ProviderKey::new("a", "s3cret")
}

async fn embed(upstreams: Upstreams) -> Result<EmbeddingReply, UpstreamFailure> {
    let prepared = upstreams.prepare(&target("letters", "m"), &request()).unwrap();
    upstreams.embed(&prepared, Some(&key()), Instant::now() + Duration::from_secs(10)).await
}

async fn list(upstreams: Upstreams) -> Result<Vec<ListedModel>, UpstreamFailure> {
    assert!(upstreams.has_list("letters") && !upstreams.has_list("sandbox"));
    upstreams.list("letters", Some(&key()), Instant::now() + Duration::from_secs(10)).await
}

#[tokio::test]
async fn whole_answers_are_read() {
    let (reply, seen) = call(GOOD, embed).await;
    assert_eq!(reply.unwrap().vectors, [[97.0], [98.0]]);
    assert!(seen.starts_with("POST /v1/embed ") && seen.contains("authorization: Bearer s3cret"), "{seen}");
    assert!(seen.contains("content-type: application/json") && seen.contains("accept-encoding: identity"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nthe body"), "{seen}");

    let (models, seen) = call(GOOD, list).await;
    assert_eq!(models.unwrap().iter().map(|m| m.upstream_name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(seen.starts_with("GET /v1/models ") && seen.contains("authorization: Bearer s3cret"), "{seen}");
}

#[tokio::test]
async fn failures_keep_their_meaning() {
    for (reply, class, status) in [
        (BAD, FailureClass::RateLimit, Some(429)),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nab", FailureClass::Network, None),
        ("", FailureClass::Timeout, None),
    ] {
        let embedded = call(reply, embed).await.0.unwrap_err();
        assert_eq!((embedded.class, embedded.http_status), (class, status), "{reply}");
        let listed = call(reply, list).await.0.unwrap_err();
        assert_eq!((listed.class, listed.http_status), (class, status), "{reply}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let timeouts =
        UpstreamTimeouts { connect: Duration::ZERO, initial: Duration::ZERO, idle: Duration::ZERO, max_event_bytes: 1 };
    let upstream = HttpUpstream::new("http://x".into(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Letters));
    let providers = HashMap::from([("letters".to_owned(), upstream)]);
    let upstreams = Upstreams::new(http_client(timeouts).unwrap(), timeouts, providers);
    let shorter = EmbeddingRequest { dimensions: Some(5000), ..request() };
    let strict = EmbeddingRequest { strict: true, ..shorter.clone() };
    for (target, request, kind, field) in [
        (target("letters", "none"), &request(), ErrorKind::InvalidRequest, "inputs[0]"),
        (target("letters", "m"), &strict, ErrorKind::UnsupportedByProvider, "dimensions"),
        (target("sandbox", "echo"), &request(), ErrorKind::InvalidRequest, "model"),
        (target("sandbox", "embed"), &shorter, ErrorKind::InvalidRequest, "dimensions"),
    ] {
        let error = upstreams.prepare(&target, request).err().unwrap_or_else(|| panic!("{target:?} must fail"));
        assert_eq!((error.kind, error.field.as_deref()), (kind, Some(field)), "{target:?}");
    }
    let mut prepared = upstreams.prepare(&target("letters", "m"), &shorter).unwrap();
    assert_eq!(Upstreams::warnings(&mut prepared).len(), 1);
}
