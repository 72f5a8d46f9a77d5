//! What a request consumed, what it cost, what was tried and what was changed.

use super::failure::FailureClass;

/// Inclusive totals; `None` is unknown, never zero. See `Usage` in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub total_tokens: Option<u64>,
    pub cached_input_tokens: Option<u64>,
    pub cache_write_input_tokens: Option<u64>,
    pub reasoning_tokens: Option<u64>,
    pub audio_input_tokens: Option<u64>,
    pub audio_output_tokens: Option<u64>,
    pub image_input_tokens: Option<u64>,
    pub accepted_prediction_tokens: Option<u64>,
    pub rejected_prediction_tokens: Option<u64>,
    pub source: UsageSource,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsageSource {
    #[default]
    Provider,
    Estimated,
    Partial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub nano_usd: Option<i64>,
    pub basis: CostBasis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostBasis {
    Provider,
    Catalog,
    Unpriced,
}

/// One try of one provider with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub provider: String,
    pub model: String,
    pub key_alias: String,
    /// `None` when it succeeded.
    pub failure: Option<FailureClass>,
    pub http_status: Option<u16>,
    pub duration_ms: u64,
    /// Shortened and redacted; empty on success.
    pub message: String,
}

/// Something that was changed in the request to suit the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Path of the field in the contract, such as `prompt.logit_bias`.
    pub field: String,
    pub action: WarningAction,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningAction {
    Dropped,
    Rewritten,
}
