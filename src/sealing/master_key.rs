//! The key that wraps the data keys. It comes from outside the database and never goes in.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{
    cipher::{self, KeyBytes},
    data_key::{DataKey, DataKeyId},
    error::SealError,
};
use crate::domain::data_key::WrappedKey;

/// With or without the `=` at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A master key. `Debug` prints its id only.
pub struct MasterKey {
    id: String,
    secret: KeyBytes,
}

impl MasterKey {
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self::new(cipher::random()?))
    }

    /// Reads 32 bytes in url-safe base64. White space around them does no harm.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).ok()?);
        let mut secret = KeyBytes::default();
        (bytes.len() == secret.len()).then(|| secret.copy_from_slice(&bytes))?;
        Some(Self::new(secret))
    }

    /// Returns what [`Self::parse`] reads.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.secret[..]))
    }

    /// Names the key and tells nothing of it: may be stored, shown and logged.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Wraps a data key for the database.
    pub fn wrap(&self, key: &DataKey, now_ms: i64) -> Result<WrappedKey, SealError> {
        let mut row = WrappedKey {
            id: key.id.to_string(),
            master_id: self.id.clone(),
            purpose: key.purpose,
            wrapped: Vec::new(),
            created_ms: key.created_ms,
            wrapped_ms: now_ms,
        };
        row.wrapped = cipher::seal(&self.secret, &context(&row), &key.secret[..])?;
        Ok(row)
    }

    /// Opens what [`Self::wrap`] made. Nothing in the row but the time of the wrapping may have changed.
    pub fn unwrap(&self, row: &WrappedKey) -> Result<DataKey, SealError> {
        let id = DataKeyId::parse(&row.id).ok_or(SealError::Damaged)?;
        let plain = cipher::open(&self.secret, &context(row), &row.wrapped)?;
        let mut secret = KeyBytes::default();
        if plain.len() != secret.len() {
            return Err(SealError::Damaged);
        }
        secret.copy_from_slice(&plain);
        Ok(DataKey { id, purpose: row.purpose, created_ms: row.created_ms, secret })
    }

    fn new(secret: KeyBytes) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret[..]);
        let hash = hmac::sign(&key, b"ai-model-gateway master key id");
        let id = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { id, secret }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// What a wrapped key is bound to.
fn context(row: &WrappedKey) -> Vec<u8> {
    cipher::context(&[
        b"ai-model-gateway data key",
        row.id.as_bytes(),
        row.purpose.name().as_bytes(),
        row.master_id.as_bytes(),
        &row.created_ms.to_be_bytes(),
    ])
}
