//! Reads a whole completion in JSON.

use super::{
    errors,
    reader::{End, Form, Reader, answered},
    reply::Reply,
    rules::Rules,
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{adapter, lenient::Object},
};

/// Appends the events of a completion; or says why the body is none.
pub fn decode_whole(answer: adapter::Reply<'_>, rules: Rules, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
    let body = trim(answer.body);
    let reply: Reply<'_> = match serde_json::from_slice(body) {
        Ok(Object(Some(reply))) => completion_of(reply),
        Ok(Object(None)) => return Err(errors::read(answer)),
        // A page or a sentence says what went wrong; half an object says nothing.
        Err(_) if !body.starts_with(b"{") => return Err(errors::read(answer)),
        Err(_) => return Err(answered(FailureClass::BadResponse, "the provider's answer is no valid JSON", None)),
    };
    if reply.is_error() || reply.choices.is_none() {
        return Err(errors::read(answer));
    }
    let mut reader = Reader::new(rules);
    reader.take(reply, Form::Whole, out)?;
    reader.complete(Form::Whole, End::Closed, out)
}

/// Returns the completion that the report of a finished background job holds; anything else as it is.
fn completion_of(reply: Reply<'_>) -> Reply<'_> {
    let inner = reply.response.filter(|_| reply.choices.is_none());
    inner.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or(reply)
}

/// Removes the byte order mark and the blank lines some servers send to keep the connection alive.
pub fn trim(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}
