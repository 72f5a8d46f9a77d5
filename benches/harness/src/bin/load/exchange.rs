//! One connection to the door under test, and one request over it at a time.

use std::net::SocketAddr;

use anyhow::{Context, anyhow, bail, ensure};
use bench_harness::{REPLY_MARK, StreamPlan};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::scan::StreamScan;

/// A request as every connection sends it.
#[derive(Clone)]
pub struct Call {
    pub addr: SocketAddr,
    pub key: String,
    pub body: Bytes,
    /// How the answer is to be streamed; `None` asks for one JSON answer.
    pub plan: Option<StreamPlan>,
}

impl Call {
    /// Builds the call with a request body of about 1.1 kB: a system prompt, two turns and the usual parameters.
    pub fn new(addr: SocketAddr, key: &str, model: &str, stream: bool) -> Self {
        let plan = stream.then(|| StreamPlan::from_model(model));
        let options = if stream { r#","stream":true,"stream_options":{"include_usage":true}"# } else { "" };
        let turn = |role: &str, text: &str| format!(r#"{{"role":"{role}","content":"{text}"}}"#);
        let messages = [turn("system", SYSTEM), turn("user", USER), turn("assistant", ASSISTANT), turn("user", AGAIN)];
        let body = format!(
            r#"{{"model":"{model}","messages":[{}],"temperature":0.7,"top_p":0.95,"max_tokens":512{options}}}"#,
            messages.join(",")
        );
        Self { addr, key: key.to_owned(), body: body.into(), plan }
    }

    fn request(&self) -> anyhow::Result<Request<Full<Bytes>>> {
        Ok(Request::post("/v1/chat/completions")
            .header(HOST, self.addr.to_string())
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(self.body.clone()))?)
    }
}

const SYSTEM: &str = "You are a careful assistant for the support desk of a small shop that sells bicycles and parts. \
    Answer in the language of the customer, in at most five sentences, and never promise a delivery date. When a part is \
    out of stock, offer the closest part that fits, and say in what it differs. If you do not know, say so.";
const USER: &str = "Good morning! My rear derailleur makes a noise in the two largest sprockets, and the shop that \
    sold me the bike has closed. Could it be the cable, or must I buy a new derailleur?";
const ASSISTANT: &str = "Good morning! A noise in only the largest sprockets is most often the cable tension or the \
    lower limit screw, both of which can be set at home in ten minutes with one screwdriver.";
const AGAIN: &str = "I have turned the screw by half a turn and it is better, but now the chain hesitates when I go \
    back to the third sprocket. What should I do next, and which cable do I order if it is worn?";

/// What one exchange took.
pub struct Exchange {
    pub first_byte_us: u64,
    pub total_us: u64,
    pub data_lines: u64,
    pub body_chunks: u64,
}

pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn open(addr: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(addr).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends the call and reads the whole answer; anything but the expected answer is an error.
    pub async fn exchange(&mut self, call: &Call) -> anyhow::Result<Exchange> {
        self.sender.ready().await.context("connection was closed")?;
        let start = Instant::now();
        let response = self.sender.send_request(call.request()?).await.context("no answer")?;
        let first_byte_us = start.elapsed().as_micros() as u64;
        if response.status() != StatusCode::OK {
            bail!("{}", refusal(response).await);
        }
        let (data_lines, body_chunks) = match call.plan {
            Some(plan) => read_stream(response.into_body(), plan).await?,
            None => read_reply(response.into_body()).await?,
        };
        Ok(Exchange { first_byte_us, total_us: start.elapsed().as_micros() as u64, data_lines, body_chunks })
    }
}

async fn refusal(response: Response<Incoming>) -> String {
    let status = response.status();
    let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    format!("status {status}: {text}")
}

async fn read_reply(body: Incoming) -> anyhow::Result<(u64, u64)> {
    let body = body.collect().await.context("answer was cut off")?.to_bytes();
    ensure!(memmem::find(&body, REPLY_MARK.as_bytes()).is_some(), "answer is not the mock's");
    Ok((0, 1))
}

async fn read_stream(mut body: Incoming, plan: StreamPlan) -> anyhow::Result<(u64, u64)> {
    let mut scan = StreamScan::default();
    let mut chunks = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.context("stream was cut off")?.into_data() {
            chunks += 1;
            scan.feed(&data);
        }
    }
    let data_lines = scan.data_lines;
    scan.finish(plan.events).map_err(|problem| anyhow!(problem))?;
    Ok((data_lines, chunks))
}
