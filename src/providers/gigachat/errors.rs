//! What errors mean. The token endpoint answers `{"code", "message"}`, the API `{"status", "message"}`, and what stands
//! in front of both answers with plain text or a web page. The body's code decides first, then its words, then the status.

use std::time::Duration;

use http::HeaderMap;
use serde::Deserialize;

use crate::{
    domain::failure::{
        FailureClass::{self, Caller, ContextLength, Credential, Model, Quota, RateLimit},
        UpstreamFailure,
    },
    providers::{
        classify::{classify, public_message, retry_after},
        lenient::{Count, Text},
    },
};

/// More of a body than any error needs.
const MAX_BODY: usize = 64 * 1024;

/// The limit is on requests at once, so the next one may pass as soon as another has ended.
const SOON: Duration = Duration::from_secs(1);

/// Codes of the token endpoint, all of which mean that the key or its scope is wrong.
const TOKEN_CODES: &[u64] = &[1, 4, 5, 6, 7];

/// Words of messages in lower case, with the statuses they count for, what they mean, and our code and field for it.
const WORDS: &[(&str, &[u16], FailureClass, &str, &str)] = &[
    ("functions_state_id", &[400, 422], Caller, STATE_REJECTED, "functions_state_id"),
    ("does not support functions", &[400, 422], Caller, "unsupported_parameter", "tools"),
    ("system message must be", &[400, 422], Caller, "", "messages"),
    ("no such model", &[400, 403, 404, 422], Model, "", "model"),
    ("file", &[404], Caller, "", "attachments"),
    ("payload too large", &[413], Caller, "request_too_large", ""),
    ("payment required", &[402, 403, 429], Quota, "", ""),
    ("token has expired", &[400, 401, 403], Credential, "", ""),
];

/// Code of the refusal of a state that came back. The same request without it may pass.
const STATE_REJECTED: &str = "functions_state_rejected";

/// Whether a failure is that refusal.
pub fn refuses_state(failure: &UpstreamFailure) -> bool {
    failure.code.as_deref() == Some(STATE_REJECTED)
}

/// Words for what is counted, and words for too much of it: one of each in a message is an overlong prompt.
const COUNTED: &[&str] = &["context", "token", "prompt", "контекст", "токен"];
const TOO_MUCH: &[&str] = &["exceed", "too long", "too large", "too many", "limit", "maximum", "превыш", "слишком"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described<'a> {
    status: Count,
    code: Count,
    #[serde(borrow)]
    message: Text<'a>,
}

/// Reads an answer of the API whose status is not 2xx.
pub fn failure(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamFailure {
    let failure = described(status, headers, body);
    match failure.http_status {
        Some(401) => UpstreamFailure { message: "gigachat access token rejected".to_owned(), ..failure },
        Some(_) | None => failure,
    }
}

/// Reads an error that came with status 200, as a whole body or in the middle of a stream; nothing when it is none.
pub fn failure_in(body: &[u8]) -> Option<UpstreamFailure> {
    let body = trim(body);
    let error = describe(body)?;
    let status = told_status(&error).unwrap_or(200);
    Some(failure(status, &HeaderMap::new(), body))
}

/// Reads an answer of the token endpoint whose status is not 2xx: the key is wrong unless the service has trouble.
pub fn token_failure(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamFailure {
    let failure = described(status, headers, body);
    let key_is_wrong = matches!(status, 400..=499) && !matches!(status, 408 | 425 | 429);
    UpstreamFailure {
        class: if key_is_wrong { Credential } else { failure.class },
        message: format!("gigachat token request refused: {}", failure.message),
        ..failure
    }
}

fn described(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamFailure {
    let body = trim(body);
    let error = describe(body);
    let status = error.as_ref().and_then(told_status).unwrap_or(status);
    let code = error.as_ref().and_then(|error| error.code.0);
    let words = match error {
        Some(error) if error.message.is_empty() => without_message(status),
        Some(error) => error.message.0.into_owned(),
        None => plain_text(status, body),
    };
    let known = known_words(status, &words);
    let class = match known {
        _ if code.is_some_and(|code| TOKEN_CODES.contains(&code)) => Credential,
        Some((class, ..)) => class,
        None if is_too_long(status, &words) => ContextLength,
        None => classify(status, "", "", &words),
    };
    let (our_code, param) = known.map_or(("", ""), |(_, code, param)| (code, param));
    let wait = (class == RateLimit).then_some(SOON);
    let message = match public_message(&words) {
        empty if empty.is_empty() => without_message(status),
        message => message,
    };
    UpstreamFailure {
        class,
        http_status: Some(status),
        message,
        code: code.map(|code| code.to_string()).or(present(our_code)),
        param: present(param),
        retry_after: retry_after(headers).or(wait),
        resets: None,
    }
}

fn describe(body: &[u8]) -> Option<Described<'_>> {
    let error: Described<'_> = serde_json::from_slice(body).ok().filter(|_| body.starts_with(b"{"))?;
    (!error.message.is_empty() || error.code.0.is_some() || told_status(&error).is_some()).then_some(error)
}

fn told_status(error: &Described<'_>) -> Option<u16> {
    error.status.0.and_then(|status| u16::try_from(status).ok()).filter(|status| (400..600).contains(status))
}

fn known_words(status: u16, words: &str) -> Option<(FailureClass, &'static str, &'static str)> {
    let words = words.to_lowercase();
    let found = WORDS.iter().find(|(known, statuses, ..)| statuses.contains(&status) && words.contains(known));
    found.map(|(_, _, class, code, param)| (*class, *code, *param))
}

/// Whether the prompt or its files are longer than the model's context. There is no code for it.
fn is_too_long(status: u16, words: &str) -> bool {
    let words = words.to_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    matches!(status, 400 | 413 | 422) && !words.contains("max_tokens") && has(COUNTED) && has(TOO_MUCH)
}

/// Returns what a body says that is no error object.
fn plain_text(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.bytes().next() {
        Some(b'<') => format!("upstream returned HTTP {status} with a non-JSON body"),
        None | Some(b'{' | b'[' | b'"') => without_message(status),
        Some(_) => text.into_owned(),
    }
}

fn without_message(status: u16) -> String {
    format!("the provider answered HTTP {status} without a message")
}

fn trim(body: &[u8]) -> &[u8] {
    body.get(..MAX_BODY).unwrap_or(body).trim_ascii()
}

fn present(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
