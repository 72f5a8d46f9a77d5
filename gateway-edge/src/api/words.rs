//! Enums of the contract as words: the value's name without its prefix, in small letters. Actions alone are in capitals,
//! as the logs of activity always had them.

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

/// `model` is what the earlier gateway's providers called the assistant.
pub const ROLES: &[(&str, pb::Role)] = &[
    ("user", pb::Role::User),
    ("assistant", pb::Role::Assistant),
    ("model", pb::Role::Assistant),
    ("system", pb::Role::System),
];

pub const FINISH_REASONS: &[(&str, pb::FinishReason)] = &[
    ("stop", pb::FinishReason::Stop),
    ("length", pb::FinishReason::Length),
    ("tool_calls", pb::FinishReason::ToolCalls),
    ("content_filter", pb::FinishReason::ContentFilter),
];

pub const USAGE_SOURCES: &[(&str, pb::UsageSource)] = &[
    ("provider", pb::UsageSource::Provider),
    ("estimated", pb::UsageSource::Estimated),
    ("partial", pb::UsageSource::Partial),
];

pub const COST_BASES: &[(&str, pb::CostBasis)] = &[
    ("provider", pb::CostBasis::Provider),
    ("catalog", pb::CostBasis::Catalog),
    ("unpriced", pb::CostBasis::Unpriced),
];

pub const WARNING_ACTIONS: &[(&str, pb::WarningAction)] =
    &[("dropped", pb::WarningAction::Dropped), ("rewritten", pb::WarningAction::Rewritten)];

pub const DATABASE_STATES: &[(&str, pb::DatabaseState)] =
    &[("available", pb::DatabaseState::Available), ("unreachable", pb::DatabaseState::Unreachable)];

pub const AVAILABILITIES: &[(&str, pb::ProviderAvailability)] = &[
    ("available", pb::ProviderAvailability::Available),
    ("degraded", pb::ProviderAvailability::Degraded),
    ("unknown", pb::ProviderAvailability::Unknown),
];

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
