//! Usage, cost, attempts and warnings to the contract.

use crate::{
    domain::{
        failure::FailureClass,
        usage::{Attempt, Cost, CostBasis, Usage, UsageSource, Warning, WarningAction},
    },
    pb,
};

pub fn usage_to_pb(usage: Usage) -> pb::Usage {
    let source = match usage.source {
        UsageSource::Provider => pb::UsageSource::Provider,
        UsageSource::Estimated => pb::UsageSource::Estimated,
        UsageSource::Partial => pb::UsageSource::Partial,
    };
    pb::Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        total_tokens: usage.total_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cache_write_input_tokens: usage.cache_write_input_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        audio_input_tokens: usage.audio_input_tokens,
        audio_output_tokens: usage.audio_output_tokens,
        image_input_tokens: usage.image_input_tokens,
        accepted_prediction_tokens: usage.accepted_prediction_tokens,
        rejected_prediction_tokens: usage.rejected_prediction_tokens,
        source: source.into(),
    }
}

pub fn cost_to_pb(cost: Cost) -> pb::Cost {
    let basis = match cost.basis {
        CostBasis::Provider => pb::CostBasis::Provider,
        CostBasis::Catalog => pb::CostBasis::Catalog,
        CostBasis::Unpriced => pb::CostBasis::Unpriced,
    };
    pb::Cost { nano_usd: cost.nano_usd, basis: basis.into() }
}

pub fn attempt_to_pb(attempt: Attempt) -> pb::Attempt {
    pb::Attempt {
        provider: attempt.provider,
        model: attempt.model,
        key_alias: attempt.key_alias,
        failure_class: attempt.failure.map(|class| class_to_pb(class).into()),
        http_status: attempt.http_status.map(u32::from),
        duration_ms: attempt.duration_ms,
        message: attempt.message,
    }
}

pub fn warning_to_pb(warning: Warning) -> pb::Warning {
    let action = match warning.action {
        WarningAction::Dropped => pb::WarningAction::Dropped,
        WarningAction::Rewritten => pb::WarningAction::Rewritten,
    };
    pb::Warning { field: warning.field, action: action.into(), message: warning.message }
}

pub fn class_to_pb(class: FailureClass) -> pb::FailureClass {
    match class {
        FailureClass::Credential => pb::FailureClass::Credential,
        FailureClass::Quota => pb::FailureClass::Quota,
        FailureClass::RateLimit => pb::FailureClass::RateLimit,
        FailureClass::Overload => pb::FailureClass::Overload,
        FailureClass::ServerError => pb::FailureClass::ServerError,
        FailureClass::Network => pb::FailureClass::Network,
        FailureClass::Timeout => pb::FailureClass::Timeout,
        FailureClass::BadResponse => pb::FailureClass::BadResponse,
        FailureClass::Caller => pb::FailureClass::Caller,
        FailureClass::ContextLength => pb::FailureClass::ContextLength,
        FailureClass::Blocked => pb::FailureClass::Blocked,
        FailureClass::Model => pb::FailureClass::Model,
    }
}
