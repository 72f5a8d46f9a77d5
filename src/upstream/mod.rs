//! The only HTTP client. Carries translated requests to providers and brings events back; one driver for all of them.

mod client;
mod events;
mod exchange;
mod failures;
mod provider;
mod sandbox;
mod timeouts;
mod transport;

pub use client::{ClientError, http_client};
pub use provider::HttpUpstream;
pub use timeouts::UpstreamTimeouts;
pub use transport::{Prepared, Upstreams};
