//! Failures as HTTP answers. The one table from gRPC reasons to OpenAI errors is `rows.rs` beside; nothing else in the edge
//! chooses a status for a gRPC error.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::{BufMut as _, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::language::Language;

use rows::{
    CUT,
    CodeFrom::{Fixed, Metadata},
    INVALID, Retry, SERVER, lookup,
};
use spoken::Spoken;

pub(crate) mod expected;
pub(crate) mod field;
mod rows;
mod spoken;

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
    /// What the message is written in.
    language: Language,
    spoken: Spoken,
    /// Whether it is the edge's own: the service was not asked.
    is_own: bool,
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
        let message = match (violation(), &param) {
            (Some(path), Some(param)) => field::retold(message, path, param),
            _ => message,
        };
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
            language: Language::En,
            spoken: Spoken::of(&status, &details),
            is_own: false,
        }))
    }
}

/// A message is never empty: SDKs print it alone.
fn sentence(message: &str, status: u16) -> String {
    if message.is_empty() { format!("the request failed with status {status}") } else { message.to_owned() }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OpenAiError")]
pub(crate) struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct OpenAiError<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiError")]
pub(crate) struct ApiBody<'a> {
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
            language: Language::En,
            spoken: Spoken::default(),
            is_own: true,
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

    /// Tells the field by the name that `rename` has for it, in the message, too.
    pub fn renamed(mut self, rename: impl FnOnce(String) -> String) -> Self {
        if let Some(param) = self.0.param.take() {
            let name = rename(param.clone());
            self.0.message = field::retold(std::mem::take(&mut self.0.message), &param, &name);
            self.0.param = Some(name);
        }
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

    /// Adds a fact that a text of the catalogue names.
    pub fn with_fact(mut self, name: &str, value: String) -> Self {
        self.0.spoken.set(name, Some(value));
        self
    }

    /// Speaks another language than English, in which the exact text is best: the catalogue's text takes its place, with
    /// the exact one as a detail where that says more.
    pub fn localized(mut self, language: Option<Language>) -> Self {
        let Some(language @ Language::Vi) = language else { return self };
        let Inner { spoken, param, message, retry_after, code, status, .. } = &mut *self.0;
        spoken.set("field", param.clone());
        spoken.set("detail", Some(message.clone()));
        spoken.set_wait(*retry_after);
        if let Some(text) = spoken.text(language, code.as_deref(), *status) {
            *message = text;
        }
        self.0.language = language;
        self
    }

    /// Whether the edge refused the request by itself.
    pub fn is_own(&self) -> bool {
        self.0.is_own
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

    /// Returns the error in the style of the route, as JSON in one line.
    pub fn to_json(&self, style: Style, request_id: &str) -> Vec<u8> {
        match style {
            Style::OpenAi => self.to_openai_json(),
            Style::Api => self.to_api_json(request_id),
        }
    }

    /// Answers in the style of the route, without the request id header.
    pub fn into_response(self, style: Style, request_id: &str) -> Response {
        let json = self.to_json(style, request_id);
        let mut response = (self.0.status, Body::from(json)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.0.language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
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
