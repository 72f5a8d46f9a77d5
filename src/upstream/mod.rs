//! The only HTTP client. Carries translated requests to providers and brings events back; one driver for all of them.

mod attempt;
mod body;
mod bounded;
mod call;
mod client;
mod date;
mod echo;
mod events;
mod exchange;
mod failures;
mod fan_out;
mod files;
mod form;
mod key_check;
mod key_hash;
mod media;
mod oauth;
mod pieces;
mod provider;
mod sandbox;
mod slots;
mod timeouts;
mod transport;
mod upload_cache;

pub use client::{ClientError, HostTls, dedicated_client, http_client};
pub use media::MediaFetcher;
pub use provider::HttpUpstream;
pub use timeouts::UpstreamTimeouts;
pub use transport::{Prepared, Upstreams};

#[cfg(test)]
mod tests;
