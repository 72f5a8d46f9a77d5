//! Failures in the language that the caller asks for: one place on the way out of all routes.

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
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

/// Says which language a failure has, and writes its body anew when it is to be another one.
pub async fn localize(request: Request, next: Next) -> Response {
    let asked = Language::asked(request.headers());
    let response = next.run(request).await;
    let (mut head, body) = response.into_parts();
    let Some(Refusal { failure, style, id }) = head.extensions.remove() else { return (head, body).into_response() };
    let language = asked.unwrap_or(Language::En);
    head.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    head.headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    let body = match language {
        Language::En => body,
        Language::Vi => Body::from(failure.localized(asked).to_json(style, id.as_str())),
    };
    (head, body).into_response()
}

#[cfg(test)]
mod tests;
