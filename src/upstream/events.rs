//! The one driver of streamed answers: bytes to server-sent events to the decoder's events. Everything is pulled, so a
//! slow reader slows the provider, and dropping it closes the upstream connection.

use std::{
    collections::VecDeque,
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream::BoxStream};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    failures::{network, silent},
    timeouts::UpstreamTimeouts,
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{adapter::StreamDecoder, sse::SseParser},
};

/// A streamed answer as events.
pub(super) struct SseEvents {
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    parser: SseParser,
    decoder: Box<dyn StreamDecoder>,
    decoded: Vec<ChatEvent>,
    ready: VecDeque<ChatEvent>,
    /// Reported after the events that were decoded before it.
    failure: Option<UpstreamFailure>,
    ended: bool,
    silence: Silence,
}

impl SseEvents {
    pub(super) fn new(
        response: reqwest::Response,
        decoder: Box<dyn StreamDecoder>,
        timeouts: UpstreamTimeouts,
    ) -> Self {
        Self {
            body: Box::pin(response.bytes_stream()),
            parser: SseParser::new(timeouts.max_event_bytes),
            decoder,
            decoded: Vec::new(),
            ready: VecDeque::new(),
            failure: None,
            ended: false,
            silence: Silence::new(timeouts.idle),
        }
    }

    fn take_chunk(&mut self, chunk: Bytes) -> Result<(), UpstreamFailure> {
        self.parser.feed(chunk);
        while let Some(event) = self.parser.next_event().map_err(too_long)? {
            self.decoder.feed(&event, &mut self.decoded)?;
        }
        Ok(())
    }

    fn take_end(&mut self) -> Result<(), UpstreamFailure> {
        if let Some(event) = self.parser.finish().map_err(too_long)? {
            self.decoder.feed(&event, &mut self.decoded)?;
        }
        self.decoder.finish(self.parser.stray(), &mut self.decoded)
    }

    /// Ends the answer. A connection that breaks after the complete answer does no harm.
    fn end(&mut self, result: Result<(), UpstreamFailure>) {
        let result = match result {
            Ok(()) => self.take_end(),
            Err(_) if self.decoder.is_done() => self.take_end(),
            Err(failure) => Err(failure),
        };
        self.failure = result.err();
        self.ended = true;
    }
}

impl Stream for SseEvents {
    type Item = Result<ChatEvent, UpstreamFailure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if this.ended {
                return Poll::Ready(this.failure.take().map(Err));
            }
            let read = match this.body.as_mut().poll_next(cx) {
                Poll::Ready(read) => read,
                Poll::Pending => {
                    ready!(this.silence.poll(cx));
                    this.end(Err(silent(this.silence.limit)));
                    continue;
                }
            };
            this.silence.broken();
            match read {
                Some(Ok(chunk)) => {
                    if let Err(failure) = this.take_chunk(chunk) {
                        this.failure = Some(failure);
                        this.ended = true;
                    } else if this.decoder.is_done() {
                        this.end(Ok(()));
                    }
                }
                Some(Err(error)) => this.end(Err(network(error))),
                None => this.end(Ok(())),
            }
            this.ready.extend(this.decoded.drain(..));
        }
    }
}

fn too_long(error: crate::providers::sse::TooLong) -> UpstreamFailure {
    UpstreamFailure::new(FailureClass::BadResponse, error.to_string())
}

/// Notices when nothing comes for too long. Setting a timer for every chunk would cost more than the chunk, so one
/// timer runs through and looks back when it ends.
struct Silence {
    limit: Duration,
    since: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    fn new(limit: Duration) -> Self {
        Self { limit, since: Instant::now(), timer: None }
    }

    fn broken(&mut self) {
        self.since = Instant::now();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.since + self.limit)));
            ready!(timer.as_mut().poll(cx));
            let end = self.since + self.limit;
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
    }
}
