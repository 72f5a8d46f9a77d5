//! How the edge and the service behind it are, for people.

use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub struct Health {
    #[schemars(extend("enum" = ["healthy", "degraded"]))]
    pub status: &'static str,
    pub version: &'static str,
    pub uptime_seconds: u64,
    #[schemars(extend("enum" = ["serving", "not_serving", "unreachable"]))]
    pub service: &'static str,
}
