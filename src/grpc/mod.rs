//! The only tonic code: the server with its layers, one thin file per service, and the conversions between the contract
//! and the domain, where validation happens once.

mod call;
mod chat;
mod codec;
mod convert_completion;
mod convert_request;
mod convert_usage;
mod models;
mod server;
mod status;
mod unavailable;

pub use codec::EventCodec;
pub use server::{GrpcSettings, Health, Services, in_memory, serve};
