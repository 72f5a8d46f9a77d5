//! THE table from error kinds to gRPC codes and reasons, and the details every error carries.

use std::collections::HashMap;

use prost::Message as _;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _, pb::Status as RpcStatus};

use super::convert_usage::{attempt_to_pb, class_to_pb, usage_to_pb};
use crate::{
    domain::error::{Error, ErrorKind},
    pb,
};

/// Domain of every `ErrorInfo`.
const DOMAIN: &str = "aigateway";
/// Longest message in a status. It travels in a header, and peers limit those.
const MAX_MESSAGE: usize = 1024;

/// Returns the code and reason of an error kind.
fn row(kind: ErrorKind) -> (Code, pb::ErrorReason) {
    use pb::ErrorReason as R;
    match kind {
        ErrorKind::GatewayKeyInvalid => (Code::Unauthenticated, R::GatewayKeyInvalid),
        ErrorKind::NotAllowed => (Code::PermissionDenied, R::NotAllowed),
        ErrorKind::ModelNotFound => (Code::NotFound, R::ModelNotFound),
        ErrorKind::InvalidRequest => (Code::InvalidArgument, R::InvalidRequest),
        ErrorKind::UnsupportedByProvider => (Code::InvalidArgument, R::UnsupportedByProvider),
        ErrorKind::ContextLengthExceeded => (Code::InvalidArgument, R::ContextLengthExceeded),
        ErrorKind::ContentBlocked => (Code::FailedPrecondition, R::ContentBlocked),
        ErrorKind::UnsupportedMediaType => (Code::InvalidArgument, R::UnsupportedMediaType),
        ErrorKind::TooLarge => (Code::ResourceExhausted, R::TooLarge),
        ErrorKind::RateLimited => (Code::ResourceExhausted, R::RateLimited),
        ErrorKind::BudgetExceeded => (Code::FailedPrecondition, R::BudgetExceeded),
        ErrorKind::ProviderKeysExhausted => (Code::Unavailable, R::ProviderKeysExhausted),
        ErrorKind::ProviderQuotaExceeded => (Code::ResourceExhausted, R::ProviderQuotaExceeded),
        ErrorKind::UpstreamError => (Code::Unavailable, R::UpstreamError),
        ErrorKind::UpstreamTimeout => (Code::DeadlineExceeded, R::UpstreamTimeout),
        ErrorKind::StorageUnavailable => (Code::Unavailable, R::StorageUnavailable),
        ErrorKind::StreamInterrupted => (Code::Aborted, R::StreamInterrupted),
        ErrorKind::NotImplemented => (Code::Unimplemented, R::NotImplemented),
        ErrorKind::NotFound => (Code::NotFound, R::NotFound),
        ErrorKind::AlreadyExists => (Code::AlreadyExists, R::AlreadyExists),
        ErrorKind::Overloaded => (Code::ResourceExhausted, R::Overloaded),
        ErrorKind::ShuttingDown => (Code::Unavailable, R::ShuttingDown),
        ErrorKind::Cancelled => (Code::Cancelled, R::Cancelled),
        ErrorKind::Internal => (Code::Internal, R::Internal),
    }
}

/// Converts an error, logging those that are ours.
pub fn status_of(error: Error, request_id: &str) -> Status {
    let (code, reason) = row(error.kind);
    let message = if error.kind == ErrorKind::Internal {
        tracing::error!(request_id, error = %error, "internal error");
        "internal error; quote the request id when you report it".to_owned()
    } else {
        cut(error.message)
    };

    let reason = reason.as_str_name().trim_start_matches("ERROR_REASON_");
    let mut metadata: HashMap<String, String> =
        error.metadata.into_iter().map(|(k, v)| (k.to_owned(), cut(v))).collect();
    metadata.insert("request_id".into(), request_id.to_owned());
    if let Some(class) = error.failure {
        let class = class_to_pb(class).as_str_name().trim_start_matches("FAILURE_CLASS_");
        metadata.insert("failure_class".into(), class.to_owned());
    }
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata);
    if let Some(field) = error.field {
        details.add_bad_request_violation(field, message.clone());
    }
    if let Some(after) = error.retry_after {
        details.set_retry_info(Some(after));
    }
    let status = Status::with_error_details(code, message, details);
    if error.attempts.is_empty() && error.partial_usage.is_none() {
        return status;
    }
    let failure = pb::FailureDetails {
        attempts: error.attempts.into_iter().map(attempt_to_pb).collect(),
        partial_usage: error.partial_usage.map(usage_to_pb),
    };
    with_detail(status, "type.googleapis.com/aigateway.v1.FailureDetails", failure.encode_to_vec())
}

/// Appends a detail of our own to the ones the library wrote.
fn with_detail(status: Status, type_url: &str, value: Vec<u8>) -> Status {
    let Ok(mut rich) = RpcStatus::decode(status.details()) else { return status };
    rich.details.push(Any { type_url: type_url.to_owned(), value });
    Status::with_details(status.code(), status.message(), rich.encode_to_vec().into())
}

fn cut(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE - 3));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests;
