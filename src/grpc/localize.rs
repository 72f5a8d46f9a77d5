//! Adds `google.rpc.LocalizedMessage` to the status of a call, on its way out, when the caller asks for a language we have.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::{Code, Status, body::Body};
use tower::Service;

use super::{language::Language, messages};

/// A service whose errors speak the caller's language.
#[derive(Clone)]
pub struct Localized<S>(pub S);

impl<S> Service<Request<Body>> for Localized<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = LocalizedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        LocalizedFuture { language: Language::asked(request.headers()), inner: self.0.call(request) }
    }
}

pin_project! {
    pub struct LocalizedFuture<F> {
        #[pin]
        inner: F,
        language: Option<Language>,
    }
}

impl<F, E> Future for LocalizedFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let Some(language) = *this.language else { return Poll::Ready(Ok(response)) };
        localize(response.headers_mut(), language);
        if response.body().is_end_stream() {
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Ok(response.map(|inner| Body::new(LocalizedBody { inner, language }))))
    }
}

pin_project! {
    /// An answer whose status may come at its end.
    struct LocalizedBody {
        #[pin]
        inner: Body,
        language: Language,
    }
}

impl http_body::Body for LocalizedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let mut frame = ready!(this.inner.poll_frame(cx));
        if let Some(trailers) = frame.as_mut().and_then(|frame| frame.as_mut().ok()?.trailers_mut()) {
            localize(trailers, *this.language);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Adds what people are told to the status that these headers hold, if they hold that of an error.
fn localize(headers: &mut HeaderMap, language: Language) {
    let Some(status) = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) else { return };
    let status = messages::with_text(status, language);
    // The message stays as it is written; a status of ours is always a valid header.
    let details = Status::with_details(status.code(), "", status.details().to_vec().into());
    if details.add_header(headers).is_err() {
        tracing::warn!("a status could not be written with its text");
    }
}

#[cfg(test)]
mod tests;
