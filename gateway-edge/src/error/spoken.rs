//! What a failure says in the caller's language: the text of the catalogue and the facts in it.

use std::time::Duration;

use http::StatusCode;
use tonic::Status;
use tonic_types::ErrorDetails;

use crate::{
    language::Language,
    messages::{self, Facts, Message},
};

/// What is known for the text of one failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spoken {
    /// What the catalogue has for the service's status. Failures of the edge itself go by their code.
    message: Option<&'static Message>,
    /// The service's own text, when its catalogue is newer.
    newer: Option<String>,
    facts: Facts,
}

impl Spoken {
    pub fn of(status: &Status, details: &ErrorDetails) -> Self {
        let (message, facts) = messages::of_status(status);
        let newer = details.localized_message().filter(|_| message.is_none()).map(|text| text.message.clone());
        Self { message, newer, facts }
    }

    pub fn set(&mut self, name: &str, value: Option<String>) {
        self.facts.set(name, value);
    }

    pub fn set_wait(&mut self, wait: Option<Duration>) {
        self.set("seconds", wait.map(|wait| wait.as_millis().div_ceil(1000).to_string()));
    }

    /// Returns the text of a failure with this code and status.
    pub fn text(&self, language: Language, code: Option<&str>, status: StatusCode) -> Option<String> {
        let own = || code.and_then(by_code).or_else(|| Message::find(by_status(status)));
        self.newer.clone().or_else(|| self.message.or_else(own).map(|message| message.text(language, &self.facts)))
    }
}

/// Finds the text for a code of the edge, which may be that of a reason.
fn by_code(code: &str) -> Option<&'static Message> {
    Message::find(code).or_else(|| Message::find(&code.to_ascii_uppercase()))
}

/// Names the text for a failure of the edge that has no code.
fn by_status(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "unknown_path",
        StatusCode::METHOD_NOT_ALLOWED => "wrong_method",
        StatusCode::REQUEST_TIMEOUT => "late_body",
        StatusCode::PAYLOAD_TOO_LARGE => "large_body",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "wrong_content_type",
        StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
        StatusCode::GATEWAY_TIMEOUT => "UPSTREAM_TIMEOUT",
        status if status.is_server_error() => "upstream_bad_response",
        _ => "invalid_body",
    }
}
