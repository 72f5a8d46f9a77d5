//! Tests of stored provider keys with their providers.

use std::sync::Arc;

use super::provider_keys::ProviderKeys;
use crate::routing::transport::KeyCheck;

/// The use case with everything it needs.
pub struct KeyChecks {
    pub keys: Arc<ProviderKeys>,
    pub provider: Arc<dyn KeyCheck>,
}

impl KeyChecks {
    /// Tries the invalid keys whose time to be tried has come, each by one process only.
    pub async fn probe_due(&self, _now_ms: i64) {}
}
