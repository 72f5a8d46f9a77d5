//! The keys one request may use, in the order they are tried.

use std::{collections::HashMap, sync::Arc};

use super::{
    candidate::Candidate,
    key_pool::{KeyPool, Live, Ring},
};
use crate::domain::{
    error::{Error, ErrorKind, Result},
    health::Health,
    key::{Caller, ProviderKey, RequestKeyScope, RequestKeys},
    model::{ProviderInfo, Target},
};

/// Where a request goes and with which keys.
#[derive(Debug)]
pub struct Plan {
    pub target: Target,
    /// Empty when the provider needs none.
    pub keys: Vec<Candidate>,
    /// Keys of the caller's user that are stored for the provider; `None` when none may be used.
    pub ring: Option<Arc<Ring>>,
    /// The owner's choices of a selected key as they were when the request began.
    pub choice: u64,
    pub asked: Asked,
}

/// Who asked for what, as the records will tell it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub caller: Arc<Caller>,
    pub request_id: String,
    /// Id of the model, with its prefix.
    pub model_id: String,
}

/// Keys from the environment and the configuration, by provider name: the last resort of every request.
#[derive(Debug, Default)]
pub struct FallbackKeys(HashMap<String, Fallback>);

#[derive(Debug)]
struct Fallback {
    key: Arc<ProviderKey>,
    /// What is remembered of it for requests that have a key in the header and none stored.
    live: Arc<Live>,
}

impl FallbackKeys {
    pub fn new(keys: impl IntoIterator<Item = (String, Arc<ProviderKey>)>) -> Self {
        let live = || Arc::new(Live::new(Health::default()));
        Self(keys.into_iter().map(|(provider, key)| (provider, Fallback { key, live: live() })).collect())
    }

    pub fn has(&self, provider: &str) -> bool {
        self.0.contains_key(provider)
    }

    /// Returns the key as a request may use it that has others before it, or none.
    fn after(&self, others: &[Candidate], ring: Option<&Ring>, provider: &str) -> Option<Candidate> {
        let Fallback { key, live } = self.0.get(provider)?;
        let live = ring.map_or(live, |ring| &ring.shared.fallback);
        Some(Candidate::Fallback(key.clone(), (!others.is_empty()).then(|| live.clone())))
    }
}

/// Where keys come from, beside the request itself.
#[derive(Clone)]
pub struct KeySources {
    pub pool: Arc<KeyPool>,
    pub fallback: Arc<FallbackKeys>,
}

impl KeySources {
    /// Returns the plan for a resolved target.
    pub fn plan(&self, target: Target, provider: &ProviderInfo, asked: Asked, sent: &RequestKeys) -> Result<Plan> {
        if !provider.needs_key {
            return Ok(Plan { target, keys: Vec::new(), ring: None, choice: 0, asked });
        }
        let ring = self.ring(&asked.caller.user_id, provider);
        let keys = self.candidates(provider, ring.as_deref(), sent);
        if keys.is_empty() {
            let (name, hint) = (&provider.name, &provider.key_hint);
            let message = match self.pool.ring(&asked.caller.user_id, name) {
                Some(_) => format!("the keys stored for provider {name} are switched off: switch one on, {hint}"),
                None => format!("there is no key for provider {name}: {hint}"),
            };
            return Err(Error::new(ErrorKind::ProviderKeysExhausted, message).with("provider", &provider.name));
        }
        let choice = ring.as_ref().map_or(0, |ring| ring.shared.selection.choice());
        Ok(Plan { target, keys, ring, choice, asked })
    }

    /// Returns the key a user's request would be tried with first, if nothing fails. Nothing is claimed.
    pub fn first(
        &self,
        provider: &ProviderInfo,
        user_id: &str,
        sent: &RequestKeys,
        now_ms: i64,
    ) -> Option<Arc<ProviderKey>> {
        let ring = self.ring(user_id, provider);
        let keys = self.candidates(provider, ring.as_deref(), sent);
        let usable = |key: &&Candidate| key.live().is_none_or(|live| live.usable_in_ms(now_ms) == Some(0));
        keys.iter().find(usable).map(|key| key.key().clone())
    }

    /// Whether a user's request has a key to be tried with, now or later.
    pub fn has_any(&self, provider: &ProviderInfo, user_id: &str, sent: &RequestKeys) -> bool {
        !self.candidates(provider, self.ring(user_id, provider).as_deref(), sent).is_empty()
    }

    /// Returns a user's keys for the provider, unless all are switched off.
    fn ring(&self, user_id: &str, provider: &ProviderInfo) -> Option<Arc<Ring>> {
        self.pool.ring(user_id, &provider.name).filter(|ring| ring.in_order().next().is_some())
    }

    /// The key of the request header, the stored keys in their order, then the fallback key.
    fn candidates(&self, provider: &ProviderInfo, ring: Option<&Ring>, sent: &RequestKeys) -> Vec<Candidate> {
        let is_for = |scope: &RequestKeyScope| match scope {
            RequestKeyScope::Provider(name) => *name == provider.name,
            RequestKeyScope::Configured => provider.configured,
        };
        let mut keys = Vec::with_capacity(2 + ring.map_or(0, |ring| ring.keys.len()));
        if let Some((_, secret)) = sent.0.iter().find(|(scope, _)| is_for(scope)) {
            keys.push(Candidate::Header(Arc::new(ProviderKey::new("header", secret.clone()))));
        }
        keys.extend(ring.into_iter().flat_map(Ring::in_order).cloned().map(Candidate::Stored));
        keys.extend(self.fallback.after(&keys, ring, &provider.name));
        keys
    }
}

#[cfg(test)]
mod tests;
