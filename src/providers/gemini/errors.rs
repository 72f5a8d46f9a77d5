//! What Gemini's errors mean. The HTTP status alone misleads (a bad key is a 400, an empty purse a 429), so the class
//! comes from `google.rpc` details first, then from known phrases, then from the canonical status.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::{
    domain::failure::{FailureClass, QuotaReset, UpstreamFailure},
    providers::{
        adapter::Reply,
        classify::{classify, public_message, retry_after},
    },
};

/// By `ErrorInfo.reason`.
const REASONS: &[(&str, FailureClass)] = &[
    ("API_KEY_INVALID", FailureClass::Credential),
    ("API_KEY_EXPIRED", FailureClass::Credential),
    ("API_KEY_SERVICE_BLOCKED", FailureClass::Credential),
    ("API_KEY_IP_ADDRESS_BLOCKED", FailureClass::Credential),
    ("API_KEY_HTTP_REFERRER_BLOCKED", FailureClass::Credential),
    ("API_KEY_ANDROID_APP_BLOCKED", FailureClass::Credential),
    ("API_KEY_IOS_APP_BLOCKED", FailureClass::Credential),
    ("ACCESS_TOKEN_TYPE_UNSUPPORTED", FailureClass::Credential),
    ("CONSUMER_SUSPENDED", FailureClass::Credential),
    ("CONSUMER_INVALID", FailureClass::Credential),
    ("SERVICE_DISABLED", FailureClass::Credential),
    ("BILLING_DISABLED", FailureClass::Quota),
];

/// By a phrase of the message, in lower case.
const PHRASES: &[(&str, FailureClass)] = &[
    ("api key not valid", FailureClass::Credential),
    ("api key expired", FailureClass::Credential),
    ("reported as leaked", FailureClass::Credential),
    ("unregistered callers", FailureClass::Credential),
    // Neither is the caller's fault, and a key of another project or region may help.
    ("user location is not supported", FailureClass::Credential),
    ("free tier is not available", FailureClass::Credential),
    ("credits are depleted", FailureClass::Quota),
    ("exceeds the maximum number of tokens", FailureClass::ContextLength),
    // A file of another project; the key itself is fine.
    ("permission to access the file", FailureClass::Caller),
    ("cachedcontent not found", FailureClass::Caller),
];

/// By `error.status`.
const STATUSES: &[(&str, FailureClass)] = &[
    ("INVALID_ARGUMENT", FailureClass::Caller),
    ("FAILED_PRECONDITION", FailureClass::Caller),
    ("OUT_OF_RANGE", FailureClass::Caller),
    ("UNIMPLEMENTED", FailureClass::Caller),
    ("UNAUTHENTICATED", FailureClass::Credential),
    ("PERMISSION_DENIED", FailureClass::Credential),
    ("NOT_FOUND", FailureClass::Model),
    ("RESOURCE_EXHAUSTED", FailureClass::RateLimit),
    ("INTERNAL", FailureClass::ServerError),
    ("UNKNOWN", FailureClass::ServerError),
    ("UNAVAILABLE", FailureClass::Overload),
    ("DEADLINE_EXCEEDED", FailureClass::Timeout),
    ("CANCELLED", FailureClass::Network),
];

/// An error as the service describes it.
#[derive(Debug, Default)]
struct Described {
    http_status: Option<u16>,
    status: String,
    message: String,
    reason: Option<String>,
    field: Option<String>,
    quota_ids: Vec<String>,
    retry_delay: Option<Duration>,
}

