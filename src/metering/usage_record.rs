//! From the record of a request to what is stored of it.

use super::{Record, cost_of};
use crate::domain::{
    consumption::{Outcome, UsageRecord},
    error::ErrorKind,
    model::Model,
    time_id::id_at,
};

impl Record {
    /// Returns what is stored of the request. `model_id` is the id of its target's model and `model` what the catalog knows
    /// of it.
    pub fn usage_record(&self, model_id: String, model: Option<&Model>) -> UsageRecord {
        let caller = &self.request.caller;
        let known = || Some(cost_of(None, Some(self.usage.as_ref()?), model));
        // A name that the provider does not know is no model; callers could fill the sums with such names.
        let no_model = self.outcome == Outcome::Failed(ErrorKind::ModelNotFound);
        UsageRecord {
            id: id_at(self.started_ms),
            user_id: caller.user_id.clone(),
            gateway_key_id: caller.key_id.clone(),
            gateway_key_name: caller.key_name.clone(),
            request_id: self.request.request_id.clone(),
            provider: self.target.as_ref().map(|target| target.provider.clone()).unwrap_or_default(),
            model_id: if no_model { String::new() } else { model_id },
            operation: self.request.operation,
            streamed: self.request.streamed,
            started_ms: self.started_ms,
            total_ms: self.total.as_millis() as i64,
            first_output_ms: self.first_output.map(|after| after.as_millis() as i64),
            outcome: self.outcome,
            attempts: self.attempts.len(),
            provider_key_name: self.attempts.last().map(|attempt| attempt.key_alias.clone()).unwrap_or_default(),
            usage: self.usage.clone(),
            cost: self.cost.or_else(known),
        }
    }
}
