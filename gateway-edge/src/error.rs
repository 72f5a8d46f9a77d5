//! Failures as HTTP answers: the edge's one table from gRPC reasons to OpenAI errors.
//!
//! What the service means by a reason is written in `errors.proto`; what OpenAI's clients make of a status, a type and a
//! code is in `docs/errors.md`. Nothing else in the edge chooses a status for a gRPC error.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::{BufMut as _, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

pub(crate) mod field;

/// Which clients read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `{"error":{"message","type","param","code"}}`, below `/v1`.
    OpenAi,
    /// `{"detail","code","param","request_id"}`, below `/api/v1`; `param` only where a field is wrong.
    Api,
}

/// Errors below `/api` speak the language of our own REST interface, all others OpenAI's.
pub fn style_of(path: &str) -> Style {
    if path.starts_with("/api/") { Style::Api } else { Style::OpenAi }
}

/// A failed request, ready to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    status: StatusCode,
    kind: &'static str,
    code: Option<Cow<'static, str>>,
    param: Option<String>,
    message: String,
    retry_after: Option<Duration>,
    /// Set when a retry is pointless although the status looks like one that deserves it.
    final_answer: bool,
    allow: Option<HeaderValue>,
}

/// Where the OpenAI code of a row comes from.
#[derive(Clone, Copy)]
enum CodeFrom {
    Fixed(&'static str),
    /// The service's metadata, with this as the default.
    Metadata(Option<&'static str>),
}

/// What a row says about trying again.
#[derive(Clone, Copy, PartialEq)]
enum Retry {
    /// `retry-after` when the service gave a time.
    IfTold,
    /// `retry-after` always, one second when the service gave no time.
    Soon,
    /// `retry-after` when the service gave a time; without one nothing changes by waiting.
    WhenTold,
    /// `x-should-retry: false`: clients would otherwise repeat a 429 or a 5xx twice.
    Never,
}

struct Row {
    reason: &'static str,
    status: u16,
    kind: &'static str,
    code: CodeFrom,
    param: Option<&'static str>,
    retry: Retry,
}

const fn row(reason: &'static str, status: u16, kind: &'static str, code: CodeFrom) -> Row {
    Row { reason, status, kind, code, param: None, retry: Retry::IfTold }
}

impl Row {
    const fn param(self, param: &'static str) -> Self {
        Self { param: Some(param), ..self }
    }

    const fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }
}

use CodeFrom::{Fixed, Metadata};

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";
const QUOTA: &str = "insufficient_quota";
const CUT: &str = "upstream_incomplete";

/// By the reason of `google.rpc.ErrorInfo`.
const REASONS: &[Row] = &[
    row("GATEWAY_KEY_INVALID", 401, "authentication_error", Fixed("invalid_api_key")),
    row("NOT_ALLOWED", 403, "permission_error", Metadata(None)),
    row("MODEL_NOT_FOUND", 404, INVALID, Fixed("model_not_found")).param("model"),
    row("INVALID_REQUEST", 400, INVALID, Metadata(None)),
    row("UNSUPPORTED_BY_PROVIDER", 400, INVALID, Fixed("unsupported_parameter")),
    row("CONTEXT_LENGTH_EXCEEDED", 400, INVALID, Fixed("context_length_exceeded")).param("messages"),
    row("CONTENT_BLOCKED", 400, INVALID, Fixed("content_filter")),
    row("UNSUPPORTED_MEDIA_TYPE", 415, INVALID, Metadata(None)),
    row("TOO_LARGE", 413, INVALID, Metadata(None)),
    row("RATE_LIMITED", 429, "requests", Fixed("rate_limit_exceeded")),
    row("PROVIDER_QUOTA_EXCEEDED", 429, QUOTA, Fixed(QUOTA)).retry(Retry::Never),
    row("BUDGET_EXCEEDED", 402, QUOTA, Fixed(QUOTA)).retry(Retry::Never),
    row("PROVIDER_KEYS_EXHAUSTED", 503, SERVER, Fixed("provider_keys_exhausted")).retry(Retry::WhenTold),
    row("UPSTREAM_TIMEOUT", 504, SERVER, Fixed("timeout")),
    row("STORAGE_UNAVAILABLE", 503, SERVER, Fixed("storage_unavailable")).retry(Retry::Soon),
    row("OVERLOADED", 503, SERVER, Fixed("server_is_overloaded")).retry(Retry::Soon),
    row("SHUTTING_DOWN", 503, SERVER, Fixed("shutting_down")).retry(Retry::Soon),
    row("NOT_IMPLEMENTED", 501, SERVER, Fixed("not_implemented")).retry(Retry::Never),
    row("NOT_FOUND", 404, INVALID, Fixed("not_found")),
    row("ALREADY_EXISTS", 409, INVALID, Fixed("already_exists")).retry(Retry::Never),
    row("CANCELLED", 499, SERVER, Fixed("cancelled")),
    row("INTERNAL", 500, SERVER, Metadata(None)),
];

/// UPSTREAM_ERROR, by its failure class.
const FAILURE_CLASSES: &[Row] = &[
    // The gateway's key is wrong, not the caller's: a 401 would make the caller's SDK blame its own.
    row("CREDENTIAL", 502, SERVER, Fixed("upstream_auth")).retry(Retry::Never),
    row("QUOTA", 429, QUOTA, Fixed(QUOTA)).retry(Retry::Never),
    row("RATE_LIMIT", 429, "requests", Fixed("rate_limit_exceeded")),
    row("OVERLOAD", 503, SERVER, Fixed("server_is_overloaded")).retry(Retry::Soon),
    row("NETWORK", 502, SERVER, Fixed("upstream_unreachable")),
    row("TIMEOUT", 504, SERVER, Fixed("timeout")),
    row("BAD_RESPONSE", 502, SERVER, Fixed("upstream_bad_response")),
    row("CALLER", 400, INVALID, Metadata(None)),
    row("BLOCKED", 400, INVALID, Fixed("content_filter")),
    row("MODEL", 404, INVALID, Fixed("model_not_found")).param("model"),
    row("SERVER_ERROR", 502, SERVER, Fixed("upstream_error")),
    row("CONTEXT_LENGTH", 400, INVALID, Fixed("context_length_exceeded")).param("messages"),
];

/// Codes of the gateway's own that say more than the class of a failure does.
const EXACT_CODES: [&str; 3] = [CUT, "malformed_function_call", "unexpected_tool_call"];

const INTERRUPTED: Row = row("STREAM_INTERRUPTED", 502, SERVER, Fixed("upstream_error"));

const UPSTREAM_OTHER: Row = row("UPSTREAM_ERROR", 502, SERVER, Fixed("upstream_error"));

/// By gRPC code, for a status without `ErrorInfo`: it comes from a proxy, from tonic or from a dead connection.
fn by_code(code: Code) -> Row {
    match code {
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => row("", 400, INVALID, Metadata(None)),
        Code::Unauthenticated => row("", 401, "authentication_error", Fixed("invalid_api_key")),
        Code::PermissionDenied => row("", 403, "permission_error", Metadata(None)),
        Code::NotFound => row("", 404, INVALID, Metadata(None)),
        Code::AlreadyExists => row("", 409, INVALID, Metadata(None)).retry(Retry::Never),
        Code::ResourceExhausted => row("", 429, "requests", Fixed("rate_limit_exceeded")),
        Code::DeadlineExceeded => row("", 504, SERVER, Fixed("timeout")),
        Code::Cancelled => row("", 499, SERVER, Fixed("cancelled")),
        Code::Unavailable => row("", 503, SERVER, Fixed("service_unavailable")).retry(Retry::Soon),
        // A change of which nobody knows whether it was made.
        Code::Aborted => row("", 502, SERVER, Fixed("outcome_unknown")).retry(Retry::Never),
        Code::Unimplemented => row("", 501, SERVER, Fixed("not_implemented")).retry(Retry::Never),
        Code::Internal | Code::Unknown | Code::DataLoss | Code::Ok => row("INTERNAL", 500, SERVER, Metadata(None)),
    }
}

fn lookup(code: Code, details: &ErrorDetails) -> Row {
    let find = |table: &'static [Row], name: &str| table.iter().find(|row| row.reason == name);
    let copy = |row: &'static Row| Row { ..*row };
    let Some(info) = details.error_info().filter(|info| info.domain == "aigateway") else { return by_code(code) };
    let class = || find(FAILURE_CLASSES, info.metadata.get("failure_class").map_or("", String::as_str));
    let row = match info.reason.as_str() {
        "UPSTREAM_ERROR" => class().map_or(UPSTREAM_OTHER, copy),
        // The status line is out; the cause still has its code.
        "STREAM_INTERRUPTED" => Row { code: class().map_or(UPSTREAM_OTHER.code, |row| row.code), ..INTERRUPTED },
        reason => find(REASONS, reason).map_or_else(|| by_code(code), copy),
    };
    let told = info.metadata.get("code").map_or("", String::as_str);
    let exact = EXACT_CODES.iter().find(|code| **code == told && row.status == 502);
    Row { code: exact.map_or(row.code, |code| Fixed(code)), ..row }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let row = lookup(status.code(), &details);
        let metadata = |name: &str| details.error_info().and_then(|info| info.metadata.get(name));
        let violation = || details.bad_request().and_then(|b| b.field_violations.first()).map(|v| v.field.as_str());
        let param = match row.param {
            Some(param) => Some(param.to_owned()),
            None => metadata("param").cloned().or_else(|| violation().and_then(field::to_openai)),
        };
        let code = match row.code {
            Fixed(code) => Some(Cow::Borrowed(code)),
            Metadata(default) => metadata("code").cloned().map(Cow::Owned).or(default.map(Cow::Borrowed)),
        };
        let told = details.retry_info().and_then(|r| r.retry_delay).filter(|delay| !delay.is_zero());
        // A defect's text is for our log; the caller learns the request id.
        let message =
            if row.reason == "INTERNAL" { "internal error".to_owned() } else { sentence(status.message(), row.status) };
        Self(Box::new(Inner {
            status: StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            kind: row.kind,
            code,
            param,
            message,
            retry_after: match row.retry {
                Retry::IfTold | Retry::WhenTold => told,
                Retry::Soon => Some(told.unwrap_or(Duration::from_secs(1))),
                Retry::Never => None,
            },
            final_answer: row.retry == Retry::Never || (row.retry == Retry::WhenTold && told.is_none()),
            allow: None,
        }))
    }
}

