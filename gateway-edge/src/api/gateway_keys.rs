//! Gateway keys: what a caller writes to make and change them, and how they are shown. The key itself is shown once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{error::Failure, pb};

use super::{
    body::{given, unchanged},
    changes::Changes,
    query::Query,
    schemas,
    time::{Time, moment},
    words::{self, word},
};

#[derive(Serialize, JsonSchema)]
pub struct GatewayKey<'a> {
    id: &'a str,
    name: &'a str,
    public_id: &'a str,
    is_active: bool,
    expires_at: Option<Time>,
    #[schemars(schema_with = "schemas::scopes")]
    scopes: Vec<&'static str>,
    allowed_models: &'a [String],
    user_id: &'a str,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    last_used_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

impl<'a> GatewayKey<'a> {
    pub fn of(key: &'a pb::GatewayKey) -> Self {
        Self {
            id: &key.id,
            name: &key.name,
            public_id: &key.public_id,
            is_active: key.active.unwrap_or(true),
            expires_at: Time::of(&key.expire_time),
            scopes: key.scopes.iter().filter_map(|scope| word(*scope, words::SCOPES)).collect(),
            allowed_models: &key.allowed_models,
            user_id: &key.user_id,
            created_at: Time::of(&key.create_time),
            updated_at: Time::of(&key.update_time),
            last_used_at: Time::of(&key.last_used_time),
            api_key: None,
        }
    }

    /// Shows a new key with its text.
    pub fn with_text(self, text: &'a str) -> Self {
        Self { api_key: Some(text), ..self }
    }
}

/// The body of `POST /api/v1/keys`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGatewayKey {
    #[schemars(required)]
    name: Option<String>,
    expires_at: Option<String>,
    scopes: Option<Vec<String>>,
    allowed_models: Option<Vec<String>>,
    is_active: Option<bool>,
}

impl NewGatewayKey {
    pub fn into_request(self) -> Result<pb::CreateGatewayKeyRequest, Failure> {
        let gateway_key = pb::GatewayKey {
            name: self.name.ok_or_else(|| Failure::missing("name"))?,
            active: self.is_active,
            expire_time: self.expires_at.map(|time| moment(&time, "expires_at")).transpose()?,
            scopes: self.scopes.map(some_scopes).transpose()?.unwrap_or_default(),
            allowed_models: self.allowed_models.unwrap_or_default(),
            ..Default::default()
        };
        Ok(pb::CreateGatewayKeyRequest { gateway_key: Some(gateway_key) })
    }
}

/// The body of `PATCH /api/v1/keys/{id}`: what is there is changed, and null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayKeyChanges {
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    is_active: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    scopes: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    allowed_models: Option<Option<Vec<String>>>,
}

impl GatewayKeyChanges {
    pub fn into_request(self, id: String) -> Result<pb::UpdateGatewayKeyRequest, Failure> {
        let mut key = pb::GatewayKey { id, ..Default::default() };
        let mut changes = Changes::default();
        let until = |time: Option<String>| time.map(|time| moment(&time, "expires_at")).transpose();
        let listed = |words: Option<Vec<String>>| scopes(words.unwrap_or_default());
        changes.set("name", self.name, &mut key.name);
        changes.set("active", self.is_active.map(Some), &mut key.active);
        changes.set("expire_time", self.expires_at.map(until).transpose()?.map(Some), &mut key.expire_time);
        changes.set("scopes", self.scopes.map(listed).transpose()?.map(Some), &mut key.scopes);
        changes.set("allowed_models", self.allowed_models, &mut key.allowed_models);
        if changes.is_empty() {
            return Err(unchanged("name, is_active, expires_at, scopes, allowed_models"));
        }
        Ok(pb::UpdateGatewayKeyRequest { gateway_key: Some(key), update_mask: Some(changes.into_mask()) })
    }
}

/// No scopes at all would mean those of the key in use: surely not what an empty list asks for.
fn some_scopes(words: Vec<String>) -> Result<Vec<i32>, Failure> {
    if words.is_empty() {
        let message = "Invalid 'scopes': empty array; leave it out for the scopes of the key in use.";
        return Err(Failure::invalid("scopes", message).with_code("empty_array"));
    }
    scopes(words)
}

fn scopes(words: Vec<String>) -> Result<Vec<i32>, Failure> {
    words.iter().map(|scope| words::value(scope, words::SCOPES, "scopes")).collect()
}

/// Parameters of `GET /api/v1/keys`.
pub const FILTERS: [&str; 4] = ["active", "is_active", "limit", "page_token"];

pub fn filter(query: &Query) -> Result<pb::ListGatewayKeysRequest, Failure> {
    Ok(pb::ListGatewayKeysRequest { active: query.flag(&["active", "is_active"])?, ..Default::default() })
}
