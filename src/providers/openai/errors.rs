//! Reads errors in all the shapes compatible servers give them: nested, flat, FastAPI's, HTML, plain text, inside a 200.

use http::HeaderMap;
use serde_json::Value;

use super::hints;
use crate::{
    domain::failure::UpstreamFailure,
    providers::{
        adapter::Reply,
        classify::{classify, public_message, retry_after},
    },
};

/// More of a body than any error needs.
const MAX_BODY: usize = 64 * 1024;

/// What could be found in an error body.
#[derive(Debug, Default)]
struct Found {
    message: String,
    code: String,
    kind: String,
    param: String,
}

/// Reads an answer that is no completion.
pub fn read(reply: Reply<'_>) -> UpstreamFailure {
    let mut found = find(&reply.body[..reply.body.len().min(MAX_BODY)]);
    if let Some((code, param)) = hints::read(&found.message) {
        found.code = if code.is_empty() { found.code } else { code.to_owned() };
        found.param = if found.param.is_empty() { param } else { found.param };
    }
    describe(reply.status, reply.headers, found)
}

/// Reads an error inside an answer that began well.
pub fn read_event(body: &[u8]) -> UpstreamFailure {
    read(Reply { status: 200, headers: &HeaderMap::new(), body })
}

fn describe(status: u16, headers: &HeaderMap, found: Found) -> UpstreamFailure {
    // Inside a 200 the code is often the status the server would have liked to answer.
    let told = found.code.parse().ok().filter(|code| (200..300).contains(&status) && (400..600).contains(code));
    let class = classify(told.unwrap_or(status), &found.code, &found.kind, &found.message);
    let message = match public_message(&found.message) {
        empty if empty.is_empty() => format!("the provider answered HTTP {status} without a message"),
        message => message,
    };
    let present = |text: String| Some(public_message(&text)).filter(|text| !text.is_empty());
    UpstreamFailure {
        class,
        http_status: Some(status),
        message,
        code: present(found.code).filter(|code| is_code(code)),
        param: present(found.param),
        retry_after: retry_after(headers),
        resets: None,
    }
}

/// Whether a code says more than the status or the message does.
fn is_code(code: &str) -> bool {
    let is_status = code.parse().is_ok_and(|number: u16| (400..600).contains(&number));
    !is_status && !code.contains(char::is_whitespace)
}

fn find(body: &[u8]) -> Found {
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(list)) => list.into_iter().next().unwrap_or_default(),
        Ok(value @ Value::Object(_)) => value,
        Ok(Value::String(message)) => return Found { message: decoded(&message), ..Found::default() },
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) | Err(_) => {
            return Found { message: plain_text(body), ..Found::default() };
        }
    };
    let error = match &value["error"] {
        Value::Array(list) => list.first().unwrap_or(&Value::Null),
        error => error,
    };
    let messages = [
        text(&error["message"]),
        text(error),
        text(&value["message"]),
        detail(&value["detail"]),
        text(&error["metadata"]["raw"]),
        text(&error["error"]),
        detail(&error["detail"]),
        text(&value["error_message"]),
        text(&value["code"]),
    ];
    Found {
        message: decoded(&first(messages)),
        code: first([scalar(&error["code"]), scalar(&value["code"]), scalar(&error["innererror"]["code"])]),
        kind: first([text(&error["type"]), text(&error["status"]), text(&value["type"])]),
        param: first([text(&error["param"]), text(&value["param"])]),
    }
}

fn first<const N: usize>(found: [String; N]) -> String {
    found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Reads FastAPI's `detail`: a text, or a list of places and messages.
fn detail(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let lines: Vec<_> = list.iter().take(5).map(detail).filter(|line| !line.is_empty()).collect();
            lines.join("; ")
        }
        Value::Object(_) => {
            let place: Vec<_> = value["loc"].as_array().into_iter().flatten().map(scalar).collect();
            let message = first([text(&value["msg"]), text(&value["message"]), text(&value["error"])]);
            if place.is_empty() { message } else { format!("{}: {message}", place.join(".")) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

/// Returns what a body that is no JSON says: an HTML page's title, or the text itself.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if !text.starts_with('<') {
        return decoded(text);
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let rest = text.get(start + "<title>".len()..)?;
        rest.get(..lower.get(start + "<title>".len()..)?.find("</title>")?)
    });
    match title.map(str::trim) {
        Some(title) if !title.is_empty() => format!("the provider answered with a web page: {title}"),
        _ => "the provider answered with a web page".to_owned(),
    }
}

/// Undoes percent-encoding where a whole sentence was encoded.
fn decoded(text: &str) -> String {
    if !text.contains("%20") || text.contains(' ') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).filter(|_| *first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
