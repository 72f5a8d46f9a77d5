//! The REST face of AI Model Gateway: OpenAI's chat completions, Responses, text completions, embeddings and models; keys,
//! activity and usage; health; and gRPC-Web on the same origin.
//!
//! The edge knows the service only by its contract, so it runs in the service's process ([`Transport::in_memory`]) or in
//! its own ([`Transport::remote`]). In reading order:
//!
//! * `routes`: one file per group of routes; what a request passes through.
//! * `openai`: OpenAI's JSON to the contract and back, without IO.
//! * `api`: the same for our own JSON below `/api/v1`.
//! * `metadata`: headers that become gRPC metadata, the request id, deadlines.
//! * `error`: the one table from gRPC statuses to OpenAI errors.
//! * `transport`: the way to the service, in this process or to its replicas; `health`: how it is.
//! * `metrics`: what is counted, for Prometheus.
//! * `serve`, `draining`, `settings`: the listener, what it says while it stops, and what can be set.

mod api;
mod assets;
/// One source for both crates, as `build.rs` is: a codec is a matter of buffers, not of either side.
#[path = "../../src/grpc/codec.rs"]
mod codec;
mod draining;
mod error;
mod health;
/// One source, too: the languages of the catalogue, which is data beside the contract.
#[path = "../../src/grpc/language.rs"]
mod language;
#[path = "../../src/grpc/messages.rs"]
mod messages;
mod metadata;
pub mod metrics;
pub mod openai;
mod openapi;
mod routes;
mod serve;
mod settings;
/// One source, too: how `grpc-timeout` is read.
#[path = "../../src/grpc/timeout.rs"]
mod timeout;
mod transport;

#[cfg(test)]
mod test_support;

pub use error::{Failure, Style};
pub use routes::{metrics_router, router};
pub use serve::serve;
pub use settings::EdgeSettings;
pub use transport::{RemoteError, RemoteSettings, Replicas, Resolver, Timing, TlsFiles, Traffic, Transport};

/// The generated client half of the contract, `proto/aigateway/v1`.
pub mod pb {
    #![allow(clippy::all)]
    tonic::include_proto!("aigateway.v1");
}