/// A message is never empty: SDKs print it alone.
fn sentence(message: &str, status: u16) -> String {
    if message.is_empty() { format!("the request failed with status {status}") } else { message.to_owned() }
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Serialize)]
struct ApiBody<'a> {
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    request_id: &'a str,
}

impl Failure {
    /// Makes a failure of the edge itself: the request never reached the service.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let kind = if status.is_server_error() { SERVER } else { INVALID };
        Self(Box::new(Inner {
            status,
            kind,
            code: None,
            param: None,
            message: message.into(),
            retry_after: None,
            final_answer: false,
            allow: None,
        }))
    }

    /// Refuses a request because of its field `param`.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).with_param(param).with_code("invalid_value")
    }

    /// Refuses a request that lacks its field `param`.
    pub fn missing(param: impl Into<String>) -> Self {
        let param = param.into();
        Self::new(StatusCode::BAD_REQUEST, format!("Missing required parameter: '{param}'."))
            .with_code("missing_required_parameter")
            .with_param(param)
    }

    /// Refuses a request because there is nothing like its field `param` here.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).with_param(param).with_code("unsupported_parameter")
    }

    /// The service ended or broke a stream without saying so.
    pub fn incomplete() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The stream ended before the answer was complete.").with_code(CUT)
    }

    /// Whether a stream was cut rather than ended by an error.
    pub fn is_cut(&self) -> bool {
        self.code() == Some(CUT)
    }

    /// Tells the field in the names of the interface that was asked.
    pub fn named(self, names: field::Names) -> Self {
        self.renamed(|param| names.rename(param))
    }

    /// Tells the field by the name that `rename` has for it.
    pub fn renamed(mut self, rename: impl FnOnce(String) -> String) -> Self {
        self.0.param = self.0.param.map(rename);
        self
    }

    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    pub fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = Some(Cow::Borrowed(code));
        self
    }

    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub fn with_allow(mut self, allow: HeaderValue) -> Self {
        self.0.allow = Some(allow);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    pub fn param(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns OpenAI's error object as JSON, in one line.
    pub fn to_openai_json(&self) -> Vec<u8> {
        let Inner { kind, code, param, message, .. } = &*self.0;
        let error = OpenAiError { message, r#type: kind, param: param.as_deref(), code: code.as_deref() };
        serde_json::to_vec(&OpenAiBody { error }).unwrap_or_default()
    }

    /// Writes the one frame that tells a client of a failure after the status line; no `[DONE]` follows it.
    pub fn write_frame(&self, out: &mut BytesMut) {
        out.put_slice(b"data: ");
        out.put_slice(&self.to_openai_json());
        out.put_slice(b"\n\n");
    }

    /// Returns the error of our own interface as JSON, in one line.
    pub fn to_api_json(&self, request_id: &str) -> Vec<u8> {
        let code = self.0.code.as_deref().unwrap_or(self.0.kind);
        let (detail, param) = (&self.0.message, self.param());
        serde_json::to_vec(&ApiBody { detail, code, param, request_id }).unwrap_or_default()
    }

    /// Answers in the style of the route, without the request id header.
    pub fn into_response(self, style: Style, request_id: &str) -> Response {
        let json = match style {
            Style::OpenAi => self.to_openai_json(),
            Style::Api => self.to_api_json(request_id),
        };
        let mut response = (self.0.status, Body::from(json)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = self.0.retry_after {
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000)));
            headers.insert(HeaderName::from_static("retry-after-ms"), HeaderValue::from(millis));
        }
        if self.0.final_answer {
            headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        if let Some(allow) = self.0.allow {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors_tests;