/// Reads an answer whose status is not 2xx.
pub fn failure(http_status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamFailure {
    let mut failure = match describe(body) {
        Some(error) => error.into_failure(http_status),
        None => UpstreamFailure {
            http_status: Some(http_status),
            ..UpstreamFailure::new(
                classify(http_status, "", "", ""),
                format!("the provider answered with HTTP {http_status} and no readable error"),
            )
        },
    };
    if failure.class != FailureClass::Quota {
        // Of two waits the longer one is safe.
        failure.retry_after = failure.retry_after.max(retry_after(headers));
    }
    failure
}

/// Reads an error that came with status 200, as a whole body or in the middle of a stream; nothing when it is none.
pub fn failure_in(body: &[u8]) -> Option<UpstreamFailure> {
    let error = describe(body)?;
    let http_status = error.http_status.unwrap_or(500);
    Some(error.into_failure(http_status))
}

/// Reads a 2xx answer that is not what was asked for: an error after all, or nothing that is known.
pub fn no_answer(reply: Reply<'_>) -> UpstreamFailure {
    let message = "the provider sent something that is no answer of its API";
    let unknown = || UpstreamFailure {
        http_status: Some(reply.status),
        code: Some("invalid_response".to_owned()),
        ..UpstreamFailure::new(FailureClass::BadResponse, message)
    };
    failure_in(reply.body).unwrap_or_else(unknown)
}

impl Described {
    fn into_failure(self, http_status: u16) -> UpstreamFailure {
        let class = self.class(http_status);
        let resets = (class == FailureClass::Quota && self.is_daily()).then_some(QuotaReset::MidnightPacific);
        let [message, status] = [&self.message, &self.status].map(|words| public_message(words));
        let message = match (message.is_empty(), status.is_empty()) {
            (false, _) => message,
            (true, false) => format!("the provider reported {status} without a message"),
            (true, true) => "the provider reported an error without a message".to_owned(),
        };
        UpstreamFailure {
            class,
            http_status: Some(http_status),
            message,
            // A status that only repeats the HTTP status would pass for one of the codes clients know.
            code: Some(self.reason.map_or(status, |reason| public_message(&reason)))
                .filter(|code| !["", "INVALID_ARGUMENT"].contains(&&**code)),
            param: self.field.map(|field| public_message(&field)),
            // A used-up day comes with a delay of seconds that means nothing.
            retry_after: self.retry_delay.filter(|_| class != FailureClass::Quota),
            resets,
        }
    }

    fn is_daily(&self) -> bool {
        self.quota_ids.iter().any(|id| id.contains("PerDay"))
    }

    fn class(&self, http_status: u16) -> FailureClass {
        let message = self.message.to_lowercase();
        let of = |table: &[(&str, FailureClass)], word: &str| {
            table.iter().find(|(name, _)| *name == word).map(|(_, class)| *class)
        };
        if http_status == 402 || self.is_daily() || self.quota_ids.iter().any(|id| id.contains("PerMonth")) {
            return FailureClass::Quota;
        }
        self.reason
            .as_deref()
            .and_then(|reason| of(REASONS, reason))
            .or_else(|| PHRASES.iter().find(|(phrase, _)| message.contains(phrase)).map(|(_, class)| *class))
            .or_else(|| of(STATUSES, &self.status))
            .unwrap_or_else(|| classify(http_status, &self.status, "", &self.message))
    }
}

/// Finds the error object: at the top, or in the one-element array that streams use.
fn describe(body: &[u8]) -> Option<Described> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = match &body {
        Value::Array(items) => items.iter().find_map(|item| item.get("error")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => body.get("error"),
    };
    let error = error.filter(|error| !error.is_null())?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut described = Described {
        http_status: error["code"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .filter(|c| (400..600).contains(c)),
        status: text(error, "status").unwrap_or_default(),
        message: text(error, "message").or(error.as_str().map(str::to_owned)).unwrap_or_default(),
        ..Described::default()
    };
    for detail in list(&error["details"]) {
        described.reason = described.reason.or(text(detail, "reason"));
        described.field = described.field.or(list(&detail["fieldViolations"]).find_map(|v| text(v, "field")));
        described.quota_ids.extend(list(&detail["violations"]).filter_map(|v| text(v, "quotaId")));
        described.retry_delay = described.retry_delay.or(detail["retryDelay"].as_str().and_then(seconds));
    }
    Some(described)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Reads a protobuf duration in JSON: `34.4s`.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
