//! Usage: what it can be grouped and filtered by, and how its rows are shown.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Failure, pb};

use super::{provider_keys::filled, query::Query, time, words};

/// A sum. What it is not grouped by is null.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UsageRow")]
pub struct Row<'a> {
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    key_id: Option<&'a str>,
    key_name: Option<&'a str>,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    request_count: u64,
    failed_request_count: u64,
    cancelled_request_count: u64,
    attempt_count: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_input_tokens: u64,
    reasoning_tokens: u64,
    estimated_request_count: u64,
    unmetered_request_count: u64,
    nano_usd: Option<i64>,
    unpriced_request_count: u64,
}

impl<'a> Row<'a> {
    pub fn of(row: &'a pb::UsageRow) -> Self {
        Self {
            day: time::day(&row.day_start_time),
            key_id: filled(&row.gateway_key_id),
            key_name: filled(&row.gateway_key_name),
            provider: filled(&row.provider),
            model: filled(&row.model_id),
            request_count: row.request_count,
            failed_request_count: row.failed_request_count,
            cancelled_request_count: row.cancelled_request_count,
            attempt_count: row.attempt_count,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_input_tokens: row.cached_input_tokens,
            reasoning_tokens: row.reasoning_tokens,
            estimated_request_count: row.estimated_request_count,
            unmetered_request_count: row.unmetered_request_count,
            nano_usd: row.nano_usd,
            unpriced_request_count: row.unpriced_request_count,
        }
    }
}

/// Parameters of `GET /api/v1/usage`.
pub const LIST: [&str; 10] = [
    "group_by",
    "from_date",
    "to_date",
    "provider",
    "provider_name",
    "model",
    "key_id",
    "gateway_key_id",
    "limit",
    "page_token",
];

pub fn list(query: &Query) -> Result<pb::ListUsageRequest, Failure> {
    let dimensions = query.list("group_by").map(|word| words::value(word, words::DIMENSIONS, "group_by"));
    Ok(pb::ListUsageRequest {
        start_time: query.one(&["from_date"])?.map(|text| time::start(text, "from_date")).transpose()?,
        end_time: query.one(&["to_date"])?.map(|text| time::end(text, "to_date")).transpose()?,
        group_by: dimensions.collect::<Result<_, _>>()?,
        gateway_key_id: query.text(&["key_id", "gateway_key_id"])?,
        provider: query.text(&["provider", "provider_name"])?,
        model_id: query.text(&["model"])?,
        ..Default::default()
    })
}
