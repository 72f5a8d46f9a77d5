//! Failures in the language that the caller asks for: one place on the way out of all routes.

use axum::{body::Body, response::Response};
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

/// Writes a failure anew when another language than English was asked for.
pub fn localize(mut response: Response, asked: Option<Language>) -> Response {
    let Some(Refusal { failure, style, id }) = response.extensions_mut().remove() else { return response };
    let Some(language) = asked.filter(|language| *language != Language::En) else { return response };
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response.map(|_| Body::from(failure.localized(Some(language)).to_json(style, id.as_str())))
}

#[cfg(test)]
mod tests;
