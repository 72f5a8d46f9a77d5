//! The body of an answer: it keeps its place and its deadline until its last byte, also when its reader does not come for
//! that. Whoever stops reading is not asked any more by the connection, so the timer itself ends the call.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::{
    sync::OwnedSemaphorePermit,
    task::{Unconstrained, unconstrained},
    time::{Instant, Sleep, sleep_until},
};
use tonic::{Status, body::Body};

use super::{endless::Ending, status::status_of, tally::Watched};
use crate::domain::{
    error::{Error, ErrorKind},
    scope::Scope,
};

/// What a call gives back at its end.
pub struct Held {
    pub watched: Watched,
    /// A place is taken by being held.
    pub permit: OwnedSemaphorePermit,
}

/// What an answer needs to say why it ends early.
#[derive(Default)]
pub struct LastWords {
    pub scope: Option<Scope>,
    /// Of a call that has no end of its own.
    pub ending: Option<Ending>,
    pub request_id: String,
}

/// An answer under way.
pub struct CallBody {
    call: Arc<Call>,
    /// Wakes the call, not the reader.
    _timer: Pin<Box<Unconstrained<Sleep>>>,
    last: LastWords,
    done: bool,
}

/// What the reader and the timer share.
struct Call {
    deadline: Instant,
    /// `None` when it is over.
    open: Mutex<Option<Open>>,
}

struct Open {
    inner: Body,
    held: Option<Held>,
    reader: Waker,
}

impl CallBody {
    pub fn new(inner: Body, held: Option<Held>, deadline: Instant, last: LastWords) -> Self {
        let open = Open { inner, held, reader: Waker::noop().clone() };
        let call = Arc::new(Call { deadline, open: Mutex::new(Some(open)) });
        let mut timer = Box::pin(unconstrained(sleep_until(deadline)));
        // Sets it. A deadline that has passed already is noticed by the first look.
        if timer.as_mut().poll(&mut Context::from_waker(&call.clone().into())).is_ready() {
            call.end();
        }
        Self { call, _timer: timer, last, done: false }
    }

    /// Says why the answer ends early.
    fn finish(&mut self, status: &Status) -> Result<Frame<Bytes>, Status> {
        self.done = true;
        let mut trailers = HeaderMap::new();
        let told = status.add_header(&mut trailers);
        // Ends the upstream call now, not when the peer gets round to dropping the stream.
        self.call.close(Some(&trailers));
        told.map(|()| Frame::trailers(trailers))
    }
}

impl Call {
    /// Time is over: gives everything back. The reader is told when it reads again.
    fn end(&self) {
        let Some(mut open) = self.open().take() else { return };
        open.held.iter_mut().for_each(|held| held.watched.ran_out());
        let reader = open.reader.clone();
        drop(open);
        reader.wake();
    }

    /// Counts the call by its trailers and gives everything back.
    fn close(&self, trailers: Option<&HeaderMap>) {
        let Some(mut open) = self.open().take() else { return };
        if let (Some(held), Some(trailers)) = (&mut open.held, trailers) {
            held.watched.saw(trailers);
        }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        if Instant::now() >= self.deadline {
            self.end();
        }
    }
}

impl LastWords {
    /// What an answer says whose time is over.
    pub fn expired(&self) -> Status {
        let message = match self.scope {
            Some(Scope::Models) => {
                "the deadline of the call passed; allow more time, or use a smaller prompt or a faster model"
            }
            Some(Scope::Keys) => {
                "the deadline of the call passed, and a change it asked for may have been made; look before you ask \
                 again, and allow more time"
            }
            Some(Scope::Activity) | None => "the deadline of the call passed; allow more time",
        };
        status_of(Error::new(ErrorKind::UpstreamTimeout, message), &self.request_id)
    }
}

impl http_body::Body for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        let polled = this.call.open().as_mut().map(|open| {
            open.reader.clone_from(cx.waker());
            Pin::new(&mut open.inner).poll_frame(cx)
        });
        let status = match polled {
            Some(Poll::Ready(frame)) => {
                if frame.as_ref().is_none_or(|f| f.as_ref().map_or(true, Frame::is_trailers)) {
                    this.done = true;
                    this.call.close(frame.as_ref().and_then(|f| f.as_ref().ok()?.trailers_ref()));
                }
                return Poll::Ready(frame);
            }
            Some(Poll::Pending) => {
                let Some(ending) = &mut this.last.ending else { return Poll::Pending };
                status_of(ready!(ending.as_mut().poll(cx)), &this.last.request_id)
            }
            None => this.last.expired(),
        };
        Poll::Ready(Some(this.finish(&status)))
    }

    fn is_end_stream(&self) -> bool {
        self.done || self.call.open().as_ref().is_some_and(|open| open.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.call.open().as_ref().map_or_else(SizeHint::default, |open| open.inner.size_hint())
    }
}
