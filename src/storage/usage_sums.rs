//! Sums of usage, grouped as asked.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Text},
};
use diesel_async::RunQueryDsl as _;

use super::{
    connect::{Store, on_conn},
    error::StoreError,
};
use crate::domain::consumption::{Sums, UsageGroup, UsageQuery, UsageSum};

/// One text for all groupings and both databases. What is not asked for is the same in all rows before they are grouped,
/// which diesel's expressions cannot say. SQLite numbers `$1` and so on by where they come first.
const SUMS: &str = "
SELECT day_ms, gateway_key_id, provider, model_id,
    CAST(SUM(requests) AS BIGINT) AS requests,
    CAST(SUM(failed) AS BIGINT) AS failed,
    CAST(SUM(cancelled) AS BIGINT) AS cancelled,
    CAST(SUM(attempts) AS BIGINT) AS attempts,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(cached_input_tokens) AS BIGINT) AS cached_input_tokens,
    CAST(SUM(reasoning_tokens) AS BIGINT) AS reasoning_tokens,
    CAST(SUM(estimated) AS BIGINT) AS estimated,
    CAST(SUM(unmetered) AS BIGINT) AS unmetered,
    CAST(SUM(nano_usd) AS BIGINT) AS nano_usd,
    CAST(SUM(unpriced) AS BIGINT) AS unpriced
FROM (
    SELECT CASE WHEN $1 THEN day_ms ELSE 0 END AS day_ms,
        CASE WHEN $2 THEN gateway_key_id ELSE '' END AS gateway_key_id,
        CASE WHEN $3 THEN provider ELSE '' END AS provider,
        CASE WHEN $4 THEN model_id ELSE '' END AS model_id,
        requests, failed, cancelled, attempts, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens,
        estimated, unmetered, nano_usd, unpriced
    FROM usage_days
    WHERE user_id = $5 AND day_ms >= $6 AND day_ms < $7
        AND ($8 = '' OR gateway_key_id = $8) AND ($9 = '' OR provider = $9) AND ($10 = '' OR model_id = $10)
) AS picked
WHERE $11 OR (-day_ms, gateway_key_id, provider, model_id) > (-$12, $13, $14, $15)
GROUP BY day_ms, gateway_key_id, provider, model_id
ORDER BY day_ms DESC, gateway_key_id, provider, model_id
LIMIT $16";

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    day_ms: i64,
    #[diesel(sql_type = Text)]
    gateway_key_id: String,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    model_id: String,
    #[diesel(sql_type = BigInt)]
    requests: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    cancelled: i64,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
    #[diesel(sql_type = BigInt)]
    input_tokens: i64,
    #[diesel(sql_type = BigInt)]
    output_tokens: i64,
    #[diesel(sql_type = BigInt)]
    cached_input_tokens: i64,
    #[diesel(sql_type = BigInt)]
    reasoning_tokens: i64,
    #[diesel(sql_type = BigInt)]
    estimated: i64,
    #[diesel(sql_type = BigInt)]
    unmetered: i64,
    #[diesel(sql_type = BigInt)]
    nano_usd: i64,
    #[diesel(sql_type = BigInt)]
    unpriced: i64,
}

impl From<SumRow> for UsageSum {
    fn from(row: SumRow) -> Self {
        let group = UsageGroup {
            day_ms: row.day_ms,
            gateway_key_id: row.gateway_key_id,
            provider: row.provider,
            model_id: row.model_id,
        };
        let sums = Sums {
            requests: row.requests,
            failed: row.failed,
            cancelled: row.cancelled,
            attempts: row.attempts,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_input_tokens: row.cached_input_tokens,
            reasoning_tokens: row.reasoning_tokens,
            estimated: row.estimated,
            unmetered: row.unmetered,
            nano_usd: row.nano_usd,
            unpriced: row.unpriced,
        };
        Self { group, gateway_key_name: String::new(), sums }
    }
}

impl Store {
    /// Lists sums: newest day first, then by gateway key, provider and model. Names of gateway keys are left empty.
    pub async fn sum_usage(&self, query: &UsageQuery) -> Result<Vec<UsageSum>, StoreError> {
        let after = query.after.clone().unwrap_or_default();
        on_conn!(self, read, |conn| {
            let rows: Vec<SumRow> = sql_query(SUMS)
                .bind::<Bool, _>(query.by.day)
                .bind::<Bool, _>(query.by.gateway_key)
                .bind::<Bool, _>(query.by.provider || query.by.model)
                .bind::<Bool, _>(query.by.model)
                .bind::<Text, _>(&query.user_id)
                .bind::<BigInt, _>(query.from_ms.unwrap_or(i64::MIN))
                .bind::<BigInt, _>(query.to_ms.unwrap_or(i64::MAX))
                .bind::<Text, _>(&query.gateway_key_id)
                .bind::<Text, _>(&query.provider)
                .bind::<Text, _>(&query.model_id)
                .bind::<Bool, _>(query.after.is_none())
                .bind::<BigInt, _>(after.day_ms)
                .bind::<Text, _>(&after.gateway_key_id)
                .bind::<Text, _>(&after.provider)
                .bind::<Text, _>(&after.model_id)
                .bind::<BigInt, _>(query.limit as i64)
                .load(conn)
                .await?;
            Ok(rows.into_iter().map(UsageSum::from).collect())
        })
    }
}
