//! Provider keys between the contract and the domain.

use prost_types::Timestamp;
use secrecy::SecretString;

use super::{convert_usage::class_to_pb, field_mask::Named};
use crate::{
    admin::provider_keys::{EditKey, KeyFilter, KeyStatus, NewKey, Status, status_of},
    domain::{
        error::{Error, Result},
        key::StoredKey,
    },
    pb,
};

/// What an update of a provider key may name.
const EDITABLE: [&str; 5] = ["name", "active", "quota_owner", "parameters", "secret"];

/// Converts Unix milliseconds.
pub fn time_to_pb(ms: i64) -> Timestamp {
    // A remainder of a thousand fits.
    Timestamp { seconds: ms.div_euclid(1000), nanos: (ms.rem_euclid(1000) * 1_000_000) as i32 }
}

pub fn key_to_pb(key: StoredKey, now_ms: i64) -> pb::ProviderKey {
    let Status { status, since_ms, until_ms, reason, class } = status_of(&key, now_ms);
    pb::ProviderKey {
        id: key.id,
        provider: key.provider,
        name: key.name,
        active: Some(key.active),
        selected: key.selected,
        state: status_to_pb(status).into(),
        state_end_time: until_ms.map(time_to_pb),
        state_reason: reason,
        failure_class: class.map(|class| class_to_pb(class).into()),
        quota_owner: key.quota_owner,
        hint: key.hint,
        fingerprint: key.fingerprint,
        parameters: key.parameters.into_iter().collect(),
        create_time: Some(time_to_pb(key.created_ms)),
        update_time: Some(time_to_pb(key.updated_ms)),
        last_used_time: key.last_used_ms.map(time_to_pb),
        state_start_time: since_ms.map(time_to_pb),
    }
}

fn status_to_pb(status: KeyStatus) -> pb::ProviderKeyState {
    match status {
        KeyStatus::Active => pb::ProviderKeyState::Active,
        KeyStatus::Cooling => pb::ProviderKeyState::Cooling,
        KeyStatus::QuotaExhausted => pb::ProviderKeyState::QuotaExhausted,
        KeyStatus::Invalid => pb::ProviderKeyState::Invalid,
        KeyStatus::Disabled => pb::ProviderKeyState::Disabled,
    }
}

fn status_of_pb(state: i32) -> Result<KeyStatus> {
    match pb::ProviderKeyState::try_from(state).unwrap_or_default() {
        pb::ProviderKeyState::Unspecified => Err(Error::invalid("states", "states has an unknown value")),
        pb::ProviderKeyState::Active => Ok(KeyStatus::Active),
        pb::ProviderKeyState::Cooling => Ok(KeyStatus::Cooling),
        pb::ProviderKeyState::QuotaExhausted => Ok(KeyStatus::QuotaExhausted),
        pb::ProviderKeyState::Invalid => Ok(KeyStatus::Invalid),
        pb::ProviderKeyState::Disabled => Ok(KeyStatus::Disabled),
    }
}

pub fn filter_of(request: pb::ListProviderKeysRequest) -> Result<KeyFilter> {
    Ok(KeyFilter {
        provider: request.provider,
        statuses: request.states.into_iter().map(status_of_pb).collect::<Result<_>>()?,
        selected: request.selected,
        text: request.text,
    })
}

pub fn new_key_of(request: pb::CreateProviderKeyRequest) -> Result<NewKey> {
    let key = required(request.provider_key)?;
    Ok(NewKey {
        provider: key.provider,
        name: key.name,
        secret: SecretString::from(request.secret),
        active: key.active.unwrap_or(true),
        quota_owner: key.quota_owner,
        parameters: key.parameters.into_iter().collect(),
    })
}

/// Returns the id of the key and what to change of it.
pub fn edit_of(request: pb::UpdateProviderKeyRequest) -> Result<(String, EditKey)> {
    let key = required(request.provider_key)?;
    if key.id.is_empty() {
        return Err(Error::invalid("provider_key.id", "provider_key.id is required: the key to change"));
    }
    let named = Named::read(request.update_mask, &EDITABLE)?;
    if !named.has("secret") && !request.secret.is_empty() {
        return Err(Error::invalid("secret", "there is a new secret, but update_mask does not name `secret`"));
    }
    let active = named.pick("active", key.active).map(|active| {
        active.ok_or_else(|| Error::invalid("provider_key.active", "active cannot be cleared; set true or false"))
    });
    let edit = EditKey {
        name: named.pick("name", key.name),
        active: active.transpose()?,
        quota_owner: named.pick("quota_owner", key.quota_owner),
        parameters: named.pick("parameters", key.parameters.into_iter().collect()),
        secret: named.pick("secret", SecretString::from(request.secret)),
    };
    Ok((key.id, edit))
}

fn required(key: Option<pb::ProviderKey>) -> Result<pb::ProviderKey> {
    key.ok_or_else(|| Error::invalid("provider_key", "provider_key is required"))
}
