//! The keys one request may use, in the order they are tried.

use std::{collections::HashMap, sync::Arc};

use crate::domain::{
    error::{Error, ErrorKind, Result},
    key::{ProviderKey, RequestKeyScope, RequestKeys},
    model::{ProviderInfo, Target},
};

/// Where a request goes and with which keys.
#[derive(Debug)]
pub struct Plan {
    pub target: Target,
    /// Empty when the provider needs none.
    pub keys: Vec<Arc<ProviderKey>>,
}

/// Keys from the environment and the configuration, by provider name: the last resort of every request.
#[derive(Debug, Default)]
pub struct FallbackKeys(pub HashMap<String, Arc<ProviderKey>>);

impl FallbackKeys {
    pub fn has(&self, provider: &str) -> bool {
        self.0.contains_key(provider)
    }
}

/// Returns the keys at hand for a provider: the one of the request header, then the fallback key.
pub fn keys_for(provider: &ProviderInfo, sent: &RequestKeys, fallback: &FallbackKeys) -> Vec<Arc<ProviderKey>> {
    let mut keys = Vec::with_capacity(2);
    let is_for = |scope: &RequestKeyScope| match scope {
        RequestKeyScope::Provider(name) => *name == provider.name,
        RequestKeyScope::Configured => provider.configured,
    };
    if let Some((_, secret)) = sent.0.iter().find(|(scope, _)| is_for(scope)) {
        keys.push(Arc::new(ProviderKey::new("header", secret.clone())));
    }
    keys.extend(fallback.0.get(&provider.name).cloned());
    keys
}

/// Returns the plan for a resolved target: the key of the request header, then the fallback key.
pub fn plan(target: Target, provider: &ProviderInfo, sent: &RequestKeys, fallback: &FallbackKeys) -> Result<Plan> {
    if !provider.needs_key {
        return Ok(Plan { target, keys: Vec::new() });
    }
    let keys = keys_for(provider, sent, fallback);
    if keys.is_empty() {
        let message = format!("there is no key for provider {}: {}", provider.name, provider.key_hint);
        return Err(Error::new(ErrorKind::ProviderKeysExhausted, message).with("provider", &provider.name));
    }
    Ok(Plan { target, keys })
}

#[cfg(test)]
mod tests;
