//! Names a provider key without holding it.

use std::fmt;

use aws_lc_rs::digest;
use secrecy::ExposeSecret as _;

use crate::domain::key::ProviderKey;

/// The hash of a provider key: what is remembered for a key is found by it. `Debug` prints nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyHash([u8; 32]);

impl KeyHash {
    /// Requests without a key share one hash.
    pub(super) fn of(key: Option<&ProviderKey>) -> Self {
        Self(sha256(&[key.map(|key| key.secret.expose_secret()).unwrap_or_default().as_bytes()]))
    }

    /// Tells one secret from itself where it is used with other parameters.
    pub(super) fn with_parameters(key: &ProviderKey) -> Self {
        // No header carries a zero, so no secret has one.
        let named = key.parameters.iter().flat_map(|(name, value)| ["\0", name, "\0", value]);
        let pieces: Vec<&[u8]> = [key.secret.expose_secret()].into_iter().chain(named).map(str::as_bytes).collect();
        Self(sha256(&pieces))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

/// Returns the SHA-256 of the pieces, one after the other.
pub(super) fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
