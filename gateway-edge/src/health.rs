//! Asks the service how it is, by whatever way it is reached.

use std::time::Duration;

use crate::transport::{Transport, probe};

pub use crate::transport::probe::ServiceHealth;

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for the health of the whole server, without a login, and waits two seconds at most.
pub async fn check(transport: Transport) -> ServiceHealth {
    probe::ask(transport, PATIENCE).await
}
