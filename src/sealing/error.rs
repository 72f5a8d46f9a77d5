//! What can go wrong with sealing.

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
