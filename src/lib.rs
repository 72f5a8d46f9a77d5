//! AI Model Gateway: one typed door to many AI model providers.

/// The generated contract, `proto/aigateway/v1`.
pub mod pb {
    #![allow(clippy::all)]
    tonic::include_proto!("aigateway.v1");

    /// The contract as descriptors, for reflection.
    pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
}

/// Who may call: gateway keys in memory.
pub mod access;
/// Settings: the only reader of the environment.
pub mod config;
pub mod domain;
pub mod providers;
/// The only database code: SQLite or PostgreSQL.
pub mod storage;
