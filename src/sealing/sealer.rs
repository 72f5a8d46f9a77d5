//! Seals secrets and opens them. A sealed secret is one byte of format, the id of the data key, then what the cipher
//! made: nonce, ciphertext, tag.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    cipher,
    data_key::{DataKeyId, ID_LEN},
    error::SealError,
    place::Place,
    ring::Ring,
};

const FORMAT: u8 = 1;
/// Every table keeps sealed secrets in a column of this name.
const COLUMN: &str = "secret";

/// Seals and opens with the data keys at hand. Shared by all.
pub struct Sealer {
    ring: ArcSwap<Ring>,
}

impl Sealer {
    pub fn new(ring: Ring) -> Self {
        Self { ring: ArcSwap::from_pointee(ring) }
    }

    /// A sealer with data keys of its own, which are stored nowhere.
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self::new(Ring::generate(0)?))
    }

    /// Takes over the data keys of the database.
    pub fn replace(&self, ring: Ring) {
        self.ring.store(Arc::new(ring));
    }

    /// Returns the data keys at hand.
    pub fn ring(&self) -> Arc<Ring> {
        self.ring.load_full()
    }

    /// Seals a secret for its place with the newest data key.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>, SealError> {
        let ring = self.ring.load();
        let key = ring.newest();
        let body = cipher::seal(&key.secret, &context(key.id, place), secret.expose_secret().as_bytes())?;
        Ok([&[FORMAT], key.id.0.as_slice(), &body].concat())
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, SealError> {
        let (id, body) = split(sealed)?;
        let ring = self.ring.load();
        let key = ring.find(id).ok_or_else(|| SealError::UnknownKey(id.to_string()))?;
        let plain = cipher::open(&key.secret, &context(id, place), body)?;
        let text = str::from_utf8(&plain).map_err(|_| SealError::Damaged)?;
        Ok(text.into())
    }

    /// Returns whether this was sealed with the newest data key.
    pub fn is_newest(&self, sealed: &[u8]) -> bool {
        split(sealed).is_ok_and(|(id, _)| id == self.ring.load().newest().id)
    }

    /// Returns the keyed hash by which equal secrets of one provider are recognized. Rotations do not change it.
    pub fn fingerprint(&self, provider: &str, secret: &SecretString) -> String {
        let ring = self.ring.load();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &ring.fingerprint().secret[..]);
        let mut hash = hmac::Context::with_key(&key);
        hash.update(&cipher::context(&[provider.as_bytes()]));
        hash.update(secret.expose_secret().as_bytes());
        hash.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns the id of the data key, and what the cipher made.
fn split(sealed: &[u8]) -> Result<(DataKeyId, &[u8]), SealError> {
    let (format, rest) = sealed.split_first().ok_or(SealError::Damaged)?;
    if *format != FORMAT {
        return Err(SealError::UnknownFormat(*format));
    }
    let (id, body) = rest.split_first_chunk::<ID_LEN>().ok_or(SealError::Damaged)?;
    Ok((DataKeyId(*id), body))
}

/// What a sealed secret is bound to.
fn context(id: DataKeyId, place: Place<'_>) -> Vec<u8> {
    let Place { table, id: row, owner } = place;
    cipher::context(&[
        b"ai-model-gateway sealed secret",
        &[FORMAT],
        &id.0,
        table.as_bytes(),
        COLUMN.as_bytes(),
        row.as_bytes(),
        owner.as_bytes(),
    ])
}
