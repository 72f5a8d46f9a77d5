//! Reads a whole response in JSON.

use super::{
    errors::{self, answered},
    finish,
    raw::{is_something, text},
    reader::Reader,
    reply::Response,
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::adapter::Reply,
};

/// Appends the events of a whole response; or says why the body is none.
pub fn decode_whole(answer: Reply<'_>, reader: &mut Reader, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
    let body = trim(answer.body);
    let response: Response<'_> = match serde_json::from_slice(body) {
        Ok(response) => response,
        // A page or a sentence says what went wrong; half an object says nothing.
        Err(_) if !body.starts_with(b"{") => return Err(errors::read(answer)),
        Err(_) => return Err(answered(FailureClass::BadResponse, "the provider's answer is no valid JSON", None)),
    };
    let status = text(response.status);
    let is_response = response.output.is_some() || finish::is_end(&status);
    if !is_response || (status.is_empty() && is_something(response.error)) {
        return Err(errors::read(answer));
    }
    if !status.is_empty() && !finish::is_end(&status) {
        return Err(answered(FailureClass::BadResponse, "the provider answered before it had finished", Some(&status)));
    }
    let finished = reader.complete(&response, "completed", out)?;
    out.push(ChatEvent::Finished(finished));
    Ok(())
}

/// Removes the byte order mark and the blank lines some servers send to keep the connection alive.
pub fn trim(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}
