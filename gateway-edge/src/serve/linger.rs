//! What a refused request leaves unread. Over HTTP/1 the connection is closed with it, and many clients that are still
//! sending then see a broken pipe in place of the answer; so a bounded part of it is read and forgotten first.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{Version, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;
use tower::ServiceExt as _;

/// What a socket takes in by itself: nobody who sends no more than this notices that it is not read.
const UNNOTICED_BYTES: u64 = 64 << 10;
/// Most that is read for nothing.
const MOST_BYTES: usize = 64 << 20;
/// Longest time that is spent on it.
const LONGEST: Duration = Duration::from_secs(1);

/// Has a request answered, and reads what is left of its body.
pub async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let size = request.body().size_hint().upper();
    if request.version() > Version::HTTP_11 || size.is_some_and(|size| size <= UNNOTICED_BYTES) {
        return router.oneshot(request).await;
    }
    let waits = request.headers().contains_key(header::EXPECT);
    let left = Left::default();
    let request = request.map(|body| Body::new(Kept { body: Some(body), waits, left: left.clone() }));
    let response = router.oneshot(request).await?;
    left.forget().await;
    Ok(response)
}

/// Where a body is put when nobody reads it any more.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<Incoming>>>);

impl Left {
    fn put(&self, body: Incoming) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }

    async fn forget(&self) {
        let Some(mut body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let reading = async {
            let mut seen = 0;
            while let Some(Ok(frame)) = body.frame().await {
                seen += frame.data_ref().map_or(0, Bytes::len);
                if seen > MOST_BYTES {
                    return;
                }
            }
        };
        // Late or not: the answer goes out now.
        let _ = timeout(LONGEST, reading).await;
    }
}

/// A body that is put aside when it is dropped before its end.
struct Kept {
    body: Option<Incoming>,
    /// Whether the client waits to be asked before it sends anything. Then there is nothing to be read for nothing.
    waits: bool,
    left: Left,
}

impl http_body::Body for Kept {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), |body| body.size_hint())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !self.waits && !body.is_end_stream()) {
            self.left.put(body);
        }
    }
}
