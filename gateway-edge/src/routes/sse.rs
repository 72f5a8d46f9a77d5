//! A streamed answer: pulls events from the service, and bytes out of the writer, as fast as the client reads.
//!
//! Nothing runs beside the body, so dropping it drops the gRPC stream, and with it the upstream call, at once.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status, Streaming};

use crate::{error::Failure, language::Language, openai::EventWriter, pb};

type Event = pb::StreamChatCompletionResponse;

/// Ready events are joined up to this size, so that a fast provider does not cost one write per token.
const BATCH_BYTES: usize = 8 << 10;

/// Room for the frames of an event or two; more grows.
const FRAME_BYTES: usize = 1 << 10;

/// A comment, because clients choke on any other kind of event without data; and not `: ping`, which Continue takes for
/// the end of a read.
pub const HEARTBEAT: &[u8] = b": keep-alive\n\n";

/// Sets the headers that keep a stream a stream on its way through proxies.
pub fn headers(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}

/// A call that has not been answered yet, or not even been made.
type Opening = Pin<Box<dyn Future<Output = Result<Streaming<Event>, Status>> + Send>>;

/// The events of one call after the other. A call is made when the one before it has ended.
#[derive(Default)]
pub struct Events {
    open: Option<Streaming<Event>>,
    calls: VecDeque<Opening>,
}

impl Events {
    pub fn then(&mut self, call: impl Future<Output = Result<Streaming<Event>, Status>> + Send + 'static) {
        self.calls.push_back(Box::pin(call));
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Status>>> {
        loop {
            if let Some(stream) = &mut self.open {
                match ready!(Pin::new(stream).poll_next(cx)) {
                    None if !self.calls.is_empty() => self.open = None,
                    event => return Poll::Ready(event),
                }
            }
            let Some(call) = self.calls.front_mut() else { return Poll::Ready(None) };
            let answer = ready!(call.as_mut().poll(cx));
            self.calls.pop_front();
            match answer {
                Ok(stream) => self.open = Some(stream),
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
    }
}

/// Waits for the first frame, so that a failure before it still has an HTTP status, but never longer than a heartbeat.
pub async fn hold<W: EventWriter + Unpin>(
    events: Events,
    writer: W,
    heartbeat: Duration,
    language: Option<Language>,
) -> Result<SseBody<W>, Failure> {
    let mut body = SseBody {
        events: Some(events),
        writer,
        out: BytesMut::with_capacity(FRAME_BYTES),
        heartbeat,
        language,
        last_write: Instant::now(),
        timer: Box::pin(sleep_until(Instant::now() + heartbeat)),
    };
    // The timer of the body itself: it must be armed anyway when the silence goes on.
    poll_fn(|cx| {
        while body.out.is_empty() {
            match body.poll_event(cx) {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    ready!(body.poll_heartbeat(cx));
                }
            }
        }
        Poll::Ready(Ok::<(), Failure>(()))
    })
    .await?;
    Ok(body)
}

/// Says how a stream broke. Without details it is not the service that speaks but tonic, about a connection that was cut.
pub fn failure_of(status: Status) -> Failure {
    let is_vague = matches!(status.code(), Code::Unknown | Code::Internal);
    if is_vague && status.details().is_empty() { Failure::incomplete() } else { Failure::from(status) }
}

/// The body of a streamed answer.
pub struct SseBody<W> {
    /// None when the stream is over.
    events: Option<Events>,
    writer: W,
    out: BytesMut,
    heartbeat: Duration,
    /// Of the failure that ends the stream, if one does.
    language: Option<Language>,
    last_write: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<W: EventWriter> SseBody<W> {
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// Takes one event into the writer. Ready with a failure when the stream broke, also by ending too early.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(events) = &mut self.events else { return Poll::Ready(Err(Failure::incomplete())) };
        let result = match ready!(events.poll_next(cx)) {
            Some(Ok(event)) => self.writer.feed(event, &mut self.out),
            Some(Err(status)) => Err(failure_of(status)),
            None => Err(Failure::incomplete()),
        };
        Poll::Ready(result)
    }

    /// Writes a comment when nothing was written for a heartbeat.
    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            // Moving the timer with every write would cost more than looking at the clock when it fires.
            let due = self.last_write + self.heartbeat;
            let now = Instant::now();
            if now < due {
                self.timer.as_mut().reset(due);
                continue;
            }
            self.out.put_slice(HEARTBEAT);
            self.last_write = now;
            self.timer.as_mut().reset(now + self.heartbeat);
            return Poll::Ready(());
        }
    }

    /// Pulls what is ready into the buffer.
    fn fill(&mut self, cx: &mut Context<'_>) {
        while self.out.len() < BATCH_BYTES && !self.writer.is_over() {
            match self.poll_event(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(failure)) => {
                    tracing::warn!(error.code = failure.code(), "a stream broke after its head was sent");
                    self.writer.fail(&failure.localized(self.language), &mut self.out);
                    // Nothing of it is wanted any more.
                    self.events = None;
                }
            }
        }
    }

    /// Waits for the end of the gRPC stream, behind the last frame. To the service a stream that is dropped before its
    /// trailers is a caller who hung up.
    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(events) = &mut self.events {
            match events.poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => self.events = None,
                Poll::Pending => {
                    // A service that never ends its stream is not waited for longer than a heartbeat.
                    ready!(self.timer.as_mut().poll(cx));
                    self.events = None;
                }
            }
        }
        Poll::Ready(())
    }
}

impl<W: EventWriter + Unpin> http_body::Body for SseBody<W> {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        let body = self.get_mut();
        if !body.writer.is_over() {
            body.fill(cx);
        }
        if body.writer.is_over() {
            let drained = body.poll_trailers(cx);
            if body.out.is_empty() {
                ready!(drained);
                return Poll::Ready(None);
            }
        } else if body.out.is_empty() {
            ready!(body.poll_heartbeat(cx));
        }
        body.last_write = Instant::now();
        Poll::Ready(Some(Ok(Frame::data(body.out.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.events.is_none() && self.out.is_empty()
    }
}

#[cfg(test)]
mod tests;
