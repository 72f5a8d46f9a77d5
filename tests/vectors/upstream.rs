//! An upstream for every provider at once: answers what a vector says and keeps what it was asked.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Path and query.
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub headers: Vec<(String, String)>,
    /// Answers requests with this text only; empty answers any.
    pub asked: String,
    /// Sent one after the other.
    pub pieces: Vec<Vec<u8>>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        let content_type = "application/json".to_owned();
        let pieces = vec![body.to_string().into_bytes()];
        Self { status, content_type, headers: Vec::new(), asked: String::new(), pieces }
    }
}

/// What happens next.
#[derive(Default)]
struct Script {
    /// Answers to uploads and to all other requests; the last one is repeated.
    uploads: VecDeque<Reply>,
    replies: VecDeque<Reply>,
    token: Option<Reply>,
    seen: Vec<Seen>,
}

pub struct Upstream {
    pub addr: SocketAddr,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

/// The path that exchanges keys for tokens.
pub const TOKEN_PATH: &str = "/oauth";
/// The access token the upstream gives.
pub const ACCESS_TOKEN: &str = "an-access-token";

impl Upstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state(script.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { addr, script, _serving: serving }
    }

    /// Sets the answers of the next case and forgets the last one's requests.
    pub fn play(&self, replies: Vec<Reply>, uploads: Vec<Reply>, token: Option<Reply>) {
        *self.script.lock().unwrap() =
            Script { uploads: uploads.into(), replies: replies.into(), token, seen: Vec::new() };
    }

    /// Returns the requests of this case, in their order.
    pub fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let reply = {
        let mut script = script.lock().unwrap();
        let multipart = parts.headers.get("content-type").is_some_and(|v| v.as_bytes().starts_with(b"multipart/"));
        let reply = match (&*path, multipart) {
            (TOKEN_PATH, _) => script.token.clone().unwrap_or_else(token),
            (_, true) => next(&mut script.uploads, &body),
            _ => next(&mut script.replies, &body),
        };
        script.seen.push(Seen { path, headers: parts.headers, body });
        reply
    };
    let pieces = reply.pieces.into_iter().map(|piece| Ok::<_, std::convert::Infallible>(Bytes::from(piece)));
    let mut response = Response::builder().status(reply.status);
    if !reply.content_type.is_empty() {
        response = response.header("content-type", reply.content_type);
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap()
}

fn next(replies: &mut VecDeque<Reply>, body: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(body);
    // Requests that are sent side by side come in any order.
    if let Some(reply) = replies.iter().find(|reply| !reply.asked.is_empty() && text.contains(&reply.asked)) {
        return reply.clone();
    }
    match replies.len() {
        0 => Reply::json(500, &json!({"error": {"message": "the vector says nothing about this request"}})),
        1 => replies[0].clone(),
        _ => replies.pop_front().unwrap(),
    }
}

fn token() -> Reply {
    let in_half_an_hour = std::time::SystemTime::now() + std::time::Duration::from_secs(1800);
    let expires_at = in_half_an_hour.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    Reply::json(200, &json!({"access_token": ACCESS_TOKEN, "expires_at": expires_at}))
}
