//! The edge's one table from gRPC reasons to OpenAI errors.
//!
//! What the service means by a reason is written in `errors.proto`; what OpenAI's clients make of a status, a type and a
//! code is in `docs/errors.md`.

use tonic::Code;
use tonic_types::ErrorDetails;

use CodeFrom::{Fixed, Metadata};

/// Where the OpenAI code of a row comes from.
#[derive(Clone, Copy)]
pub enum CodeFrom {
    Fixed(&'static str),
    /// The service's metadata, with this as the default.
    Metadata(Option<&'static str>),
}

/// What a row says about trying again.
#[derive(Clone, Copy, PartialEq)]
pub enum Retry {
    /// `retry-after` when the service gave a time.
    IfTold,
    /// `retry-after` always, one second when the service gave no time.
    Soon,
    /// `retry-after` when the service gave a time; without one nothing changes by waiting.
    WhenTold,
    /// `x-should-retry: false`: clients would otherwise repeat a 429 or a 5xx twice.
    Never,
}

pub struct Row {
    pub reason: &'static str,
    pub status: u16,
    pub kind: &'static str,
    pub code: CodeFrom,
    pub param: Option<&'static str>,
    pub retry: Retry,
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

pub const INVALID: &str = "invalid_request_error";
pub const SERVER: &str = "server_error";
const QUOTA: &str = "insufficient_quota";
pub const CUT: &str = "upstream_incomplete";

/// By the reason of `google.rpc.ErrorInfo`.
pub const REASONS: &[Row] = &[
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
    row("SERVICE_UNAVAILABLE", 503, SERVER, Fixed("service_unavailable")).retry(Retry::Soon),
    row("OUTCOME_UNKNOWN", 502, SERVER, Fixed("outcome_unknown")).retry(Retry::Never),
    row("INTERNAL", 500, SERVER, Metadata(None)),
];

/// UPSTREAM_ERROR, by its failure class.
pub const FAILURE_CLASSES: &[Row] = &[
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

/// Returns the row of a status.
pub fn lookup(code: Code, details: &ErrorDetails) -> Row {
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
