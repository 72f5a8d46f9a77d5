//! What every handler needs, and reading a body within limits.

use std::{sync::LazyLock, time::Instant};

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::{EdgeSettings, Transport, assets::Asset, error::Failure, messages::size, routes::answers::Answers};

/// What every handler needs.
pub struct Edge {
    pub transport: Transport,
    pub settings: EdgeSettings,
    pub started: Instant,
    /// What is said of all routes, made when somebody asks for it.
    pub document: LazyLock<Asset>,
    /// None where it could not be registered.
    pub answers: Option<Answers>,
}

impl Edge {
    /// Counts an answer whose head is ready.
    pub fn count(&self, route: &str, method: &Method, status: StatusCode, began: Instant) {
        if let Some(answers) = &self.answers {
            answers.count(route, method, status, began.elapsed());
        }
    }

    /// Reads a JSON body within the limits of size and patience.
    pub async fn read_json(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        expect_json(headers)?;
        self.read_plain(headers, body).await
    }

    /// Reads a body of any kind within the limits of size and patience.
    pub async fn read_plain(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        refuse_encoded(headers)?;
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        self.arrival(self.read(announced.unwrap_or(0), body)).await
    }

    /// Waits for what a caller sends, no longer than the request may take that it is for: however little comes at a time.
    pub async fn arrival<T>(&self, reading: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        timeout(self.settings.request_timeout, reading).await.unwrap_or_else(|_| Err(late()))
    }

    async fn read(&self, announced: usize, mut body: Body) -> Result<Bytes, Failure> {
        let limit = self.settings.max_body_bytes;
        if announced > limit {
            return Err(too_large(limit));
        }
        let mut first = Bytes::new();
        let mut joined = BytesMut::new();
        loop {
            let frame = match timeout(self.settings.body_read_timeout, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(_))) => {
                    return Err(Failure::new(StatusCode::BAD_REQUEST, "The body ended before it was complete."));
                }
                Err(_) => return Err(late()),
            };
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + joined.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            if first.is_empty() && joined.is_empty() {
                // A small body is one frame and is not copied.
                first = data;
                continue;
            }
            if joined.is_empty() {
                // A claim of the caller is no reason to set much memory aside.
                joined.reserve(announced.clamp(first.len() + data.len(), 1 << 20));
                joined.extend_from_slice(&std::mem::take(&mut first));
            }
            joined.extend_from_slice(&data);
        }
        Ok(if joined.is_empty() { first } else { joined.freeze() })
    }
}

/// Refuses a compressed body: what it holds may be a thousand times larger than what was sent.
pub fn refuse_encoded(headers: &HeaderMap) -> Result<(), Failure> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let message = "Unsupported content encoding: send the body without compression.";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

/// Refuses a body that says it is something else than JSON.
pub fn expect_json(headers: &HeaderMap) -> Result<(), Failure> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    if content_type.is_none_or(is_json) {
        return Ok(());
    }
    let message = "Unsupported content type: send the body as application/json.";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

pub fn late() -> Failure {
    Failure::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
}

pub fn too_large(limit: usize) -> Failure {
    let message = format!("The request body is larger than the limit of {limit} bytes.");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message).with_fact("limit", size(limit))
}
