//! Gateway keys between the contract and the domain.

use prost_types::Timestamp;

use super::{convert_keys::time_to_pb, field_mask::Named};
use crate::{
    admin::gateway_keys::CreateKey,
    domain::{
        error::{Error, Result},
        key::{GatewayKey, GatewayKeyChange},
        scope::{ModelPatterns, Scope, Scopes},
    },
    pb::{self, GatewayKeyScope},
};

/// What an update of a gateway key may name.
const EDITABLE: [&str; 7] = ["name", "active", "expire_time", "scopes", "allowed_models", "rate_limit", "budget"];

pub fn key_to_pb(key: GatewayKey) -> pb::GatewayKey {
    pb::GatewayKey {
        public_id: key.id.clone(),
        id: key.id,
        name: key.name,
        active: Some(key.active),
        expire_time: key.expires_ms.map(time_to_pb),
        scopes: key.scopes.iter().map(|scope| scope_to_pb(scope).into()).collect(),
        allowed_models: key.models.as_slice().to_vec(),
        rate_limit: None,
        budget: None,
        user_id: key.user_id,
        create_time: Some(time_to_pb(key.created_ms)),
        update_time: Some(time_to_pb(key.updated_ms)),
        last_used_time: key.last_used_ms.map(time_to_pb),
    }
}

pub fn new_key_of(request: pb::CreateGatewayKeyRequest) -> Result<CreateKey> {
    let key = required(request.gateway_key)?;
    refuse_limits(&key)?;
    Ok(CreateKey {
        name: key.name,
        active: key.active.unwrap_or(true),
        expires_ms: key.expire_time.map(expiry_of).transpose()?,
        scopes: scopes_of(&key.scopes)?,
        models: ModelPatterns::new(key.allowed_models),
    })
}

/// Returns the id of the key and what to change of it.
pub fn change_of(request: pb::UpdateGatewayKeyRequest) -> Result<(String, GatewayKeyChange)> {
    let key = required(request.gateway_key)?;
    if key.id.is_empty() {
        return Err(Error::invalid("gateway_key.id", "gateway_key.id is required: the key to change"));
    }
    let named = Named::read(request.update_mask, &EDITABLE)?;
    if named.has("rate_limit") || named.has("budget") {
        refuse_limits(&key)?;
    }
    let active = named.pick("active", key.active).map(|active| {
        active.ok_or_else(|| Error::invalid("gateway_key.active", "active cannot be cleared; set true or false"))
    });
    let change = GatewayKeyChange {
        name: named.pick("name", key.name),
        active: active.transpose()?,
        expires_ms: named
            .pick("expire_time", key.expire_time)
            .map(|time| time.map(expiry_of).transpose())
            .transpose()?,
        scopes: named.pick("scopes", scopes_of(&key.scopes)).transpose()?,
        models: named.pick("allowed_models", ModelPatterns::new(key.allowed_models)),
    };
    if change.scopes.is_some_and(Scopes::is_empty) {
        return Err(Error::invalid(
            "gateway_key.scopes",
            "scopes cannot be cleared: a key that may do nothing is of no use",
        ));
    }
    Ok((key.id, change))
}

fn required(key: Option<pb::GatewayKey>) -> Result<pb::GatewayKey> {
    key.ok_or_else(|| Error::invalid("gateway_key", "gateway_key is required"))
}

fn refuse_limits(key: &pb::GatewayKey) -> Result<()> {
    let set = [("rate_limit", key.rate_limit.is_some()), ("budget", key.budget.is_some())];
    match set.into_iter().find(|(_, set)| *set) {
        Some((name, _)) => {
            let message = format!("{name} is not available in this version; leave it out");
            Err(Error::invalid(format!("gateway_key.{name}"), message))
        }
        None => Ok(()),
    }
}

/// Reads a time that may be far away, but has a four-digit year.
fn expiry_of(time: Timestamp) -> Result<i64> {
    const LAST_SECOND: i64 = 253_402_300_799;
    if !(0..=LAST_SECOND).contains(&time.seconds) || !(0..1_000_000_000).contains(&time.nanos) {
        return Err(Error::invalid("gateway_key.expire_time", "expire_time is no time from 1970 to 9999"));
    }
    Ok(time.seconds * 1000 + i64::from(time.nanos / 1_000_000))
}

