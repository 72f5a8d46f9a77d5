//! How the edge and the gateway behind it are.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pb;

use super::{
    schemas,
    time::Time,
    words::{self, word},
};

/// What `GET /api/v1/health` answers.
#[derive(Serialize, JsonSchema)]
pub struct Health<'a> {
    /// `healthy`, or `degraded` when requests fail or changes cannot be stored.
    #[schemars(extend("enum" = ["healthy", "degraded"]))]
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    /// `serving`, `not_serving`, `overloaded` or `unreachable`.
    #[schemars(extend("enum" = ["serving", "not_serving", "overloaded", "unreachable"]))]
    service: &'static str,
    /// Null when the service does not tell.
    providers: Option<Vec<Provider<'a>>>,
    /// Null when the service does not tell.
    system: Option<System<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderHealth")]
struct Provider<'a> {
    name: &'a str,
    #[schemars(schema_with = "schemas::availability")]
    state: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SystemHealth")]
struct System<'a> {
    version: &'a str,
    started_at: Option<Time>,
    #[schemars(schema_with = "schemas::database_state")]
    database: Option<&'static str>,
    requests_in_flight: u32,
    max_requests_in_flight: u32,
    resident_memory_bytes: Option<u64>,
}

impl<'a> Health<'a> {
    /// Of an edge that runs for so long, and what is known of the service behind it.
    pub fn of(uptime_seconds: u64, service: &'static str, told: Option<&'a pb::GatewayStatus>) -> Self {
        let stores = told.is_none_or(|told| told.database_state() != pb::DatabaseState::Unreachable);
        Self {
            status: if service == "serving" && stores { "healthy" } else { "degraded" },
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds,
            service,
            providers: told.map(|told| told.providers.iter().map(Provider::of).collect()),
            system: told.map(System::of),
        }
    }
}

impl<'a> Provider<'a> {
    fn of(status: &'a pb::ProviderStatus) -> Self {
        Self { name: &status.provider, state: word(status.availability, words::AVAILABILITIES) }
    }
}

impl<'a> System<'a> {
    fn of(status: &'a pb::GatewayStatus) -> Self {
        Self {
            version: &status.version,
            started_at: Time::of(&status.start_time),
            database: word(status.database_state, words::DATABASE_STATES),
            requests_in_flight: status.in_flight_call_count,
            max_requests_in_flight: status.max_in_flight_call_count,
            resident_memory_bytes: status.resident_memory_bytes,
        }
    }
}
