//! Provider keys: what a caller writes to store and change them, and how they are shown. A secret goes in only.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{error::Failure, pb};

use super::{
    body::{given, unchanged},
    changes::Changes,
    query::Query,
    schemas,
    time::Time,
    words::{self, word},
};

/// A key as it is shown. `provider_name` and `key_hint` are the names that the earlier gateway had for `provider` and
/// `hint`.
#[derive(Serialize, JsonSchema)]
pub struct ProviderKey<'a> {
    id: &'a str,
    provider_name: &'a str,
    provider: &'a str,
    name: &'a str,
    key_hint: &'a str,
    hint: &'a str,
    fingerprint: &'a str,
    is_active: bool,
    is_selected: bool,
    #[schemars(schema_with = "schemas::state")]
    state: Option<&'static str>,
    state_start_time: Option<Time>,
    state_end_time: Option<Time>,
    state_reason: Option<&'a str>,
    #[schemars(schema_with = "schemas::failure_class")]
    failure_class: Option<&'static str>,
    quota_owner: Option<&'a str>,
    parameters: BTreeMap<&'a str, &'a str>,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    last_used_at: Option<Time>,
}

impl<'a> ProviderKey<'a> {
    pub fn of(key: &'a pb::ProviderKey) -> Self {
        Self {
            id: &key.id,
            provider_name: &key.provider,
            provider: &key.provider,
            name: &key.name,
            key_hint: &key.hint,
            hint: &key.hint,
            fingerprint: &key.fingerprint,
            is_active: key.active.unwrap_or(true),
            is_selected: key.selected,
            state: word(key.state, words::STATES),
            state_start_time: Time::of(&key.state_start_time),
            state_end_time: Time::of(&key.state_end_time),
            state_reason: filled(&key.state_reason),
            failure_class: key.failure_class.and_then(|class| word(class, words::FAILURES)),
            quota_owner: filled(&key.quota_owner),
            parameters: key.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            created_at: Time::of(&key.create_time),
            updated_at: Time::of(&key.update_time),
            last_used_at: Time::of(&key.last_used_time),
        }
    }
}

/// What became of deleting all keys of a provider.
#[derive(Serialize, JsonSchema)]
pub struct DeletedKeys {
    pub deleted_count: u32,
}

/// Tells of a key that is there no more.
#[derive(Serialize, JsonSchema)]
pub struct DeletedKey<'a> {
    id: &'a str,
    provider_name: &'a str,
    provider: &'a str,
}

impl<'a> DeletedKey<'a> {
    pub fn of(key: &'a pb::ProviderKeyDeleted) -> Self {
        Self { id: &key.id, provider_name: &key.provider, provider: &key.provider }
    }
}

/// What is not there is null, not an empty text.
pub fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The body of `POST /api/v1/provider-keys`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProviderKey {
    #[serde(alias = "provider")]
    #[schemars(required)]
    provider_name: Option<String>,
    #[serde(alias = "secret")]
    #[schemars(required)]
    api_key: Option<String>,
    name: Option<String>,
    quota_owner: Option<String>,
    parameters: Option<HashMap<String, String>>,
    is_active: Option<bool>,
}

impl NewProviderKey {
    pub fn into_request(self) -> Result<pb::CreateProviderKeyRequest, Failure> {
        let provider_key = pb::ProviderKey {
            provider: self.provider_name.ok_or_else(|| Failure::missing("provider_name"))?,
            name: self.name.unwrap_or_default(),
            active: self.is_active,
            quota_owner: self.quota_owner.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_default(),
            ..Default::default()
        };
        let secret = self.api_key.ok_or_else(|| Failure::missing("api_key"))?;
        Ok(pb::CreateProviderKeyRequest { provider_key: Some(provider_key), secret })
    }
}

/// The body of `PATCH /api/v1/provider-keys/{id}`: what is there is changed, and null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderKeyChanges {
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    is_active: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given", alias = "secret")]
    api_key: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    quota_owner: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    parameters: Option<Option<HashMap<String, String>>>,
    is_selected: Option<bool>,
}

/// The calls that a PATCH takes: selection is a verb of its own in the contract.
pub struct ProviderKeyCalls {
    pub update: Option<pb::UpdateProviderKeyRequest>,
    pub select: Option<bool>,
}

impl ProviderKeyChanges {
    pub fn into_calls(self, id: String) -> Result<ProviderKeyCalls, Failure> {
        let mut key = pb::ProviderKey { id, ..Default::default() };
        let mut secret = String::new();
        let mut changes = Changes::default();
        changes.set("name", self.name, &mut key.name);
        changes.set("active", self.is_active.map(Some), &mut key.active);
        changes.set("secret", self.api_key, &mut secret);
        changes.set("quota_owner", self.quota_owner, &mut key.quota_owner);
        changes.set("parameters", self.parameters, &mut key.parameters);
        if changes.is_empty() && self.is_selected.is_none() {
            return Err(unchanged("name, is_active, api_key, quota_owner, parameters, is_selected"));
        }
        let update = (!changes.is_empty()).then(|| pb::UpdateProviderKeyRequest {
            provider_key: Some(key),
            update_mask: Some(changes.into_mask()),
            secret,
        });
        Ok(ProviderKeyCalls { update, select: self.is_selected })
    }
}

/// Parameters of `GET /api/v1/provider-keys`.
pub const FILTERS: [&str; 8] =
    ["provider", "provider_name", "state", "selected", "is_selected", "text", "limit", "page_token"];

pub fn filter(query: &Query) -> Result<pb::ListProviderKeysRequest, Failure> {
    let states = query.list("state").map(|state| words::value(state, words::STATES, "state"));
    Ok(pb::ListProviderKeysRequest {
        provider: query.text(&["provider", "provider_name"])?,
        states: states.collect::<Result<_, _>>()?,
        selected: query.flag(&["selected", "is_selected"])?,
        text: query.text(&["text"])?,
        ..Default::default()
    })
}
