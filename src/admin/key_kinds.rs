//! What is known of the keys of each provider before one is stored.

use std::collections::BTreeMap;

use crate::domain::error::{Error, Result};

/// The keys of one provider.
#[derive(Clone, Debug, Default)]
pub struct KeyKind {
    /// Names of what the provider needs beside the secret, such as `scope`.
    pub parameters: &'static [&'static str],
    /// Environment variables that usually hold such a key; imports of `.env` files look for them.
    pub variables: Vec<String>,
}

/// The providers that take keys, by name.
#[derive(Clone, Debug, Default)]
pub struct KeyKinds(pub BTreeMap<String, KeyKind>);

impl KeyKinds {
    /// Returns what is known of a provider's keys, or an error that names `field` and the providers there are.
    pub fn get(&self, provider: &str, field: &str) -> Result<&KeyKind> {
        self.0.get(provider).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let shown: String = provider.chars().take(64).collect();
            let message = format!("{shown:?} is no provider that takes keys; there are {}", known.join(", "));
            Error::invalid(field, message)
        })
    }
}
