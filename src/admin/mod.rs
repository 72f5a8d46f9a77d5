//! USE CASES of whoever runs the gateway or owns keys: validate, write, publish the new snapshot; and what there is to
//! list.

mod access_state;
pub mod activity;
pub mod activity_watch;
pub mod actor;
pub mod data_keys;
mod errors;
pub mod gateway_keys;
pub mod gateway_status;
mod grant;
mod happening_entries;
pub mod happenings;
pub mod key_checks;
pub mod key_import;
pub mod key_kinds;
mod listed;
pub mod models;
pub mod provider_keys;
pub mod rotation;
pub mod upstream_models;
pub mod usage;
pub mod users;

/// The use cases of keys, activity and usage.
pub struct Administration {
    pub gateway_keys: gateway_keys::GatewayKeys,
    pub provider_keys: std::sync::Arc<provider_keys::ProviderKeys>,
    pub checks: key_checks::KeyChecks,
    pub import: key_import::KeyImport,
    pub activity: activity::Activity,
    pub usage: usage::UsageReport,
}
