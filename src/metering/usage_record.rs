//! From the record of a request to what is stored of it.

use super::Record;
use crate::domain::{
    consumption::{Outcome, UsageRecord},
    error::ErrorKind,
    time_id::id_at,
};

impl Record {
    /// Returns what is stored of the request.
    pub fn into_usage_record(self) -> UsageRecord {
        let caller = &self.request.caller;
        // A name that the provider does not know is no model; callers could fill the sums with such names.
        let no_model = self.outcome == Outcome::Failed(ErrorKind::ModelNotFound);
        let attempts = self.attempts.len();
        UsageRecord {
            id: id_at(self.started_ms),
            user_id: caller.user_id.clone(),
            gateway_key_id: caller.key_id.clone(),
            gateway_key_name: caller.key_name.clone(),
            request_id: self.request.request_id,
            provider: self.target.map(|target| target.provider).unwrap_or_default(),
            model_id: if no_model { String::new() } else { self.model_id },
            operation: self.request.operation,
            streamed: self.request.streamed,
            started_ms: self.started_ms,
            total_ms: self.total.as_millis() as i64,
            first_output_ms: self.first_output.map(|after| after.as_millis() as i64),
            outcome: self.outcome,
            attempts,
            provider_key_name: self
                .attempts
                .into_iter()
                .next_back()
                .map(|attempt| attempt.key_alias)
                .unwrap_or_default(),
            usage: self.usage,
            cost: self.cost,
        }
    }
}
