//! Enums of the contract as words: the value's name without its prefix, in small letters. Actions alone are in capitals,
//! as the logs of activity always had them.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{error::Failure, pb};

pub const STATES: &[(&str, pb::ProviderKeyState)] = &[
    ("active", pb::ProviderKeyState::Active),
    ("cooling", pb::ProviderKeyState::Cooling),
    ("quota_exhausted", pb::ProviderKeyState::QuotaExhausted),
    ("invalid", pb::ProviderKeyState::Invalid),
    ("disabled", pb::ProviderKeyState::Disabled),
];

pub const FAILURES: &[(&str, pb::FailureClass)] = &[
    ("credential", pb::FailureClass::Credential),
    ("quota", pb::FailureClass::Quota),
    ("rate_limit", pb::FailureClass::RateLimit),
    ("overload", pb::FailureClass::Overload),
    ("network", pb::FailureClass::Network),
    ("timeout", pb::FailureClass::Timeout),
    ("bad_response", pb::FailureClass::BadResponse),
    ("caller", pb::FailureClass::Caller),
    ("blocked", pb::FailureClass::Blocked),
    ("model", pb::FailureClass::Model),
    ("server_error", pb::FailureClass::ServerError),
    ("context_length", pb::FailureClass::ContextLength),
];

pub const TEST_VERDICTS: &[(&str, pb::ProviderKeyTestVerdict)] = &[
    ("passed", pb::ProviderKeyTestVerdict::Passed),
    ("failed", pb::ProviderKeyTestVerdict::Failed),
    ("inconclusive", pb::ProviderKeyTestVerdict::Inconclusive),
    ("not_tested", pb::ProviderKeyTestVerdict::NotTested),
];

pub const IMPORT_FORMATS: &[(&str, pb::ImportFormat)] = &[
    ("csv", pb::ImportFormat::Csv),
    ("env", pb::ImportFormat::Env),
    ("json", pb::ImportFormat::Json),
    ("lines", pb::ImportFormat::Lines),
];

pub const IMPORT_VERDICTS: &[(&str, pb::ImportVerdict)] = &[
    ("created", pb::ImportVerdict::Created),
    ("duplicate", pb::ImportVerdict::Duplicate),
    ("unknown_provider", pb::ImportVerdict::UnknownProvider),
    ("bad_format", pb::ImportVerdict::BadFormat),
    ("held_back", pb::ImportVerdict::HeldBack),
];

pub const SCOPES: &[(&str, pb::GatewayKeyScope)] = &[
    ("models", pb::GatewayKeyScope::Models),
    ("keys", pb::GatewayKeyScope::Keys),
    ("activity", pb::GatewayKeyScope::Activity),
];

pub const ACTIONS: &[(&str, pb::ActivityAction)] = &[
    ("ADD", pb::ActivityAction::Add),
    ("DELETE", pb::ActivityAction::Delete),
    ("SELECT", pb::ActivityAction::Select),
    ("UNSELECT", pb::ActivityAction::Unselect),
    ("IMPORT", pb::ActivityAction::Import),
    ("UPDATE", pb::ActivityAction::Update),
    ("FAILOVER_EXHAUSTED", pb::ActivityAction::FailoverExhausted),
    ("RECOVERED", pb::ActivityAction::Recovered),
    ("ERROR", pb::ActivityAction::Error),
    ("FAILOVER", pb::ActivityAction::Failover),
];

/// `key` is shorter than the contract's `gateway_key`: usage knows no other.
pub const DIMENSIONS: &[(&str, pb::UsageDimension)] = &[
    ("day", pb::UsageDimension::Day),
    ("model", pb::UsageDimension::Model),
    ("provider", pb::UsageDimension::Provider),
    ("key", pb::UsageDimension::GatewayKey),
];

/// The words of a list, as a schema.
pub fn known<T>(words: &[(&'static str, T)]) -> Schema {
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    json_schema!({"type": "string", "enum": words})
}

/// The same where null says that there is none, or that it is newer than this edge.
fn known_or_null<T>(words: &[(&'static str, T)]) -> Schema {
    let words: Vec<_> = words.iter().map(|(word, _)| Some(*word)).chain([None]).collect();
    json_schema!({"type": ["string", "null"], "enum": words})
}

pub fn state(_: &mut SchemaGenerator) -> Schema {
    known_or_null(STATES)
}

pub fn failure_class(_: &mut SchemaGenerator) -> Schema {
    known_or_null(FAILURES)
}

pub fn test_verdict(_: &mut SchemaGenerator) -> Schema {
    known_or_null(TEST_VERDICTS)
}

pub fn import_verdict(_: &mut SchemaGenerator) -> Schema {
    known_or_null(IMPORT_VERDICTS)
}

pub fn action(_: &mut SchemaGenerator) -> Schema {
    known_or_null(ACTIONS)
}

pub fn scopes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": known(SCOPES)})
}

/// Writes a value of the contract; one that a newer service invented has no word.
pub fn word<T: Copy + PartialEq + TryFrom<i32>>(value: i32, words: &[(&'static str, T)]) -> Option<&'static str> {
    let value = T::try_from(value).ok()?;
    words.iter().find(|(_, known)| *known == value).map(|(word, _)| *word)
}

/// Reads a word, in small letters or capitals. The failure does not repeat it: a secret may stand in the wrong place.
pub fn value<T: Copy + Into<i32>>(word: &str, words: &[(&str, T)], param: &str) -> Result<i32, Failure> {
    if let Some((_, value)) = words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
        return Ok((*value).into());
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    Err(Failure::invalid(param, format!("Invalid '{param}': expected one of {}.", known.join(", "))))
}
