//! The text of a gateway key: `sk-<public id>-<secret><checksum>`.
//!
//! The public id may be logged and shown. The checksum lets secret scanners and humans tell a mistyped key from an
//! unknown one without asking anybody; it proves nothing.

use aws_lc_rs::{digest, rand};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::error::{Error, ErrorKind};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 12;
/// 256 bits in base 62.
const SECRET_LENGTH: usize = 43;
/// 32 bits in base 62.
const CHECKSUM_LENGTH: usize = 6;
/// Longer texts are no key; this bounds what a caller can make us hash.
pub const MAX_LENGTH: usize = 512;
/// A key of the operator's own that is shorter than this can be guessed sooner than it should.
const MIN_GOOD_LENGTH: usize = 32;

/// A whole gateway key. `Debug` prints no secret.
#[derive(Clone, Debug)]
pub struct GatewayKeySecret {
    public_id: String,
    text: SecretString,
}

/// Why a text cannot be a gateway key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("a gateway key has visible ASCII characters only, and no spaces")]
    Characters,
    #[error("a gateway key has 1 to {MAX_LENGTH} characters")]
    Length,
}

impl GatewayKeySecret {
    /// Makes a new key from 256 random bits.
    pub fn generate() -> Result<Self, Error> {
        let mut random = [0; 48];
        rand::fill(&mut random).map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random numbers"))?;
        let (secret, id) = random.split_at(32);
        let public_id = base62(id, ID_LENGTH);
        let body = format!("sk-{public_id}-{}", base62(secret, SECRET_LENGTH));
        let text = format!("{body}{}", checksum(&body));
        Ok(Self { public_id, text: text.into() })
    }

    /// Reads a key that [`Self::generate`] made. `None` when a character is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (public_id, rest) = text.strip_prefix("sk-")?.split_once('-')?;
        let well_formed = public_id.len() == ID_LENGTH
            && rest.len() == SECRET_LENGTH + CHECKSUM_LENGTH
            && public_id.bytes().chain(rest.bytes()).all(|b| b.is_ascii_alphanumeric());
        if !well_formed {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_LENGTH);
        (checksum(body) == sum).then(|| Self { public_id: public_id.to_owned(), text: text.into() })
    }

    /// Takes any token an operator chose. Its public id is derived from its hash unless it is a key of ours.
    pub fn from_token(text: &str) -> Result<Self, TokenError> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(TokenError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        Ok(Self::parse(text).unwrap_or_else(|| {
            let public_id = base62(&hash(text)[..16], ID_LENGTH);
            Self { public_id, text: text.into() }
        }))
    }

    pub fn public_id(&self) -> &str {
        &self.public_id
    }

    /// Returns what storage keeps: SHA-256 of the whole key. 256 random bits need no slow hash.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.text.expose_secret())
    }

    /// Returns the key itself, to be shown once.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    pub fn is_short(&self) -> bool {
        self.expose().len() < MIN_GOOD_LENGTH
    }
}

pub fn hash(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    out
}

fn checksum(body: &str) -> String {
    base62(&hash(body)[..4], CHECKSUM_LENGTH)
}

/// Writes the last `length` digits of a big-endian number in base 62.
fn base62(number: &[u8], length: usize) -> String {
    let mut number = number.to_vec();
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = ALPHABET[rest as usize];
    }
    digits.into_iter().map(char::from).collect()
}
