//! Times: RFC 3339 in UTC on the way out, RFC 3339 or a date on the way in.

use std::borrow::Cow;

use prost_types::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::error::Failure;

const DATE_LENGTH: usize = "2026-11-23".len();
const SECONDS_A_DAY: i64 = 24 * 60 * 60;
/// The service counts time in milliseconds.
const NANOS_A_STEP: i32 = 1_000_000;

/// A time that is written as text.
#[derive(Clone, Copy)]
pub struct Time(Timestamp);

impl Time {
    pub fn of(time: &Option<Timestamp>) -> Option<Self> {
        time.map(Self)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// Returns the UTC day of a time, such as `2026-11-23`.
pub fn day(time: &Option<Timestamp>) -> Option<String> {
    let text = time.as_ref()?.to_string();
    text.split_once('T').map(|(day, _)| day.to_owned())
}

/// Reads a moment.
pub fn moment(text: &str, param: &str) -> Result<Timestamp, Failure> {
    match text.parse() {
        Ok(time) if text.len() > DATE_LENGTH => Ok(time),
        _ => Err(invalid(param, "expected RFC 3339, such as 2026-11-23T08:00:00Z")),
    }
}

/// Reads the start of a period: a moment, or a day from its first moment on.
pub fn start(text: &str, param: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| not_a_bound(param))
}

/// Reads the end of a period, inclusive: a moment, or a day to its last moment. Returns the first moment after it.
pub fn end(text: &str, param: &str) -> Result<Timestamp, Failure> {
    let mut time: Timestamp = text.parse().map_err(|_| not_a_bound(param))?;
    if text.len() == DATE_LENGTH {
        time.seconds = time.seconds.saturating_add(SECONDS_A_DAY);
    } else {
        time.nanos += NANOS_A_STEP;
        time.normalize();
    }
    Ok(time)
}

fn not_a_bound(param: &str) -> Failure {
    invalid(param, "expected a date such as 2026-11-23, or RFC 3339 (a + in an address is written %2B)")
}

fn invalid(param: &str, expected: &str) -> Failure {
    Failure::invalid(param, format!("Invalid '{param}': {expected}."))
}
