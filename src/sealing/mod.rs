//! Encrypts provider keys for storage: each secret by a data key, each data key by the master key, which is never in the
//! database. A sealed secret opens only in the place it was sealed for. Nothing here knows the database.
//!
//! A data key seals with random nonces of 96 bits: it must not seal more than 2^32 secrets, which is more than one a
//! second for a century. Every rotation of the master key makes a new one.

mod cipher;
mod data_key;
mod error;
mod master_file;
mod master_key;
mod master_source;
mod place;
mod ring;
mod sealer;
pub mod wrappings;

pub use data_key::DataKey;
pub use error::{MasterError, RingError, SealError};
pub use master_key::MasterKey;
pub use master_source::{MasterSource, Staging};
pub use place::Place;
pub use ring::Ring;
pub use sealer::Sealer;

#[cfg(test)]
mod tests;
