//! Rows of the table of requests, and the two ways to add many of them: there is one for each request, so what it costs is
//! part of every request's price.

use diesel::{Insertable, QueryResult};

use super::{
    batch::{MOST_NAME, fit},
    postgres::Pg,
    schema::usage_records,
    sqlite::Lite,
};
use crate::domain::{
    consumption::{UsageRecord, stored_nano_usd, stored_tokens},
    usage::{CostBasis, UsageSource},
};

#[derive(Insertable)]
#[diesel(table_name = usage_records, treat_none_as_default_value = false)]
pub(super) struct RecordRow {
    id: String,
    user_id: String,
    gateway_key_id: String,
    request_id: String,
    provider: String,
    model_id: String,
    operation: &'static str,
    streamed: bool,
    started_ms: i64,
    total_ms: i64,
    first_output_ms: Option<i64>,
    outcome: &'static str,
    attempts: i64,
    provider_key_name: String,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cached_input_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    usage_source: Option<&'static str>,
    nano_usd: Option<i64>,
    cost_basis: Option<&'static str>,
}

impl From<&UsageRecord> for RecordRow {
    fn from(record: &UsageRecord) -> Self {
        let usage = record.usage.as_ref();
        Self {
            id: record.id.clone(),
            user_id: record.user_id.clone(),
            gateway_key_id: record.gateway_key_id.clone(),
            request_id: fit(&record.request_id, MOST_NAME),
            provider: record.provider.clone(),
            model_id: fit(&record.model_id, MOST_NAME),
            operation: record.operation.name(),
            streamed: record.streamed,
            started_ms: record.started_ms,
            total_ms: record.total_ms,
            first_output_ms: record.first_output_ms,
            outcome: record.outcome.name(),
            attempts: record.attempts as i64,
            provider_key_name: fit(&record.provider_key_name, MOST_NAME),
            input_tokens: usage.and_then(|u| u.input_tokens).map(stored_tokens),
            output_tokens: usage.and_then(|u| u.output_tokens).map(stored_tokens),
            cached_input_tokens: usage.and_then(|u| u.cached_input_tokens).map(stored_tokens),
            reasoning_tokens: usage.and_then(|u| u.reasoning_tokens).map(stored_tokens),
            usage_source: usage.map(|u| source_name(u.source)),
            nano_usd: record.cost.and_then(|cost| cost.nano_usd).map(stored_nano_usd),
            cost_basis: record.cost.map(|cost| basis_name(cost.basis)),
        }
    }
}

fn source_name(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Provider => "provider",
        UsageSource::Estimated => "estimated",
        UsageSource::Partial => "partial",
    }
}

fn basis_name(basis: CostBasis) -> &'static str {
    match basis {
        CostBasis::Provider => "provider",
        CostBasis::Catalog => "catalog",
        CostBasis::Unpriced => "unpriced",
    }
}

/// A connection that adds rows.
pub(super) trait AddRecords {
    fn add_records(&mut self, rows: Vec<RecordRow>) -> impl Future<Output = QueryResult<()>> + Send;
}

impl AddRecords for Lite {
    /// One prepared statement for all: reading a long one costs more than running a short one often.
    async fn add_records(&mut self, rows: Vec<RecordRow>) -> QueryResult<()> {
        self.spawn_blocking(move |connection| {
            for row in &rows {
                diesel::RunQueryDsl::execute(diesel::insert_into(usage_records::table).values(row), connection)?;
            }
            Ok(())
        })
        .await
    }
}

impl AddRecords for Pg {
    /// One statement with all rows: each statement is a journey.
    async fn add_records(&mut self, rows: Vec<RecordRow>) -> QueryResult<()> {
        let insert = diesel::insert_into(usage_records::table).values(rows);
        diesel_async::RunQueryDsl::execute(insert, self).await.map(drop)
    }
}
