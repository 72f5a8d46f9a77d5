//! How an answer came about: what it consumed and cost, what was tried for it, what was changed. The same in every reply
//! that has it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pb;

use super::{
    provider_keys::filled,
    schemas,
    words::{self, word},
};

/// What was consumed. A counter that is not known is null.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TokenUsage")]
pub struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    cached_input_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    image_input_tokens: Option<u64>,
    #[schemars(schema_with = "schemas::usage_source")]
    source: Option<&'static str>,
}

impl Usage {
    pub fn of(usage: &pb::Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.total_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            image_input_tokens: usage.image_input_tokens,
            source: word(usage.source, words::USAGE_SOURCES),
        }
    }
}

/// What it cost, in billionths of a US dollar.
#[derive(Serialize, JsonSchema)]
pub struct Cost {
    nano_usd: Option<i64>,
    #[schemars(schema_with = "schemas::cost_basis")]
    basis: Option<&'static str>,
}

impl Cost {
    pub fn of(cost: &pb::Cost) -> Self {
        Self { nano_usd: cost.nano_usd, basis: word(cost.basis, words::COST_BASES) }
    }
}

/// One try of one provider with one key.
#[derive(Serialize, JsonSchema)]
pub struct Attempt<'a> {
    provider: &'a str,
    model: &'a str,
    key_name: Option<&'a str>,
    #[schemars(schema_with = "schemas::failure_class")]
    failure_class: Option<&'static str>,
    http_status: Option<u32>,
    duration_ms: u64,
    message: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    pub fn all(attempts: &'a [pb::Attempt]) -> Vec<Self> {
        attempts.iter().map(Self::of).collect()
    }

    fn of(attempt: &'a pb::Attempt) -> Self {
        Self {
            provider: &attempt.provider,
            model: &attempt.model,
            key_name: filled(&attempt.key_alias),
            failure_class: attempt.failure_class.and_then(|class| word(class, words::FAILURES)),
            http_status: attempt.http_status,
            duration_ms: attempt.duration_ms,
            message: filled(&attempt.message),
        }
    }
}

/// Something that was changed in the request to suit the provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FieldWarning")]
pub struct Warning<'a> {
    param: Option<String>,
    #[schemars(schema_with = "schemas::warning_action")]
    action: Option<&'static str>,
    message: &'a str,
}

impl<'a> Warning<'a> {
    /// Shows warnings. `tell` has the route's name for a field.
    pub fn all(warnings: &'a [pb::Warning], tell: impl Fn(&str) -> Option<String>) -> Vec<Self> {
        let one = |warning: &'a pb::Warning| Self {
            param: tell(&warning.field),
            action: word(warning.action, words::WARNING_ACTIONS),
            message: &warning.message,
        };
        warnings.iter().map(one).collect()
    }
}