fn scopes_of(scopes: &[i32]) -> Result<Scopes> {
    let scope = |(n, scope): (usize, &i32)| match GatewayKeyScope::try_from(*scope).unwrap_or_default() {
        GatewayKeyScope::Unspecified => {
            let known = Scope::ALL.map(|scope| scope_to_pb(scope).as_str_name()).join(", ");
            Err(Error::invalid(format!("gateway_key.scopes[{n}]"), format!("this is no scope; the scopes are {known}")))
        }
        GatewayKeyScope::Models => Ok(Scope::Models),
        GatewayKeyScope::Keys => Ok(Scope::Keys),
        GatewayKeyScope::Activity => Ok(Scope::Activity),
    };
    scopes.iter().enumerate().map(scope).collect()
}

fn scope_to_pb(scope: Scope) -> GatewayKeyScope {
    match scope {
        Scope::Models => GatewayKeyScope::Models,
        Scope::Keys => GatewayKeyScope::Keys,
        Scope::Activity => GatewayKeyScope::Activity,
    }
}

#[cfg(test)]
mod tests {
    use prost_types::FieldMask;

    use super::*;

    fn update(paths: &[&str], key: pb::GatewayKey) -> Result<GatewayKeyChange> {
        let update_mask = Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() });
        let gateway_key = Some(pb::GatewayKey { id: "k".into(), ..key });
        change_of(pb::UpdateGatewayKeyRequest { gateway_key, update_mask }).map(|(_, change)| change)
    }

    fn time(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos: 5_000_000 })
    }

    #[test]
    fn an_update_changes_what_it_names() {
        let key = || pb::GatewayKey {
            name: "n".into(),
            active: Some(false),
            expire_time: time(2),
            scopes: vec![2, 3],
            allowed_models: vec!["a".into()],
            ..pb::GatewayKey::default()
        };
        let all = GatewayKeyChange {
            name: Some("n".into()),
            active: Some(false),
            expires_ms: Some(Some(2005)),
            scopes: Some([Scope::Keys, Scope::Activity].into_iter().collect()),
            models: Some(ModelPatterns::new(["a".to_owned()])),
        };
        assert_eq!(update(&["name", "active", "expire_time", "scopes", "allowed_models"], key()).unwrap(), all);
        let name = GatewayKeyChange { name: Some("n".into()), ..GatewayKeyChange::default() };
        assert_eq!(update(&["name"], key()).unwrap(), name);
        let cleared =
            GatewayKeyChange { expires_ms: Some(None), models: Some(ModelPatterns::default()), ..Default::default() };
        let paths = ["expire_time", "allowed_models", "rate_limit", "budget"];
        assert_eq!(update(&paths, pb::GatewayKey::default()).unwrap(), cleared);
    }

    #[test]
    fn wrong_fields_are_named() {
        let none = pb::GatewayKey::default;
        for (path, key, field) in [
            ("active", none(), "gateway_key.active"),
            ("scopes", none(), "gateway_key.scopes"),
            ("scopes", pb::GatewayKey { scopes: vec![1, 0], ..none() }, "gateway_key.scopes[1]"),
            ("scopes", pb::GatewayKey { scopes: vec![9], ..none() }, "gateway_key.scopes[0]"),
            ("expire_time", pb::GatewayKey { expire_time: time(i64::MAX), ..none() }, "gateway_key.expire_time"),
            ("expire_time", pb::GatewayKey { expire_time: time(-1), ..none() }, "gateway_key.expire_time"),
            ("rate_limit", pb::GatewayKey { rate_limit: Some(Default::default()), ..none() }, "gateway_key.rate_limit"),
            ("budget", pb::GatewayKey { budget: Some(Default::default()), ..none() }, "gateway_key.budget"),
            ("user_id", none(), "update_mask"),
        ] {
            assert_eq!(update(&[path], key).unwrap_err().field.as_deref(), Some(field));
        }
        let create = |key| new_key_of(pb::CreateGatewayKeyRequest { gateway_key: key }).unwrap_err().field.unwrap();
        assert_eq!(create(None), "gateway_key");
        let limited = pb::GatewayKey { rate_limit: Some(Default::default()), ..none() };
        assert_eq!(create(Some(limited)), "gateway_key.rate_limit");
    }
}
