//! A body that is kept while it is sent, so that it can be sent again. Copies no bytes.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};

/// One reading of a body from its beginning.
pub struct Kept<B> {
    source: Arc<Mutex<Source<B>>>,
    /// Which reading it is.
    turn: usize,
    /// How many of the frames that were kept it has given.
    given: usize,
}

/// What all readings share.
struct Source<B> {
    body: B,
    /// The frames so far. None when they are too many to keep, or broke off.
    frames: Option<Vec<Frame<Bytes>>>,
    /// How many bytes more may be kept.
    room: usize,
    is_over: bool,
    /// The newest reading. What is left of those before it gets nothing any more.
    turn: usize,
}

impl<B> Kept<B> {
    /// Keeps `room` bytes at most; a larger body can be read once.
    pub fn new(body: B, room: usize) -> Self {
        let source = Source { body, frames: Some(Vec::new()), room, is_over: false, turn: 0 };
        Self { source: Arc::new(Mutex::new(source)), turn: 0, given: 0 }
    }

    /// Whether it can be read from its beginning.
    pub fn is_here(&self) -> bool {
        self.source().frames.is_some()
    }

    /// Begins another reading, which ends those before it.
    pub fn again(&self) -> Option<Self> {
        let mut source = self.source();
        source.frames.as_ref()?;
        source.turn += 1;
        Some(Self { source: self.source.clone(), turn: source.turn, given: 0 })
    }

    fn source(&self) -> MutexGuard<'_, Source<B>> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Source<B> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let next = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &next {
            Some(Ok(frame)) => self.keep(frame),
            // Half a body is never sent for a whole one.
            Some(Err(_)) => self.frames = None,
            None => self.is_over = true,
        }
        Poll::Ready(next)
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        let Some(frames) = &mut self.frames else { return };
        match (self.room.checked_sub(frame.data_ref().map_or(0, Bytes::len)), same(frame)) {
            (Some(room), Some(frame)) => {
                self.room = room;
                frames.push(frame);
            }
            _ => self.frames = None,
        }
    }
}

fn same(frame: &Frame<Bytes>) -> Option<Frame<Bytes>> {
    let data = frame.data_ref().map(|data| Frame::data(data.clone()));
    data.or_else(|| frame.trailers_ref().map(|trailers| Frame::trailers(trailers.clone())))
}

impl<B: Body<Data = Bytes> + Unpin> Body for Kept<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut source = self.source();
        if source.turn != self.turn {
            // Its connection is gone, or was answered: nobody waits for the rest.
            return Poll::Pending;
        }
        let kept = source.frames.as_ref().and_then(|frames| frames.get(self.given)).and_then(same);
        let next = match kept {
            Some(frame) => Some(Ok(frame)),
            None => ready!(source.poll_next(cx)),
        };
        drop(source);
        self.given += 1;
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        let source = self.source();
        let kept = source.frames.as_ref().map_or(0, Vec::len);
        kept <= self.given && (source.is_over || source.body.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    type Piece = Result<Frame<Bytes>, &'static str>;

    fn piece(text: &'static str) -> Piece {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    async fn text(body: impl Body<Data = Bytes, Error = &'static str>) -> Result<String, &'static str> {
        let bytes = body.collect().await?.to_bytes();
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn it_is_read_again_while_all_of_it_is_kept() {
        for (pieces, room, first, second) in [
            (vec![piece("ab"), piece("cd")], 4, Ok("abcd"), Some("abcd")),
            (vec![], 0, Ok(""), Some("")),
            // What may not be kept passes once.
            (vec![piece("ab"), piece("cd")], 3, Ok("abcd"), None),
            // Half a body is none.
            (vec![piece("ab"), Err("broken")], 9, Err("broken"), None),
        ] {
            let kept = Kept::new(StreamBody::new(stream::iter(pieces)), room);
            assert_eq!(text(kept.again().unwrap()).await, first.map(str::to_owned));
            assert_eq!(kept.is_here(), second.is_some());
            let again = match kept.again() {
                Some(again) => Some(text(again).await.unwrap()),
                None => None,
            };
            assert_eq!(again.as_deref(), second);
        }
    }

    #[tokio::test]
    async fn what_was_begun_is_taken_over() {
        let pieces = stream::iter([piece("ab"), piece("cd")]).chain(stream::iter([piece("ef")]));
        let kept = Kept::new(StreamBody::new(pieces), 99);
        let mut begun = kept.again().unwrap();
        assert!(begun.frame().await.is_some());
        let again = kept.again().unwrap();
        assert!(begun.frame().now_or_never().is_none(), "the reading before it goes on");
        assert_eq!(text(again).await.unwrap(), "abcdef");
    }

    #[tokio::test]
    async fn the_end_is_told_with_the_last_frame() {
        let whole = http_body_util::Full::new(Bytes::from_static(b"ab"));
        let kept = Kept::new(whole, 99);
        for _ in 0..2 {
            let mut reading = kept.again().unwrap();
            assert!(!reading.is_end_stream());
            let frame: Option<Result<_, Infallible>> = reading.frame().await;
            assert!(frame.is_some() && reading.is_end_stream());
        }
    }
}
