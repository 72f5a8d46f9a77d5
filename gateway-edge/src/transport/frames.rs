//! A body of which the beginning, or all of it, is kept in memory.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;

/// What was read of a body, and the rest of it.
pub struct Frames<B> {
    read: VecDeque<Bytes>,
    pub trailers: Option<HeaderMap>,
    /// None when the body was read to its end.
    rest: Option<B>,
}

/// How much to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The end, but not more than this many bytes.
    End {
        most: usize,
    },
    FirstData,
}

impl<B: Body<Data = Bytes> + Unpin> Frames<B> {
    pub async fn read(mut body: B, until: Until) -> Result<Self, B::Error> {
        let mut frames = Self { read: VecDeque::new(), trailers: None, rest: None };
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) => {
                    length += data.remaining();
                    frames.read.push_back(data);
                }
                Err(frame) => frames.trailers = frame.into_trailers().ok(),
            }
            let enough = match until {
                Until::End { most } => length > most,
                Until::FirstData => length > 0,
            };
            if enough {
                frames.rest = Some(body);
                break;
            }
        }
        Ok(frames)
    }
}

impl<B> Frames<B> {
    /// Nothing is read yet.
    pub fn none(body: B) -> Self {
        Self { read: VecDeque::new(), trailers: None, rest: Some(body) }
    }

    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    pub fn has_data(&self) -> bool {
        !self.read.is_empty()
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Frames<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(data) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(rest) = &mut self.rest {
            return Poll::Ready(ready!(Pin::new(rest).poll_frame(cx)));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        let rest = self.rest.as_ref().is_none_or(Body::is_end_stream);
        self.read.is_empty() && self.trailers.is_none() && rest
    }
}
