//! Reads errors: `{"type":"error","error":{"type","message"}}`, alone or inside a stream.

use http::HeaderMap;
use serde::Deserialize;

use crate::{
    domain::failure::UpstreamFailure,
    providers::{
        adapter::Reply,
        classify::{classify, public_message, retry_after},
    },
};

#[derive(Debug, Default, Deserialize)]
struct Body {
    error: Option<Told>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Told {
    r#type: String,
    message: String,
}

pub fn read(reply: Reply<'_>) -> UpstreamFailure {
    let told = serde_json::from_slice::<Body>(reply.body).ok().and_then(|body| body.error);
    describe(reply.status, reply.headers, told.unwrap_or_default())
}

/// An error inside an answer that began well.
pub fn in_stream(told: Told) -> UpstreamFailure {
    describe(200, &HeaderMap::new(), told)
}

fn describe(status: u16, headers: &HeaderMap, told: Told) -> UpstreamFailure {
    let message = match public_message(&told.message) {
        empty if empty.is_empty() => format!("the provider answered HTTP {status} without a readable error"),
        message => message,
    };
    UpstreamFailure {
        class: classify(status, &told.r#type, "", &told.message),
        http_status: Some(status),
        message,
        code: Some(public_message(&told.r#type)).filter(|code| !code.is_empty()),
        param: None,
        retry_after: retry_after(headers),
        resets: None,
    }
}
