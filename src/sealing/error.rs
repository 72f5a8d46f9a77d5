//! What can go wrong with sealing.

use std::path::PathBuf;

/// Why a secret cannot be sealed or opened. Says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the sealed secret is damaged, or belongs to another row")]
    Damaged,
    #[error("the sealed secret has format {0}, which this version of the gateway does not know")]
    UnknownFormat(u8),
    #[error("the sealed secret needs data key {0}, which this process does not have")]
    UnknownKey(String),
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// Why the data keys of a database cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    #[error("data key {0} is wrapped by another master key")]
    Locked(String),
    #[error("data key {0} was changed in the database")]
    Damaged(String),
    #[error("a data key is missing in the database")]
    Incomplete,
}

/// Why there is no master key, or not the one there should be.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    #[error("{0} does not exist")]
    Missing(PathBuf),
    #[error("{0} does not hold a master key: 32 bytes in url-safe base64")]
    Malformed(String),
    #[error("{path} cannot be used: {cause}", path = .0.display(), cause = .1)]
    Io(PathBuf, std::io::Error),
    #[error("another process has locked {0}; is a rotation of the master key running?")]
    Locked(PathBuf),
    #[error("the system gives no random numbers")]
    NoRandom,
}
