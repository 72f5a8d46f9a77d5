//! The only tonic code: the server with its layers, one thin file per service, and the conversions between the contract
//! and the domain, where validation happens once.

mod activity;
mod call;
mod call_body;
mod chat;
mod codec;
mod context;
mod convert_activity;
mod convert_completion;
mod convert_embeddings;
mod convert_gateway_keys;
mod convert_keys;
mod convert_model;
mod convert_request;
mod convert_usage;
mod convert_vision;
mod embeddings;
mod endless;
mod field_mask;
mod gateway_status;
mod in_memory;
mod keys;
mod language;
mod late;
mod localize;
mod messages;
mod models;
mod now;
mod paging;
mod policy;
mod server;
mod status;
mod tally;
mod timeout;
mod unexplained;
mod upload;
mod vision;
mod vision_events;

pub use call::CallLayer;
pub use codec::EventCodec;
pub use in_memory::InMemory;
pub use server::{ChatEntry, Faces, GrpcSettings, Health, Services, serve};
