//! The catalogue: what people are told of each error, in each language, with the facts that are known. The texts are in
//! `proto/aigateway/v1/messages.json`. One source for both crates, as `build.rs` is.

use prost::Message as _;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::{
    ErrorDetails, StatusExt as _,
    pb::{LocalizedMessage, Status as RpcStatus},
};

use super::language::Language;
use crate::pb::FailureDetails;

/// What is told of one error. In a text, what stands in brackets is left out unless every fact in it is known.
#[derive(Debug, PartialEq)]
pub struct Message {
    /// A reason of the contract, a reason and a failure class with a dot between them, or a failure of the edge.
    pub name: &'static str,
    /// Where docs/errors.md explains it.
    pub anchor: &'static str,
    pub en: &'static str,
    pub vi: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

const TYPE_URL: &str = "type.googleapis.com/google.rpc.LocalizedMessage";

/// Longest fact that is told, in characters. The details of a status travel in a header.
const MAX_FACT: usize = 200;

impl Message {
    pub fn find(name: &str) -> Option<&'static Self> {
        MESSAGES.iter().find(|message| message.name == name)
    }

    /// Writes the text with what is known.
    pub fn text(&self, language: Language, facts: &Facts) -> String {
        let text = match language {
            Language::En => self.en,
            Language::Vi => self.vi,
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            let (optional, after) = after.split_once(']').unwrap_or((after, ""));
            out.push_str(before);
            out.extend(facts.fill(optional));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// What is known of one error, by the names that the texts use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    /// Sets a fact, or forgets it.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.extend(value.filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value)));
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Puts facts into a part of a text; `None` when one of them is not known.
    fn fill(&self, part: &str) -> Option<String> {
        let mut out = String::with_capacity(part.len());
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(self.get(name)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    fn of(details: &ErrorDetails, attempts: usize) -> Self {
        let mut facts = Self::default();
        for (name, value) in details.error_info().into_iter().flat_map(|info| &info.metadata) {
            facts.set(name, Some(value.chars().take(MAX_FACT).collect()));
        }
        let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
        facts.set("field", violation.map(|violation| violation.field.chars().take(MAX_FACT).collect()));
        let wait = details.retry_info().and_then(|retry| retry.retry_delay);
        facts.set("seconds", wait.map(|wait| wait.as_millis().div_ceil(1000).to_string()));
        facts.set("limit", facts.get("limit_bytes").and_then(|bytes| bytes.parse().ok()).map(size));
        facts.set("attempts", (attempts > 0).then(|| attempts.to_string()));
        facts
    }
}

/// Writes a number of bytes for people.
pub fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} B")
    }
}

/// Returns what is told of a status, unless its reason is newer than this catalogue, and what is known of it.
pub fn of_status(status: &Status) -> (Option<&'static Message>, Facts) {
    let details = status.get_error_details();
    let message = match details.error_info().filter(|info| info.domain == "aigateway") {
        Some(info) => {
            let class = info.metadata.get("failure_class").map_or("", String::as_str);
            Message::find(&format!("{}.{class}", info.reason)).or_else(|| Message::find(&info.reason))
        }
        None => Message::find(by_code(status.code())),
    };
    (message, Facts::of(&details, attempts(status)))
}

/// Returns the status with what people are told of it, a `google.rpc.LocalizedMessage` beside its other details. A reason
/// that is newer than this catalogue has no text.
pub fn with_text(status: Status, language: Language) -> Status {
    let (Some(message), facts) = of_status(&status) else { return status };
    let text = LocalizedMessage { locale: language.tag().to_owned(), message: message.text(language, &facts) };
    let mut rich = match RpcStatus::decode(status.details()) {
        Ok(rich) if !status.details().is_empty() => rich,
        // What a library made; the details repeat the code and the message.
        _ => RpcStatus { code: status.code().into(), message: status.message().to_owned(), details: Vec::new() },
    };
    rich.details.push(Any { type_url: TYPE_URL.to_owned(), value: text.encode_to_vec() });
    Status::with_details(status.code(), status.message(), rich.encode_to_vec().into())
}

fn attempts(status: &Status) -> usize {
    let Ok(rich) = RpcStatus::decode(status.details()) else { return 0 };
    let failure = rich.details.iter().find(|detail| detail.type_url.ends_with("aigateway.v1.FailureDetails"));
    let failure = failure.and_then(|detail| FailureDetails::decode(detail.value.as_slice()).ok());
    failure.map_or(0, |failure| failure.attempts.len())
}

/// What a status without a reason means: it comes from a library, from a proxy or from a dead connection.
fn by_code(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => "INVALID_REQUEST",
        Code::Unauthenticated => "GATEWAY_KEY_INVALID",
        Code::PermissionDenied => "NOT_ALLOWED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::ResourceExhausted => "RATE_LIMITED",
        Code::DeadlineExceeded => "UPSTREAM_TIMEOUT",
        Code::Cancelled => "CANCELLED",
        Code::Unavailable => "SERVICE_UNAVAILABLE",
        Code::Aborted => "UPSTREAM_ERROR",
        Code::Unimplemented => "NOT_IMPLEMENTED",
        Code::Internal | Code::Unknown | Code::DataLoss | Code::Ok => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leaves_out_what_is_not_known() {
        let message = Message { name: "", anchor: "", en: "Wait[ {s} s][ for {who} ({s})]. Then go on.", vi: "" };
        for (known, wanted) in [
            (&[][..], "Wait. Then go on."),
            (&["s"], "Wait <s> s. Then go on."),
            (&["who"], "Wait. Then go on."),
            (&["s", "who"], "Wait <s> s for <who> (<s>). Then go on."),
        ] {
            let mut facts = Facts::default();
            known.iter().for_each(|name| facts.set(name, Some(format!("<{name}>"))));
            assert_eq!(message.text(Language::En, &facts), wanted);
        }
    }

    #[test]
    fn facts_are_not_read_as_text() {
        let message = Message { name: "", anchor: "", en: "No[ {a}][ {b}].", vi: "" };
        let mut facts = Facts::default();
        facts.set("a", Some("[{b}] {".to_owned()));
        assert_eq!(message.text(Language::En, &facts), "No [{b}] {.");
    }

    #[test]
    fn sizes_are_written_for_people() {
        for (bytes, wanted) in [(33_554_432, "32 MiB"), (1_000_000, "1000000 B"), (0, "0 B")] {
            assert_eq!(size(bytes), wanted);
        }
    }
}
