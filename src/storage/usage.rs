//! Records of requests, and their sums by day, which are written together.

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, dsl::max,
    upsert::excluded,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::{
    batch::{MOST_NAME, fit},
    connect::{Store, on_conn},
    error::StoreError,
    schema::{gateway_keys, usage_days, usage_records},
    usage_row::{AddRecords as _, RecordRow},
};
use crate::domain::consumption::{DayGroup, Sums, UsageRecord};

#[derive(Insertable)]
#[diesel(table_name = usage_days, treat_none_as_default_value = false)]
struct DayRow {
    user_id: String,
    day_ms: i64,
    gateway_key_id: String,
    provider: String,
    model_id: String,
    gateway_key_name: String,
    requests: i64,
    failed: i64,
    cancelled: i64,
    attempts: i64,
    input_tokens: i64,
    output_tokens: i64,
    cached_input_tokens: i64,
    reasoning_tokens: i64,
    estimated: i64,
    unmetered: i64,
    nano_usd: i64,
    unpriced: i64,
}

/// Adds up records. The rows come in the order of their key: replicas that take row locks in one order never wait for each
/// other in a circle.
fn days(records: &[UsageRecord]) -> Vec<DayRow> {
    let mut days: BTreeMap<DayGroup<'_>, (&str, Sums)> = BTreeMap::new();
    for record in records {
        let (name, sums) = days.entry(record.group()).or_default();
        *name = &record.gateway_key_name;
        sums.add(&record.sums());
    }
    let row = |(group, (name, sums)): (DayGroup<'_>, (&str, Sums))| DayRow {
        user_id: group.user_id.to_owned(),
        day_ms: group.day_ms,
        gateway_key_id: group.gateway_key_id.to_owned(),
        provider: group.provider.to_owned(),
        model_id: fit(group.model_id, MOST_NAME),
        gateway_key_name: fit(name, MOST_NAME),
        requests: sums.requests,
        failed: sums.failed,
        cancelled: sums.cancelled,
        attempts: sums.attempts,
        input_tokens: sums.input_tokens,
        output_tokens: sums.output_tokens,
        cached_input_tokens: sums.cached_input_tokens,
        reasoning_tokens: sums.reasoning_tokens,
        estimated: sums.estimated,
        unmetered: sums.unmetered,
        nano_usd: sums.nano_usd,
        unpriced: sums.unpriced,
    };
    days.into_iter().map(row).collect()
}

/// Adds sums to those that are there.
macro_rules! upsert_day {
    ($row:expr) => {
        diesel::insert_into(usage_days::table)
            .values($row)
            .on_conflict((
                usage_days::user_id,
                usage_days::day_ms,
                usage_days::gateway_key_id,
                usage_days::provider,
                usage_days::model_id,
            ))
            .do_update()
            .set((
                usage_days::gateway_key_name.eq(excluded(usage_days::gateway_key_name)),
                usage_days::requests.eq(usage_days::requests + excluded(usage_days::requests)),
                usage_days::failed.eq(usage_days::failed + excluded(usage_days::failed)),
                usage_days::cancelled.eq(usage_days::cancelled + excluded(usage_days::cancelled)),
                usage_days::attempts.eq(usage_days::attempts + excluded(usage_days::attempts)),
                usage_days::input_tokens.eq(usage_days::input_tokens + excluded(usage_days::input_tokens)),
                usage_days::output_tokens.eq(usage_days::output_tokens + excluded(usage_days::output_tokens)),
                usage_days::cached_input_tokens
                    .eq(usage_days::cached_input_tokens + excluded(usage_days::cached_input_tokens)),
                usage_days::reasoning_tokens.eq(usage_days::reasoning_tokens + excluded(usage_days::reasoning_tokens)),
                usage_days::estimated.eq(usage_days::estimated + excluded(usage_days::estimated)),
                usage_days::unmetered.eq(usage_days::unmetered + excluded(usage_days::unmetered)),
                usage_days::nano_usd.eq(usage_days::nano_usd + excluded(usage_days::nano_usd)),
                usage_days::unpriced.eq(usage_days::unpriced + excluded(usage_days::unpriced)),
            ))
    };
}

impl Store {
    /// Adds records and their sums, both or neither. Records that are there already were added with their sums: a
    /// transaction whose end was not heard of is tried again.
    pub async fn add_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        let added: Result<(), StoreError> = on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                conn.add_records(records.iter().map(RecordRow::from).collect()).await?;
                for day in days(records) {
                    upsert_day!(day).execute(conn).await?;
                }
                Ok(())
            })
            .await
        });
        match added {
            Err(StoreError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    /// Returns the name that each of a user's gateway keys has, or had last. Ids without a name are left out.
    pub async fn gateway_key_names(
        &self,
        user_id: &str,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        on_conn!(self, read, |conn| {
            let known: Vec<(String, String)> = gateway_keys::table
                .filter(gateway_keys::user_id.eq(user_id).and(gateway_keys::id.eq_any(ids)))
                .select((gateway_keys::id, gateway_keys::name))
                .load(conn)
                .await?;
            let mut names: BTreeMap<String, String> = known.into_iter().collect();
            let gone: Vec<&String> = ids.iter().filter(|id| !names.contains_key(*id)).collect();
            if gone.is_empty() {
                return Ok(names);
            }
            let mut last: Vec<(String, String, Option<i64>)> = usage_days::table
                .filter(usage_days::user_id.eq(user_id).and(usage_days::gateway_key_id.eq_any(gone)))
                .group_by((usage_days::gateway_key_id, usage_days::gateway_key_name))
                .select((usage_days::gateway_key_id, usage_days::gateway_key_name, max(usage_days::day_ms)))
                .load(conn)
                .await?;
            last.sort_by_key(|(_, _, day)| *day);
            names.extend(last.into_iter().map(|(id, name, _)| (id, name)));
            Ok(names)
        })
    }

    /// Deletes the oldest records with ids before `before_id`, `limit` of them at most, and returns how many there were.
    /// Their sums stay.
    pub async fn delete_usage_records(&self, before_id: &str, limit: usize) -> Result<usize, StoreError> {
        on_conn!(self, write, |conn| {
            let old = usage_records::table.filter(usage_records::id.lt(before_id)).order(usage_records::id.asc());
            let mark: Option<String> =
                old.select(usage_records::id).offset(limit as i64).first(conn).await.optional()?;
            let end = mark.as_deref().unwrap_or(before_id);
            Ok(diesel::delete(usage_records::table.filter(usage_records::id.lt(end))).execute(conn).await?)
        })
    }
}
