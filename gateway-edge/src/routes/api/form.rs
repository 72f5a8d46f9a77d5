//! A form (`multipart/form-data`) as it arrives: its fields one after the other, and the bytes of a field as they come.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::{Instant, Sleep};

use crate::{
    error::Failure,
    routes::edge::{Edge, late, refuse_encoded, too_large},
};

/// Most bytes without anything that can be understood: the head of a field is much shorter.
const LONGEST_HEAD: usize = 64 << 10;
/// Longest field that is text.
const LONGEST_TEXT: usize = 1 << 20;

pub struct Form {
    fields: Multipart<'static>,
    unread: Arc<AtomicUsize>,
    limit: usize,
}

impl Form {
    /// Begins to read the body of a request that says it is a form.
    pub fn of(edge: &Edge, headers: &HeaderMap, body: Body) -> Result<Self, Failure> {
        let content_type = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
        let boundary = multer::parse_boundary(content_type).map_err(|error| match error {
            multer::Error::NoBoundary => unreadable(),
            _ => unsupported(),
        })?;
        refuse_encoded(headers)?;
        let limit = edge.settings.max_body_bytes;
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|size: usize| size > limit) {
            return Err(too_large(limit));
        }
        let unread = Arc::new(AtomicUsize::new(0));
        let frames = Frames::new(body, edge.settings.body_read_timeout, unread.clone());
        let size = SizeLimit::new().whole_stream(limit as u64);
        let fields = Multipart::with_constraints(frames, boundary, Constraints::new().size_limit(size));
        Ok(Self { fields, unread, limit })
    }

    /// Returns the next field. The one before must have been read to its end.
    pub async fn next(&mut self) -> Result<Option<Field<'static>>, Failure> {
        let field = self.fields.next_field().await;
        self.unread.store(0, Ordering::Relaxed);
        field.map_err(|error| self.explain(error))
    }

    /// Returns the next bytes of a field.
    pub async fn chunk(&self, field: &mut Field<'static>) -> Result<Option<Bytes>, Failure> {
        let chunk = field.chunk().await;
        self.unread.store(0, Ordering::Relaxed);
        chunk.map_err(|error| self.explain(error))
    }

    /// Reads the bytes of a field.
    pub async fn bytes(&self, mut field: Field<'static>) -> Result<Bytes, Failure> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.chunk(&mut field).await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Reads a field that is text.
    pub async fn text(&self, mut field: Field<'static>) -> Result<String, Failure> {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk(&mut field).await? {
            if text.len() + chunk.len() > LONGEST_TEXT {
                let name = field.name().unwrap_or_default();
                let message = format!("The form field is larger than the limit of {LONGEST_TEXT} bytes.");
                return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message).with_param(shortened(name)));
            }
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| {
            let name = shortened(field.name().unwrap_or_default());
            Failure::invalid(name.clone(), format!("Invalid '{name}': expected text in UTF-8."))
        })
    }

    fn explain(&self, error: multer::Error) -> Failure {
        match error {
            multer::Error::StreamSizeExceeded { .. } => too_large(self.limit),
            multer::Error::StreamReadFailed(cause) => match cause.downcast_ref() {
                Some(Broken::Late) => late(),
                Some(Broken::Cut) => cut(),
                Some(Broken::Head) | None => unreadable(),
            },
            multer::Error::IncompleteFieldData { .. }
            | multer::Error::IncompleteHeaders
            | multer::Error::IncompleteStream => cut(),
            _ => unreadable(),
        }
    }
}

/// Returns a name of the caller's as far as it may be repeated.
pub fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn unsupported() -> Failure {
    let message = "Unsupported content type: send a form (multipart/form-data) with a field 'file'.";
    Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
}

fn unreadable() -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "The form (multipart/form-data) could not be read.")
}

fn cut() -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "The form (multipart/form-data) ended before it was complete.")
}

/// Why a body is not read on.
#[derive(Debug)]
enum Broken {
    Cut,
    Late,
    Head,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke")
    }
}

impl Error for Broken {}

/// The frames of a body, no more of them than are understood: the parser would take in all there are before it looks at
/// the first one.
struct Frames {
    body: Body,
    patience: Duration,
    late: Pin<Box<Sleep>>,
    unread: Arc<AtomicUsize>,
    /// Whether the last thing that was said is a frame.
    given: bool,
}

impl Frames {
    fn new(body: Body, patience: Duration, unread: Arc<AtomicUsize>) -> Self {
        Self { body, patience, late: Box::pin(tokio::time::sleep(patience)), unread, given: false }
    }
}

impl Stream for Frames {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.given) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                ready!(self.late.as_mut().poll(cx));
                return Poll::Ready(Some(Err(Broken::Late)));
            };
            let until = Instant::now() + self.patience;
            self.late.as_mut().reset(until);
            let data = match frame {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(Broken::Cut))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(_) => continue,
                },
            };
            let waiting = self.unread.fetch_add(data.len(), Ordering::Relaxed);
            if waiting > LONGEST_HEAD {
                return Poll::Ready(Some(Err(Broken::Head)));
            }
            self.given = true;
            return Poll::Ready(Some(Ok(data)));
        }
    }
}
