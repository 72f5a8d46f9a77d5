//! What every handler below `/api/v1` does: reads the request whole, and finishes the answer in our own style.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    extract::{FromRequestParts as _, Path, Request, State},
    response::Response,
};
use http::{HeaderValue, header};

use crate::{
    error::{Failure, Style, field},
    metadata::RequestId,
    routes::{answer::finish, api::call::Call, edge::Edge},
};

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Makes a handler: reads the request, and finishes what `answer` says about it.
pub fn at<F, A>(answer: F) -> impl Fn(State<Arc<Edge>>, Request) -> Answer + Clone + Send + Sync + 'static
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    move |State(edge), request| {
        let answer = answer.clone();
        Box::pin(async move {
            let id = RequestId::of(request.headers());
            let result = match read(edge, request, id.clone()).await {
                Ok(call) => answer(call).await,
                Err(failure) => Err(failure),
            };
            let mut response = finish(result.map_err(|failure| failure.named(field::API)), Style::Api, &id);
            // Who may see an answer is a matter of the key it was asked with.
            response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
            response
        })
    }
}

async fn read(edge: Arc<Edge>, request: Request, id: RequestId) -> Result<Call, Failure> {
    let (mut parts, body) = request.into_parts();
    let body = edge.read_plain(&parts.headers, body).await?;
    let resource = Path::<String>::from_request_parts(&mut parts, &()).await.map(|path| path.0).unwrap_or_default();
    Ok(Call { edge, parts, body, id, resource })
}
