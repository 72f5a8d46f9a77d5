//! The mock provider: an OpenAI-shaped server on loopback that answers at once, or streams events at a given pace.
//! Every byte it sends is made once at start, and it runs on one thread, so that it costs little beside the rest.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::ensure;
use bench_harness::{REPLY_MARK, StreamPlan, token};
use bytes::Bytes;
use clap::Parser;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Connections served at the same time; the largest measure needs 2,000.
const MAX_CONNECTIONS: usize = 8_192;
const MAX_REQUEST_BYTES: usize = 1 << 20;

#[derive(Parser)]
struct Args {
    /// Loopback address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// Ends by itself after this time, whatever happened to the one who started it.
    #[arg(long, default_value_t = 3_600)]
    max_seconds: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.listen.ip().is_loopback(), "listens on loopback only");
    let listener = TcpListener::bind(args.listen).await?;
    match timeout(Duration::from_secs(args.max_seconds), serve(listener)).await {
        Ok(result) => result,
        Err(_) => Ok(()),
    }
}

async fn serve(listener: TcpListener) -> anyhow::Result<()> {
    let script = Arc::new(Script::new());
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let slot = Arc::clone(&slots).acquire_owned().await?;
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let script = Arc::clone(&script);
        tokio::spawn(async move {
            // A client that hangs up is none of the mock's business: the client of the benchmark counts errors.
            let _ = serve_connection(stream, script).await;
            drop(slot);
        });
    }
}

async fn serve_connection(stream: TcpStream, script: Arc<Script>) -> hyper::Result<()> {
    let service = service_fn(move |request| answer(request, Arc::clone(&script)));
    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await
}

type Answer = Response<Either<Full<Bytes>, EventBody>>;

/// The two members that decide the answer; the rest of the request is read and forgotten.
#[derive(Deserialize)]
struct Asked {
    model: String,
    stream: Option<bool>,
}

async fn answer(request: Request<Incoming>, script: Arc<Script>) -> Result<Answer, Infallible> {
    if request.method() != Method::POST || !request.uri().path().ends_with("/chat/completions") {
        return Ok(plain(StatusCode::NOT_FOUND, Bytes::from_static(b"{\"error\":{\"message\":\"no such route\"}}")));
    }
    let body = match Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new())),
    };
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else {
        return Ok(plain(
            StatusCode::BAD_REQUEST,
            Bytes::from_static(b"{\"error\":{\"message\":\"not a chat request\"}}"),
        ));
    };
    if asked.stream != Some(true) {
        return Ok(plain(StatusCode::OK, script.reply.clone()));
    }
    let body = EventBody::new(script, StreamPlan::from_model(&asked.model));
    Ok(with_type(Response::new(Either::Right(body)), "text/event-stream"))
}

fn plain(status: StatusCode, body: Bytes) -> Answer {
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    with_type(response, "application/json")
}

fn with_type(mut response: Answer, content_type: &'static str) -> Answer {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Everything the mock ever says.
struct Script {
    reply: Bytes,
    opening: Bytes,
    texts: Vec<Bytes>,
    closing: Bytes,
}

impl Script {
    fn new() -> Self {
        let text = format!("This is {REPLY_MARK}. It answers every question in the same way, at once and for free.");
        let reply = format!(
            r#"{{"id":"chatcmpl-bench-0001","object":"chat.completion","created":1764000000,"model":"bench","system_fingerprint":"fp_bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{USAGE}}}"#
        );
        let texts = (0..1_000).map(|i| event(&format!(r#"{{"content":"{}"}}"#, token(i)), "null"));
        let usage = format!("data: {{{HEAD},\"choices\":[],\"usage\":{USAGE}}}\n\n");
        Self {
            reply: reply.into(),
            opening: event(r#"{"role":"assistant","content":""}"#, "null").into(),
            texts: texts.map(Bytes::from).collect(),
            closing: format!("{}{usage}data: [DONE]\n\n", event("{}", "\"stop\"")).into(),
        }
    }
}

const HEAD: &str = r#""id":"chatcmpl-bench-0001","object":"chat.completion.chunk","created":1764000000,"model":"bench","system_fingerprint":"fp_bench""#;
const USAGE: &str = r#"{"prompt_tokens":212,"completion_tokens":100,"total_tokens":312,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}"#;

fn event(delta: &str, finish: &str) -> String {
    format!(
        "data: {{{HEAD},\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
    )
}

/// A streamed answer: the role at once, each text after a pause, then the finish, the usage and `[DONE]` together.
struct EventBody {
    script: Arc<Script>,
    plan: StreamPlan,
    sent: u32,
    state: State,
    pause: Pin<Box<Sleep>>,
}

#[derive(Clone, Copy)]
enum State {
    Opening,
    Texts,
    Ended,
}

impl EventBody {
    fn new(script: Arc<Script>, plan: StreamPlan) -> Self {
        let pause = Box::pin(sleep(Duration::from_millis(plan.period_ms)));
        Self { script, plan, sent: 0, state: State::Opening, pause }
    }

    /// Waits out the pause and starts the next one. It counts from now, not from the schedule: after a delay the events
    /// stay apart and the stream takes longer, because a burst would be cheaper to relay than what we want to measure.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.plan.period_ms == 0 {
            return Poll::Ready(());
        }
        ready!(self.pause.as_mut().poll(cx));
        self.pause.as_mut().reset(Instant::now() + Duration::from_millis(self.plan.period_ms));
        Poll::Ready(())
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = match self.state {
            State::Ended => return Poll::Ready(None),
            State::Opening => {
                self.state = State::Texts;
                self.script.opening.clone()
            }
            State::Texts if self.sent == self.plan.events => {
                self.state = State::Ended;
                self.script.closing.clone()
            }
            State::Texts => {
                ready!(self.poll_pause(cx));
                let text = self.script.texts[self.sent as usize % self.script.texts.len()].clone();
                self.sent += 1;
                text
            }
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
