//! AI Model Gateway: one typed door to many AI model providers.

/// The generated contract, `proto/aigateway/v1`.
pub mod pb {
    #![allow(clippy::all)]
    tonic::include_proto!("aigateway.v1");

    /// The contract as descriptors, for reflection.
    pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
}

// From the vocabulary upwards.
pub mod domain;
pub mod providers;

/// The only database code: SQLite or PostgreSQL.
pub mod storage;

/// Who may call: gateway keys in memory.
pub mod access;

/// Use cases of whoever runs the gateway.
pub mod admin;

/// Settings: the only reader of the environment.
pub mod config;

/// The command line.
pub mod cli;
