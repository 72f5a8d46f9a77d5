//! The log of activity: its filters, and how entries are shown.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Failure, pb};

use super::{
    outcome::Attempt,
    provider_keys::filled,
    query::Query,
    schemas,
    time::{self, Time},
    words::{self, word},
};

/// An entry as it is shown. `provider_name`, `key_id` and `description` are the names that the earlier gateway had for
/// `provider`, `provider_key_id` and `message`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ActivityEntry")]
pub struct Entry<'a> {
    id: &'a str,
    created_at: Option<Time>,
    #[schemars(schema_with = "schemas::action")]
    action: Option<&'static str>,
    provider_name: &'a str,
    provider: &'a str,
    key_id: Option<&'a str>,
    provider_key_id: Option<&'a str>,
    provider_key_name: Option<&'a str>,
    next_provider_key_id: Option<&'a str>,
    next_provider_key_name: Option<&'a str>,
    gateway_key_id: Option<&'a str>,
    gateway_key_name: Option<&'a str>,
    model: Option<&'a str>,
    request_id: Option<&'a str>,
    description: &'a str,
    message: &'a str,
    #[schemars(schema_with = "schemas::failure_class")]
    failure_class: Option<&'static str>,
    attempts: Vec<Attempt<'a>>,
}

impl<'a> Entry<'a> {
    pub fn of(entry: &'a pb::ActivityEntry) -> Self {
        Self {
            id: &entry.id,
            created_at: Time::of(&entry.create_time),
            action: word(entry.action, words::ACTIONS),
            provider_name: &entry.provider,
            provider: &entry.provider,
            key_id: filled(&entry.provider_key_id),
            provider_key_id: filled(&entry.provider_key_id),
            provider_key_name: filled(&entry.provider_key_name),
            next_provider_key_id: filled(&entry.next_provider_key_id),
            next_provider_key_name: filled(&entry.next_provider_key_name),
            gateway_key_id: filled(&entry.gateway_key_id),
            gateway_key_name: filled(&entry.gateway_key_name),
            model: filled(&entry.model_id),
            request_id: filled(&entry.request_id),
            description: &entry.message,
            message: &entry.message,
            failure_class: failure(entry.failure_class),
            attempts: Attempt::all(&entry.attempts),
        }
    }
}

/// Tells that entries are missing in a stream; the list has them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ActivityGap")]
pub struct Gap {
    pub skipped_count: Option<u64>,
}

fn failure(class: Option<i32>) -> Option<&'static str> {
    word(class?, words::FAILURES)
}

/// Parameters of `GET /api/v1/activity-logs`.
pub const LIST: [&str; 12] = [
    "limit",
    "provider",
    "provider_name",
    "action",
    "from_date",
    "to_date",
    "provider_key_id",
    "key_id",
    "key",
    "gateway_key_id",
    "text",
    "page_token",
];

/// Parameters of `GET /api/v1/activity-logs/watch`.
pub const WATCH: [&str; 9] =
    ["provider", "provider_name", "action", "provider_key_id", "key_id", "key", "gateway_key_id", "text", "after_id"];

pub fn list(query: &Query) -> Result<pb::ListActivityRequest, Failure> {
    Ok(pb::ListActivityRequest {
        filter: Some(filter(query)?),
        start_time: query.one(&["from_date"])?.map(|text| time::start(text, "from_date")).transpose()?,
        end_time: query.one(&["to_date"])?.map(|text| time::end(text, "to_date")).transpose()?,
        ..Default::default()
    })
}

pub fn filter(query: &Query) -> Result<pb::ActivityFilter, Failure> {
    let actions = query.list("action").map(|action| words::value(action, words::ACTIONS, "action"));
    Ok(pb::ActivityFilter {
        provider: query.text(&["provider", "provider_name"])?,
        actions: actions.collect::<Result<_, _>>()?,
        provider_key_id: query.text(&["provider_key_id", "key_id", "key"])?,
        gateway_key_id: query.text(&["gateway_key_id"])?,
        text: query.text(&["text"])?,
    })
}
