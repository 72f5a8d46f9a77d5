//! AI Model Gateway: one typed door to many AI model providers. Read in this order.

/// The parts list: builds everything, serves, drains. The only place that constructs and spawns.
pub mod app;
/// The command line: one file per command.
pub mod cli;
/// Settings: the only reader of the environment.
pub mod config;
/// Logs, written by a thread of their own.
pub mod telemetry;

/// The generated contract, `proto/aigateway/v1`.
pub mod pb {
    #![allow(clippy::all)]
    tonic::include_proto!("aigateway.v1");

    /// The contract as descriptors, for reflection.
    pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
}

/// Who may call: gateway keys in memory.
pub mod access;
/// What happens to provider keys, on its way to the log.
pub mod activity;
/// USE CASES of whoever runs the gateway or owns keys: keys, imports, tests, activity, usage, models.
pub mod admin;
/// USE CASE: completes a conversation.
pub mod chat;
/// The vocabulary everything above speaks.
pub mod domain;
/// USE CASE: turns texts into vectors.
pub mod embeddings;
/// The only tonic code: services, conversions, the table of errors.
pub mod grpc;
/// One record per request, also when the caller hangs up.
pub mod metering;
/// Wire formats, pure: bytes to domain words and back.
pub mod providers;
/// Which target, which key, what next.
pub mod routing;
/// Encrypts provider keys for storage.
pub mod sealing;
/// Provider state: goes back only where it came from, remembered for callers who lose it.
pub mod states;
/// The only database code: SQLite or PostgreSQL.
pub mod storage;
/// The only HTTP client: carries requests to providers and brings events back.
pub mod upstream;
/// USE CASE: reads the text out of a picture.
pub mod vision;
