//! What stands in a path where the route has a name.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path, path::ErrorKind, rejection::PathRejection::FailedToDeserializePathParams};
use http::request::Parts;

/// The name, or nothing where the route has none. Axum would refuse an escape that is no UTF-8 in a style of its own.
pub struct Name(pub String);

/// Names nothing: it stands for what is no text.
const NO_TEXT: &str = "\u{fffd}";

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) => name,
            Err(FailedToDeserializePathParams(error))
                if matches!(error.kind(), ErrorKind::InvalidUtf8InPathParam { .. }) =>
            {
                NO_TEXT.to_owned()
            }
            Err(_) => String::new(),
        }))
    }
}
