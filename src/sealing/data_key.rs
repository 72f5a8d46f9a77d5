//! One key that encrypts, and its name.

use std::fmt;

use super::{
    cipher::{self, KeyBytes},
    error::SealError,
};
use crate::domain::data_key::Purpose;

/// How many bytes of a sealed secret name its data key.
pub const ID_LEN: usize = 16;

/// Name of a data key: random, no secret. Written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataKeyId(pub [u8; ID_LEN]);

impl DataKeyId {
    pub fn parse(text: &str) -> Option<Self> {
        let number = u128::from_str_radix(text, 16).ok()?;
        let id = Self(number.to_be_bytes());
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A data key, readable. Lives in memory only, and is cleared when it is dropped.
pub struct DataKey {
    pub id: DataKeyId,
    pub purpose: Purpose,
    /// The youngest key of a purpose is the one in use.
    pub created_ms: i64,
    pub secret: KeyBytes,
}

impl DataKey {
    pub fn generate(purpose: Purpose, created_ms: i64) -> Result<Self, SealError> {
        Ok(Self { id: DataKeyId(*cipher::random()?), purpose, created_ms, secret: cipher::random()? })
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, {})", self.id, self.purpose.name())
    }
}
