//! The REST face of AI Model Gateway.

/// The generated client half of the contract, `proto/aigateway/v1`.
pub mod pb {
    #![allow(clippy::all)]
    tonic::include_proto!("aigateway.v1");
}
