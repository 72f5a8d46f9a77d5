//! What the fields of a provider key may hold.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    admin::key_kinds::KeyKind,
    domain::error::{Error, Result},
};

const MAX_NAME: usize = 100;
const MAX_SECRET: usize = 4096;
/// Characters of a secret that are shown, as long as that is not more than a quarter of it.
const HINT: usize = 4;
/// Shorter ones are no keys of any provider, and stand in a text by chance.
const SHORTEST_HIDDEN: usize = 16;

/// Checks a name; it may be empty.
pub fn name(text: &str) -> Result<String> {
    short_text(text, "provider_key.name", "the name")
}

pub fn quota_owner(text: &str) -> Result<String> {
    short_text(text, "provider_key.quota_owner", "the quota owner")
}

/// Returns the secret without the space around it. No message repeats any of it.
pub fn secret(text: &SecretString) -> Result<SecretString> {
    let secret = text.expose_secret().trim();
    let problem = match secret.len() {
        0 => "secret is required: the key as the provider issued it",
        n if n > MAX_SECRET => "secret is longer than 4096 characters; send the key alone",
        _ if !secret.bytes().all(|byte| byte.is_ascii_graphic()) => {
            "secret holds space, control or other characters that no key has; send the key alone"
        }
        _ => return Ok(secret.into()),
    };
    Err(Error::invalid("secret", problem))
}

/// Refuses a text that has the secret in it: it is shown in lists and in the log of activity.
pub fn refuse_secret(text: &str, field: &str, secret: &SecretString) -> Result<()> {
    let secret = secret.expose_secret();
    if secret.len() >= SHORTEST_HIDDEN && text.contains(secret) {
        return Err(Error::invalid(
            field,
            "the text has the secret in it, and everybody sees it; write something else",
        ));
    }
    Ok(())
}

pub fn parameters(kind: &KeyKind, parameters: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    kind.check_parameters(&parameters, "provider_key.parameters")?;
    Ok(parameters)
}

/// Returns the last characters of a secret, by which people recognize it.
pub fn hint(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    let shown = HINT.min(secret.len() / 4);
    secret.get(secret.len() - shown..).unwrap_or_default().to_owned()
}

/// Makes a name for a key that has none.
pub fn name_from(provider: &str, hint: &str) -> String {
    if hint.is_empty() { provider.to_owned() } else { format!("{provider} …{hint}") }
}

fn short_text(text: &str, field: &str, what: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("{what} must have at most {MAX_NAME} visible characters")));
    }
    Ok(text.to_owned())
}
