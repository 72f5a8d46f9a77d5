//! Failures in the language that the caller asks for: one place on the way out of all routes.

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::{HeaderValue, header};

use crate::{
    error::{Failure, Style},
    language::Language,
    metadata::RequestId,
};

/// What an answer was made of, kept beside it until its language is known.
#[derive(Clone)]
pub struct Refusal {
    pub failure: Failure,
    pub style: Style,
    pub id: RequestId,
}

/// Writes a failure anew when it is to be in another language than English.
pub async fn localize(request: Request, next: Next) -> Response {
    let asked = Language::asked(request.headers()).filter(|language| *language != Language::En);
    let mut response = next.run(request).await;
    let Some(Refusal { failure, style, id }) = response.extensions_mut().remove() else { return response };
    let Some(language) = asked else { return response };
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response.map(|_| Body::from(failure.localized(Some(language)).to_json(style, id.as_str())))
}

#[cfg(test)]
mod tests;
