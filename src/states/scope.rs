//! Names the key a state is bound to without telling the key.

use aws_lc_rs::digest::{Context, SHA256};
use secrecy::ExposeSecret as _;

use crate::domain::key::ProviderKey;

/// Keeps this hash of a key apart from every other use of one.
const DOMAIN: &[u8] = b"aigateway provider state key scope v1\0";
/// 64 bits tell keys apart; they are too few to be worth anything else.
const SCOPE_BYTES: usize = 8;

/// Returns the scope of states that come with this key: the same on every replica, empty without a key.
pub fn key_scope(key: Option<&ProviderKey>) -> String {
    let Some(key) = key else { return String::new() };
    let mut hash = Context::new(&SHA256);
    hash.update(DOMAIN);
    hash.update(key.secret.expose_secret().as_bytes());
    hash.finish().as_ref().iter().take(SCOPE_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_tells_keys_apart_and_nothing_else() {
        let key = |secret: &str, alias: &str| ProviderKey::new(alias, secret);
        let scope = key_scope(Some(&key("AIza-one", "header")));
        assert_eq!(scope.len(), 16);
        assert_eq!(scope, key_scope(Some(&key("AIza-one", "environment"))), "the name of a key does not matter");
        assert_ne!(scope, key_scope(Some(&key("AIza-two", "header"))));
        assert_eq!(key_scope(None), "");
    }
}
