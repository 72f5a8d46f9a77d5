//! The rpcs that test provider keys.

use crate::{
    admin::{
        Administration,
        key_checks::{Tested, Verdict},
    },
    domain::error::{Error, Result},
    grpc::{call::Call, convert_keys::key_to_pb, convert_usage::class_to_pb},
    pb,
};

pub async fn test(
    admin: &Administration,
    call: &Call,
    request: pb::TestProviderKeyRequest,
) -> Result<pb::TestProviderKeyResponse> {
    if request.id.is_empty() {
        return Err(Error::invalid("id", "id is required"));
    }
    let tested = admin.checks.test(&call.actor(), &request.id, call.deadline).await?;
    Ok(pb::TestProviderKeyResponse { result: Some(result_to_pb(tested, call.actor().now_ms)) })
}

pub async fn test_all(
    admin: &Administration,
    call: &Call,
    request: pb::TestProviderKeysRequest,
) -> Result<pb::TestProviderKeysResponse> {
    let tested = admin.checks.test_all(&call.actor(), &request.provider, call.deadline).await?;
    let now_ms = call.actor().now_ms;
    Ok(pb::TestProviderKeysResponse { results: tested.into_iter().map(|one| result_to_pb(one, now_ms)).collect() })
}

fn result_to_pb(tested: Tested, now_ms: i64) -> pb::ProviderKeyTestResult {
    pb::ProviderKeyTestResult {
        provider_key: Some(key_to_pb(tested.key, now_ms)),
        verdict: verdict_to_pb(tested.verdict).into(),
        failure_class: tested.class.map(|class| class_to_pb(class).into()),
        http_status: tested.http_status.map(u32::from),
        duration_ms: tested.duration.as_millis().try_into().unwrap_or(u64::MAX),
        message: tested.message,
        upstream_models: tested.models,
    }
}

fn verdict_to_pb(verdict: Verdict) -> pb::ProviderKeyTestVerdict {
    match verdict {
        Verdict::Passed => pb::ProviderKeyTestVerdict::Passed,
        Verdict::Failed => pb::ProviderKeyTestVerdict::Failed,
        Verdict::Inconclusive => pb::ProviderKeyTestVerdict::Inconclusive,
        Verdict::NotTested => pb::ProviderKeyTestVerdict::NotTested,
    }
}
