//! The body of an answer: holds the call's place at its replica, and ends in a status when the connection breaks.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use hyper::body::Incoming;

use super::{
    frames::Frames,
    pool::Place,
    rules::Answer,
    told::{Caller, Trouble},
};

pub struct Answered {
    frames: Frames<Incoming>,
    /// None when the replica has done its part.
    place: Option<Place>,
    kind: Answer,
    caller: Caller,
    broken: bool,
}

impl Answered {
    pub fn new(frames: Frames<Incoming>, place: Place, kind: Answer, caller: Caller) -> Self {
        let place = (!frames.is_whole()).then_some(place);
        Self { frames, place, kind, caller, broken: false }
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
                Some(Ok(Frame::trailers(trailers(self.kind, &self.caller))))
            }
            None => None,
        };
        self.place = None;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.broken || self.frames.is_end_stream()
    }
}

/// What the service would have said, had it been able to: every caller reads a status, and not just an end.
fn trailers(kind: Answer, caller: &Caller) -> HeaderMap {
    let trouble = match kind {
        Answer::Stream | Answer::Whole => Trouble::Interrupted,
        Answer::Endless => Trouble::WatchEnded,
    };
    let mut trailers = HeaderMap::new();
    let _ = caller.status(trouble).add_header(&mut trailers);
    trailers
}
