//! AES-256-GCM with a random nonce, which stands in front: nonce, ciphertext, tag.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand,
};
use zeroize::Zeroizing;

use super::error::SealError;

const TAG_LEN: usize = 16;

/// A key for the cipher. Its memory is cleared when it is dropped.
pub type KeyBytes = Zeroizing<[u8; 32]>;

pub fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut bytes[..]).map_err(|_| SealError::NoRandom)?;
    Ok(bytes)
}

/// Encrypts, and binds the result to `context`.
pub fn seal(key: &KeyBytes, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| SealError::NoRandom)?;
    // Room for the tag from the start: a buffer that grows leaves a readable copy behind.
    let mut body = Vec::with_capacity(plain.len() + TAG_LEN);
    body.extend_from_slice(plain);
    let nonce = key.seal_in_place_append_tag(Aad::from(context), &mut body).map_err(|_| SealError::NoRandom)?;
    Ok([nonce.as_ref().as_slice(), &body].concat())
}

/// Decrypts what [`seal`] made with the same key and context.
pub fn open(key: &KeyBytes, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| SealError::Damaged)?;
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::Damaged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Damaged)?;
    let mut buffer = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(context), &mut buffer).map_err(|_| SealError::Damaged)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Joins fields so that no two lists of fields look the same: each is preceded by its length.
pub fn context(fields: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for field in fields {
        joined.extend_from_slice(&(field.len() as u64).to_be_bytes());
        joined.extend_from_slice(field);
    }
    joined
}
