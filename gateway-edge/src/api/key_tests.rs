//! What came out of testing provider keys.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pb;

use super::{
    provider_keys::ProviderKey,
    schemas,
    words::{self, word},
};

#[derive(Serialize, JsonSchema)]
pub struct TestResult<'a> {
    provider_key: Option<ProviderKey<'a>>,
    #[schemars(schema_with = "schemas::test_verdict")]
    verdict: Option<&'static str>,
    #[schemars(schema_with = "schemas::failure_class")]
    failure_class: Option<&'static str>,
    http_status: Option<u32>,
    duration_ms: u64,
    message: &'a str,
    upstream_models: &'a [String],
}

impl<'a> TestResult<'a> {
    pub fn of(result: &'a pb::ProviderKeyTestResult) -> Self {
        Self {
            provider_key: result.provider_key.as_ref().map(ProviderKey::of),
            verdict: word(result.verdict, words::TEST_VERDICTS),
            failure_class: result.failure_class.and_then(|class| word(class, words::FAILURES)),
            http_status: result.http_status,
            duration_ms: result.duration_ms,
            message: &result.message,
            upstream_models: &result.upstream_models,
        }
    }
}
