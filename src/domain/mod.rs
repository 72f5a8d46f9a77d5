//! The vocabulary of the gateway: requests, events, keys, models and errors. Pure data without IO; every other module
//! speaks in these words.

pub mod chat;
pub mod completion;
pub mod embedding;
pub mod error;
pub mod event;
pub mod failure;
pub mod fold;
pub mod key;
pub mod model;
pub mod usage;
