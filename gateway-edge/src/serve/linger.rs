//! What a refused request leaves unread. Over HTTP/1 the connection is closed with it. A client that is still sending
//! then sees a broken pipe in place of the answer, and one that has sent all of it, but after its headers, finds the
//! connection gone at its next request; so a bounded part is read and forgotten first.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderValue, Version, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;
use tower::ServiceExt as _;

/// What a socket takes in by itself: the client need not be read from to send as much.
const SMALL_BYTES: u64 = 64 << 10;
/// Longest wait for so little; it is under way, or it does not come.
const SHORT: Duration = Duration::from_millis(100);
/// Most that is read for nothing.
const MOST_BYTES: usize = 64 << 20;
/// Longest time that is spent on it.
const LONGEST: Duration = Duration::from_secs(1);

/// Has a request answered, and reads what is left of its body.
pub async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return router.oneshot(request).await;
    }
    let is_small = request.body().size_hint().upper().is_some_and(|size| size <= SMALL_BYTES);
    let waits = request.headers().contains_key(header::EXPECT);
    let left = Left::default();
    let request = request.map(|body| Body::new(Given { kept: Some(Kept { body, waits }), left: left.clone() }));
    let mut response = router.oneshot(request).await?;
    if !left.forget(if is_small { SHORT } else { LONGEST }).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Where a body is put when nobody reads it any more.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<Kept>>>);

impl Left {
    fn put(&self, kept: Kept) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    /// Reads what was put here. Returns whether nothing is left of it; late or not, the answer then goes out.
    async fn forget(&self, patience: Duration) -> bool {
        let Some(Kept { mut body, waits }) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return true;
        };
        if waits {
            return false;
        }
        let reading = async {
            let mut seen = 0;
            while let Some(frame) = body.frame().await {
                seen += frame.as_ref().map_or(MOST_BYTES, |frame| frame.data_ref().map_or(0, Bytes::len));
                if seen >= MOST_BYTES {
                    return false;
                }
            }
            true
        };
        timeout(patience, reading).await.unwrap_or(false)
    }
}

/// A body, and whether the client waits to be asked before it sends any of it.
struct Kept {
    body: Incoming,
    waits: bool,
}

/// A body that is put aside when it is dropped before its end.
struct Given {
    kept: Option<Kept>,
    left: Left,
}

impl http_body::Body for Given {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(kept) = &mut self.kept else { return Poll::Ready(None) };
        kept.waits = false;
        let polled = Pin::new(&mut kept.body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.kept = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.kept.as_ref().map_or_else(|| SizeHint::with_exact(0), |kept| kept.body.size_hint())
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take().filter(|kept| !kept.body.is_end_stream()) {
            self.left.put(kept);
        }
    }
}
