//! The operations of activity and usage.

use serde_json::json;

use crate::api::{activity::Entry, schemas, usage::Row, words};

use super::{
    errors::SERVICE,
    examples,
    operation::{Answer, Operation, Parameter},
    streams,
};

const TAG: &str = "Activity";

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).fails(SERVICE)
}

fn filters() -> [Parameter; 5] {
    let actions = json!({"type": "array", "items": schemas::one_of(words::ACTIONS)});
    [
        Parameter::text("provider", "google", "Only what concerns this provider.").also(&["provider_name"]),
        Parameter::query("action", actions, "Only these actions."),
        Parameter::text("key", examples::KEY_ID, "Only what concerns the provider key with this id.")
            .also(&["provider_key_id", "key_id"]),
        Parameter::text("gateway_key_id", examples::GATEWAY_KEY_ID, "Only what the gateway key with this id did."),
        Parameter::text("text", "quota", "Only entries that say this."),
    ]
}

/// Both ends of a period belong to it.
fn dates() -> [Parameter; 2] {
    let schema = || json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}], "examples": ["2026-11-23"]});
    [
        Parameter::query("from_date", schema(), "From this day or moment on; days are UTC."),
        Parameter::query("to_date", schema(), "Up to this day or moment, inclusive."),
    ]
}

pub fn list() -> Operation {
    operation("listActivity", "List what happened to provider keys")
        .about("Newest first; 50 entries where `limit` says nothing.")
        .parameters(filters())
        .parameters(dates())
        .parameters(examples::pages())
        .answer(
            Answer::json::<Vec<Entry<'static>>>(200, "The entries.", json!([examples::entry()]))
                .headers(examples::PAGED),
        )
}

pub fn watch() -> Operation {
    operation("watchActivity", "Watch what happens to provider keys")
        .about(
            "A stream without an end: `activity` for each entry, with the entry's id as the event's; `gap` where entries are \
             missing; `error` is the last event of a stream that breaks.",
        )
        .parameters(filters())
        .parameter(Parameter::text("after_id", examples::KEY_ID, "Begin after the entry with this id."))
        .parameter(Parameter::header("last-event-id", json!({"type": "string"}), "The same, as browsers send it."))
        .answer(
            Answer::empty(200, "The events.").or_as("text/event-stream", streams::activity, vec![]).headers(examples::ID),
        )
}

pub fn usage() -> Operation {
    let dimensions = json!({"type": "array", "items": schemas::one_of(words::DIMENSIONS)});
    operation("listUsage", "Sum up requests, tokens and cost")
        .about("Usage is kept by day, so its periods are whole days. `nano_usd` is in billionths of a US dollar.")
        .parameter(Parameter::query("group_by", dimensions, "A row for each of these; one for all when it is absent."))
        .parameters(dates())
        .parameter(Parameter::text("provider", "google", "Only requests to this provider.").also(&["provider_name"]))
        .parameter(Parameter::text("model", "sandbox/echo", "Only requests of this model."))
        .parameter(
            Parameter::text("key_id", examples::GATEWAY_KEY_ID, "Only requests with the gateway key of this id.")
                .also(&["gateway_key_id"]),
        )
        .parameters(examples::pages())
        .answer(
            Answer::json::<Vec<Row<'static>>>(200, "The rows.", json!([examples::usage()])).headers(examples::PAGED),
        )
}
