//! The body of an answer: holds the call's place at its replica, and ends in a status when the connection breaks.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use hyper::body::Incoming;
use tonic::Status;

use super::{frames::Frames, pool::Seat};

pub struct Answered {
    frames: Frames<Incoming>,
    /// None when the replica has done its part.
    seat: Option<Seat>,
    broken: bool,
}

impl Answered {
    pub fn new(frames: Frames<Incoming>, seat: Seat) -> Self {
        let seat = (!frames.is_whole()).then_some(seat);
        Self { frames, seat, broken: false }
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        if self.broken {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut self.frames).poll_frame(cx)) {
            Some(Ok(frame)) => return Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "an answer of the service broke");
                self.broken = true;
                Some(Ok(Frame::trailers(interrupted())))
            }
            None => None,
        };
        self.seat = None;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.broken || self.frames.is_end_stream()
    }
}

/// So that a caller of gRPC-Web, too, reads a status and not an end.
fn interrupted() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    let status = Status::unavailable("the connection to the gateway service broke before the answer was complete");
    let _ = status.add_header(&mut trailers);
    trailers
}
