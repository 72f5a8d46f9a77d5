//! Rows of the table of requests, and the two ways to add many of them: there is one for each request, so what it costs is
//! part of every request's price.

use std::array;

use diesel::{
    Insertable, QueryResult, RunQueryDsl, SqliteConnection,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Nullable, Text},
    sqlite::Sqlite,
};

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

/// Rows of one statement of SQLite; a row of a longer one costs hardly less.
const ROWS_AT_ONCE: usize = 40;

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
    /// Statements whose number of rows is fixed, which are read once and kept: reading a long one anew costs more than
    /// running it.
    async fn add_records(&mut self, rows: Vec<RecordRow>) -> QueryResult<()> {
        self.spawn_blocking(move |connection| {
            let (chunks, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
            for chunk in chunks {
                diesel::RunQueryDsl::execute(Insertion(chunk), connection)?;
            }
            for row in rest {
                diesel::RunQueryDsl::execute(Insertion(array::from_ref(row)), connection)?;
            }
            Ok(())
        })
        .await
    }
}

/// The statement for SQLite. What diesel makes of [`RecordRow`] asks each value several times how it is written, and
/// SQLite copies pages in case that it has to undo half a statement; here the transaction undoes everything.
struct Insertion<'a, const N: usize>(&'a [RecordRow; N]);

impl<const N: usize> QueryId for Insertion<'_, N> {
    type QueryId = Insertion<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Insertion<'_, N> {}

/// Writes the statement from its columns, each with its type.
macro_rules! insertion_of {
    ($first:ident: $first_type:ty, $($column:ident: $type:ty),+) => {
        impl<const N: usize> QueryFragment<Sqlite> for Insertion<'_, N> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                out.push_sql("INSERT OR FAIL INTO usage_records (");
                out.push_sql(stringify!($first $(, $column)+));
                out.push_sql(") VALUES ");
                for (at, RecordRow { $first $(, $column)+ }) in self.0.iter().enumerate() {
                    out.push_sql(if at == 0 { "(" } else { ", (" });
                    out.push_bind_param::<$first_type, _>($first)?;
                    $(
                        out.push_sql(", ");
                        out.push_bind_param::<$type, _>($column)?;
                    )+
                    out.push_sql(")");
                }
                Ok(())
            }
        }
    };
}

insertion_of! {
    id: Text, user_id: Text, gateway_key_id: Text, request_id: Text, provider: Text, model_id: Text, operation: Text,
    streamed: Bool, started_ms: BigInt, total_ms: BigInt, first_output_ms: Nullable<BigInt>, outcome: Text,
    attempts: BigInt, provider_key_name: Text, input_tokens: Nullable<BigInt>, output_tokens: Nullable<BigInt>,
    cached_input_tokens: Nullable<BigInt>, reasoning_tokens: Nullable<BigInt>, usage_source: Nullable<Text>,
    nano_usd: Nullable<BigInt>, cost_basis: Nullable<Text>
}

impl AddRecords for Pg {
    /// One statement with all rows: each statement is a journey.
    async fn add_records(&mut self, rows: Vec<RecordRow>) -> QueryResult<()> {
        let insert = diesel::insert_into(usage_records::table).values(rows);
        diesel_async::RunQueryDsl::execute(insert, self).await.map(drop)
    }
}
