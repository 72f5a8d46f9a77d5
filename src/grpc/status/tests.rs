use std::time::Duration;

use super::*;
use crate::domain::{
    failure::FailureClass,
    usage::{Attempt, Usage},
};

#[test]
fn every_error_has_one_reason_and_its_details() {
    let mut error = Error::invalid("prompt.messages[0].role", "is missing").with("provider", "xai");
    error.retry_after = Some(Duration::from_secs(7));
    error.failure = Some(FailureClass::RateLimit);
    let status = status_of(error, "req_1");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("INVALID_REQUEST", "aigateway"));
    let fact = |name: &str| info.metadata.get(name).map(String::as_str);
    assert_eq!(fact("provider"), Some("xai"));
    assert_eq!(fact("failure_class"), Some("RATE_LIMIT"));
    assert_eq!(fact("request_id"), Some("req_1"));
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "prompt.messages[0].role");
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
}

#[test]
fn internal_errors_tell_nothing() {
    let status = status_of(Error::new(ErrorKind::Internal, "secret detail"), "req_1");
    assert!(!status.message().contains("secret"), "{status:?}");
}

#[test]
fn long_messages_are_cut_between_characters() {
    let status = status_of(Error::new(ErrorKind::UpstreamError, "ж".repeat(5000)), "req_1");
    assert!(status.message().len() <= MAX_MESSAGE, "{}", status.message().len());
}

#[test]
fn the_trace_travels_beside_the_reason() {
    let attempt = Attempt {
        provider: "xai".into(),
        model: "grok".into(),
        key_alias: "header".into(),
        failure: Some(FailureClass::Network),
        http_status: None,
        duration_ms: 3,
        message: "reset".into(),
    };
    let usage = Usage { output_tokens: Some(4), ..Usage::default() };
    let error = Error {
        attempts: vec![attempt],
        partial_usage: Some(usage),
        ..Error::new(ErrorKind::StreamInterrupted, "broke")
    };
    let status = status_of(error, "req_1");
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "STREAM_INTERRUPTED");
    let rich = RpcStatus::decode(status.details()).unwrap();
    let detail = rich.details.iter().find(|d| d.type_url.ends_with("FailureDetails")).unwrap();
    let detail = pb::FailureDetails::decode(&detail.value[..]).unwrap();
    assert_eq!(detail.attempts[0].failure_class(), pb::FailureClass::Network);
    assert_eq!(detail.partial_usage.unwrap().output_tokens, Some(4));
}
