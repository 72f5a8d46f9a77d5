//! Reads errors. They look as they do with chat completions, so they are read as those are.

use http::HeaderMap;

use super::{raw::Raw, reply::Response};
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::{
        adapter::{Adapter, Reply},
        openai::{Dialect, OpenAiAdapter},
    },
};

/// Reads an answer that is no response.
pub fn read(reply: Reply<'_>) -> UpstreamFailure {
    OpenAiAdapter::new(Dialect::OPENAI).decode_error(reply)
}

/// Reads an error inside an answer that began well.
pub fn read_event(body: &[u8]) -> UpstreamFailure {
    read(Reply { status: 200, headers: &HeaderMap::new(), body })
}

/// Describes a response the provider gave up. `error` is beside the response with some and in it with others.
pub fn gave_up(error: Raw<'_>, response: &Response<'_>, status: &str) -> UpstreamFailure {
    let failure = match error.or(response.error) {
        Some(error) => read_event(format!(r#"{{"error":{}}}"#, error.get()).as_bytes()),
        None => answered(FailureClass::ServerError, "", Some(status)),
    };
    let message = match failure.message {
        empty if empty.is_empty() => format!("the provider ended the answer with the status `{status}`"),
        message => message,
    };
    // A failure in words nobody knows is still a failure of the provider's.
    let class = match failure.class {
        FailureClass::BadResponse => FailureClass::ServerError,
        class => class,
    };
    UpstreamFailure { class, message, ..failure }
}

/// Describes a failure of an answer that began well, in our words.
pub fn answered(class: FailureClass, message: &str, code: Option<&str>) -> UpstreamFailure {
    UpstreamFailure { http_status: Some(200), code: code.map(str::to_owned), ..UpstreamFailure::new(class, message) }
}
