//! What callers are told when the service cannot: statuses as the contract wants them, each with its reason, the request
//! id and a text in the caller's language. Texts of connection errors name internals, so they go to the log only.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{language::Language, messages::with_text, metadata::X_REQUEST_ID};

/// When a call may be sent again that the service never saw.
const SOON: Duration = Duration::from_secs(1);

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The deadline passed first.
    TooLate,
    Unreachable,
    /// The answer to a call that must not be sent twice was lost. Not UNAVAILABLE, which says that trying again is safe.
    OutcomeUnknown,
    /// The answer broke off.
    Interrupted,
    /// The same, of an answer without an end: nothing of it is lost by asking again.
    WatchEnded,
    /// The edge itself stops, and has not begun with the call.
    EdgeStops,
    /// The body of the call broke off, or is not what it says it is.
    Unreadable,
}

struct Row {
    code: Code,
    reason: &'static str,
    message: &'static str,
    retry: Option<Duration>,
}

const fn row(code: Code, reason: &'static str, message: &'static str) -> Row {
    Row { code, reason, message, retry: None }
}

impl Row {
    const fn soon(self) -> Self {
        Self { retry: Some(SOON), ..self }
    }
}

impl Trouble {
    const fn row(self) -> Row {
        match self {
            Self::TooLate => row(
                Code::DeadlineExceeded,
                "UPSTREAM_TIMEOUT",
                "the deadline passed before the gateway service answered",
            ),
            Self::Unreachable => row(
                Code::Unavailable,
                "SERVICE_UNAVAILABLE",
                "the gateway service cannot be reached; try again shortly",
            )
            .soon(),
            Self::OutcomeUnknown => row(
                Code::Aborted,
                "OUTCOME_UNKNOWN",
                "the connection to the gateway service broke before it answered; look whether the change was made \
                 before you send it again",
            ),
            Self::Interrupted => row(
                Code::Aborted,
                "STREAM_INTERRUPTED",
                "the connection to the gateway service broke before the answer was complete",
            ),
            Self::WatchEnded => {
                row(Code::Unavailable, "SHUTTING_DOWN", "the connection to the gateway service broke; call again")
                    .soon()
            }
            Self::EdgeStops => {
                row(Code::Unavailable, "SHUTTING_DOWN", "this edge is shutting down; send the call again").soon()
            }
            Self::Unreadable => row(
                Code::InvalidArgument,
                "INVALID_REQUEST",
                "the body of the call cannot be read; send it whole, as its content type says",
            ),
        }
    }
}

/// Whom the status of a call is for.
#[derive(Clone, Debug)]
pub struct Caller {
    request_id: Option<HeaderValue>,
    language: Option<Language>,
}

impl Caller {
    /// Reads the headers of a call.
    pub fn of(headers: &HeaderMap) -> Self {
        Self { request_id: headers.get(X_REQUEST_ID).cloned(), language: Language::asked(headers) }
    }

    /// The same for a call that has its id from the edge.
    pub fn named(self, request_id: HeaderValue) -> Self {
        Self { request_id: Some(request_id), ..self }
    }

    /// Returns the status of a call that ends like this.
    pub fn status(&self, trouble: Trouble) -> Status {
        let Row { code, reason, message, retry } = trouble.row();
        let request_id = self.request_id.as_ref().and_then(|id| id.to_str().ok());
        let metadata: HashMap<_, _> =
            request_id.map(|id| ("request_id".to_owned(), id.to_owned())).into_iter().collect();
        let mut details = ErrorDetails::with_error_info(reason, "aigateway", metadata);
        if retry.is_some() {
            details.set_retry_info(retry);
        }
        let status = Status::with_error_details(code, message, details);
        match self.language {
            Some(language) => with_text(status, language),
            None => status,
        }
    }
}
