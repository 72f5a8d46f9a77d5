//! Keys: what callers show us (gateway keys) and what we show providers (provider keys).

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{
    health::Health,
    scope::{ModelPatterns, Scopes},
};

/// Who calls, found by the gateway key. The one value that travels in request extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub user_id: String,
    /// Public id of the gateway key; may be logged.
    pub key_id: String,
    pub key_name: String,
    pub scopes: Scopes,
    /// Models the key may use.
    pub models: ModelPatterns,
}

/// A key for a provider, as requests use it. `Debug` prints no secret.
#[derive(Clone, Debug)]
pub struct ProviderKey {
    /// Id of the stored key; empty for a key of a request header or the environment.
    pub id: String,
    /// The owner's name for it, `header` or `environment`.
    pub alias: String,
    pub secret: SecretString,
    /// What the provider needs beside the secret, such as an OAuth `scope`.
    pub parameters: BTreeMap<String, String>,
}

impl ProviderKey {
    /// A key that is not stored.
    pub fn new(alias: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { id: String::new(), alias: alias.into(), secret: secret.into(), parameters: BTreeMap::new() }
    }
}

/// Something a provider needs beside the secret of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyParameter {
    pub name: &'static str,
    pub values: &'static [&'static str],
}

/// A provider key as its owner sees it: everything but the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub id: String,
    pub user_id: String,
    pub provider: String,
    pub name: String,
    /// What the owner wants; the gateway never changes it.
    pub active: bool,
    /// The one that requests try first. A preference, not a state.
    pub selected: bool,
    /// What the gateway has found out; owners never change it directly.
    pub health: Health,
    /// Project or account whose quota it shares; empty when it has its own.
    pub quota_owner: String,
    /// Last characters of the secret.
    pub hint: String,
    /// Keyed hash of the secret in hexadecimal.
    pub fingerprint: String,
    pub parameters: BTreeMap<String, String>,
    /// Grows with every new secret.
    pub secret_version: i64,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub updated_ms: i64,
    pub last_used_ms: Option<i64>,
}

/// Provider keys a caller sends along with one request, by provider name.
#[derive(Clone, Debug, Default)]
pub struct RequestKeys(pub Vec<(RequestKeyScope, SecretString)>);

/// Which provider a key from a request header is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKeyScope {
    Provider(String),
    /// `x-provider-api-key`: whichever configured provider the model belongs to.
    Configured,
}

/// A gateway key as storage keeps it: its hash, never the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayKey {
    /// Public id, part of the key itself.
    pub id: String,
    pub user_id: String,
    pub name: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    pub active: bool,
    pub scopes: Scopes,
    pub models: ModelPatterns,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub updated_ms: i64,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
}

/// What to change of a gateway key; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayKeyChange {
    pub name: Option<String>,
    pub active: Option<bool>,
    pub expires_ms: Option<Option<i64>>,
    pub scopes: Option<Scopes>,
    pub models: Option<ModelPatterns>,
}
