//! Keys: what callers show us (gateway keys) and what we show providers (provider keys).

use secrecy::SecretString;

/// Who calls, found by the gateway key. The one value that travels in request extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user_id: String,
    /// Public id of the gateway key; may be logged.
    pub key_id: String,
    pub key_name: String,
}

/// A key for a provider. `Debug` prints no secret.
#[derive(Clone, Debug)]
pub struct ProviderKey {
    /// The owner's name for it, `header` or `environment`.
    pub alias: String,
    pub secret: SecretString,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayKey {
    /// Public id, part of the key itself.
    pub id: String,
    pub user_id: String,
    pub name: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    pub active: bool,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}
