//! Metrics, as Prometheus reads them. Requests are counted from their records, after they are over and beside them; what
//! has a state is asked for it when somebody looks. docs/metrics.md has every name.
//!
//! No label holds anything of a user or of a key, and each has few values: whoever may look learns how the gateway does,
//! and nothing of who uses it.

mod model_labels;
mod names;
mod requests;
mod state;

pub use requests::RequestMetrics;
pub use state::GatewayState;

#[cfg(test)]
mod tests;
