//! The keys that encrypt what is stored, as storage keeps them: wrapped.

/// What a data key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Seals secrets.
    Seal,
    /// Makes the keyed hash by which equal secrets are recognized.
    Fingerprint,
}

impl Purpose {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Fingerprint => "fingerprint",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Seal, Self::Fingerprint].into_iter().find(|purpose| purpose.name() == text)
    }
}

/// A data key, wrapped by a master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    pub id: String,
    /// Names the master key without telling anything of it.
    pub master_id: String,
    pub purpose: Purpose,
    pub wrapped: Vec<u8>,
    /// When the data key was made, in Unix milliseconds; the same in all its wrappings.
    pub created_ms: i64,
    /// When this master key wrapped it.
    pub wrapped_ms: i64,
}
