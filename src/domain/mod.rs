//! The vocabulary of the gateway: requests, events, keys, models and errors. Pure data without IO; every other module
//! speaks in these words.

pub mod activity;
pub mod chat;
pub mod completion;
pub mod consumption;
pub mod data_key;
pub mod embedding;
pub mod error;
pub mod event;
pub mod extraction;
pub mod failure;
pub mod fold;
pub mod happening;
pub mod health;
pub mod image_limit;
pub mod key;
pub mod media_type;
pub mod model;
mod pacific;
pub mod provider_health;
pub mod quoted;
pub mod scope;
pub mod time_id;
pub mod usage;
pub mod user;
