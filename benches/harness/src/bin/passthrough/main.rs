//! The reference: a typed pass-through as one would write it in an afternoon with axum and reqwest. It checks a bearer
//! key, parses the request, the reply and every event into structs, and writes them again. It stores and decides nothing.

mod openai;
mod sse;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use clap::Parser;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use openai::{ChatChunk, ChatCompletion, ChatRequest};
use sse::EventSplitter;

#[derive(Parser)]
struct Args {
    /// Loopback address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// Where requests go, for example `http://127.0.0.1:9000/v1`.
    #[arg(long)]
    upstream: String,
    /// The key a caller must send.
    #[arg(long)]
    key: String,
    /// Ends by itself after this time, whatever happened to the one who started it.
    #[arg(long, default_value_t = 3_600)]
    max_seconds: u64,
}

struct App {
    client: reqwest::Client,
    url: String,
    key: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.listen.ip().is_loopback(), "listens on loopback only");
    let url = format!("{}/chat/completions", args.upstream);
    let app = Arc::new(App { client: client()?, url, key: args.key });
    let router = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/api/v1/health", get(|| async { Json(json!({"status": "ok"})) }))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |io| {
        let _ = io.set_nodelay(true);
    });
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served?,
        () = stop_signal() => {}
        () = tokio::time::sleep(Duration::from_secs(args.max_seconds)) => {}
    }
    Ok(())
}

async fn stop_signal() {
    let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return;
    };
    term.recv().await;
}

/// Builds the client with the settings the gateway uses.
fn client() -> anyhow::Result<reqwest::Client> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|cert| reqwest::Certificate::from_der(cert));
    Ok(reqwest::Client::builder()
        .tls_certs_merge(roots.collect::<Result<Vec<_>, _>>()?)
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(120))
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(256)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?)
}

/// Proof that the caller sent the key.
struct Authorized;

impl FromRequestParts<Arc<App>> for Authorized {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        match bearer(&parts.headers) {
            Some(key) if key == app.key => Ok(Self),
            Some(_) | None => Err(Failure(StatusCode::UNAUTHORIZED, "wrong key".into())),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn chat(
    _: Authorized,
    State(app): State<Arc<App>>,
    Json(request): Json<ChatRequest>,
) -> Result<Response, Failure> {
    let body = serde_json::to_vec(&request).map_err(bad_gateway)?;
    let call = app.client.post(&app.url).bearer_auth("bench").header(header::CONTENT_TYPE, "application/json");
    let reply = call.body(body).send().await.map_err(bad_gateway)?;
    if !reply.status().is_success() {
        return Err(Failure(reply.status(), reply.text().await.map_err(bad_gateway)?));
    }
    if request.stream == Some(true) {
        return Ok(Sse::new(events(reply.bytes_stream())).into_response());
    }
    let reply = reply.bytes().await.map_err(bad_gateway)?;
    let completion: ChatCompletion = serde_json::from_slice(&reply).map_err(bad_gateway)?;
    Ok(Json(completion).into_response())
}

type EventResult = Result<Event, anyhow::Error>;

/// Turns the upstream's bytes into events, each parsed and written again.
fn events<S>(bytes: S) -> impl Stream<Item = EventResult> + Send + 'static
where
    S: Stream<Item = reqwest::Result<Bytes>> + Send + Unpin + 'static,
{
    stream::try_unfold((bytes, EventSplitter::default()), |(mut bytes, mut splitter)| async move {
        loop {
            if let Some(data) = splitter.next_data()? {
                return Ok(Some((retype(&data)?, (bytes, splitter))));
            }
            match bytes.next().await {
                Some(chunk) => splitter.feed(&chunk?),
                None => return Ok(None),
            }
        }
    })
}

fn retype(data: &[u8]) -> EventResult {
    if data == b"[DONE]" {
        return Ok(Event::default().data("[DONE]"));
    }
    let chunk: ChatChunk = serde_json::from_slice(data)?;
    Ok(Event::default().json_data(&chunk)?)
}

struct Failure(StatusCode, String);

fn bad_gateway(error: impl std::fmt::Display) -> Failure {
    Failure(StatusCode::BAD_GATEWAY, error.to_string())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": {"message": self.1}}))).into_response()
    }
}
