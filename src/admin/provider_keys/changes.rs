//! What owners change: validate, write, tell, publish. The entry of the activity log comes right after the write, so that
//! a caller who hangs up in between does not hide the change.

use std::collections::BTreeMap;

use secrecy::SecretString;
use uuid::Uuid;

use super::{
    fields,
    keys::{ProviderKeys, not_found},
    told::{about, changes},
};
use crate::{
    admin::{actor::Actor, errors::from_store},
    domain::{
        activity::Action,
        error::{Error, ErrorKind, Result},
        health::Health,
        key::StoredKey,
    },
    sealing::{Place, SealError},
    storage::{Edited, Insertion, KeyEdit, KeyName, NewSecret, Replaced, SealedKey},
};

/// Most keys a user may have.
const MAX_KEYS: i64 = 10_000;

/// What a new key shall be. Names and numbers as sent; [`ProviderKeys::prepare`] checks them.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub provider: String,
    pub name: String,
    pub secret: SecretString,
    pub active: bool,
    pub quota_owner: String,
    pub parameters: BTreeMap<String, String>,
}

/// What shall be changed. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct EditKey {
    pub name: Option<String>,
    pub active: Option<bool>,
    pub quota_owner: Option<String>,
    pub parameters: Option<BTreeMap<String, String>>,
    pub secret: Option<SecretString>,
}

impl ProviderKeys {
    /// Stores a key.
    pub async fn create(&self, actor: &Actor, new: NewKey) -> Result<StoredKey> {
        let key = self.prepare(actor, new)?;
        let stored = key.stored.clone();
        match self.add(actor, &[key], Action::Add, false).await?.pop() {
            Some(Insertion::Stored) => Ok(self.find(&stored.user_id, &stored.id).unwrap_or(stored)),
            Some(Insertion::Exists(other)) => Err(exists(&other)),
            Some(Insertion::Full) | None => Err(full()),
        }
    }

    /// Checks a new key and seals its secret. Nothing is stored yet.
    pub fn prepare(&self, actor: &Actor, new: NewKey) -> Result<SealedKey> {
        let kind = self.kinds.get(&new.provider, "provider_key.provider")?;
        let name = fields::name(&new.name)?;
        let secret = fields::secret(&new.secret)?;
        let quota_owner = fields::quota_owner(&new.quota_owner)?;
        fields::refuse_secret(&name, "provider_key.name", &secret)?;
        fields::refuse_secret(&quota_owner, "provider_key.quota_owner", &secret)?;
        let parameters = fields::parameters(kind, new.parameters)?;
        let (id, user_id) = (Uuid::now_v7().to_string(), actor.user_id().to_owned());
        let NewSecret { sealed, fingerprint, hint } = self.seal(&id, &user_id, &new.provider, &secret)?;
        let stored = StoredKey {
            id,
            user_id,
            name: if name.is_empty() { fields::name_from(&new.provider, &hint) } else { name },
            provider: new.provider,
            active: new.active,
            selected: false,
            health: Health::active(actor.now_ms),
            quota_owner,
            hint,
            fingerprint,
            parameters,
            secret_version: 1,
            created_ms: actor.now_ms,
            updated_ms: actor.now_ms,
            last_used_ms: None,
        };
        Ok(SealedKey { stored, secret: sealed })
    }

    /// Stores prepared keys of the actor in one step, tells of each as `action`, and says what became of each. With
    /// `all` set, none is stored unless there is room for every one.
    pub async fn add(&self, actor: &Actor, keys: &[SealedKey], action: Action, all: bool) -> Result<Vec<Insertion>> {
        let became = self.store.insert_provider_keys(keys, MAX_KEYS, all).await.map_err(from_store)?;
        if all && became.contains(&Insertion::Full) {
            return Ok(became);
        }
        let stored = || keys.iter().zip(&became).filter(|(_, became)| **became == Insertion::Stored);
        for (key, _) in stored() {
            self.log.add(about(actor, action, &key.stored, "stored by its owner"));
        }
        if stored().next().is_some() {
            self.publish().await.map_err(from_store)?;
        }
        Ok(became)
    }

    /// Changes a key.
    pub async fn edit(&self, actor: &Actor, id: &str, edit: EditKey) -> Result<StoredKey> {
        let edit = self.checked(actor, id, edit)?;
        match self.store.edit_provider_key(actor.user_id(), id, &edit, actor.now_ms).await.map_err(from_store)? {
            Edited::NotFound => Err(not_found("provider_key.id")),
            Edited::Exists(other) => Err(exists(&other)),
            Edited::Done(replaced) => {
                let Replaced { before, after } = *replaced;
                let message = changes(&before, &after);
                if !message.is_empty() {
                    self.log.add(about(actor, Action::Update, &after, message));
                }
                self.publish_change(after).await
            }
        }
    }

    pub async fn delete(&self, actor: &Actor, id: &str) -> Result<()> {
        let deleted = self.store.delete_provider_key(actor.user_id(), id).await.map_err(from_store)?;
        let key = deleted.ok_or_else(|| not_found("id"))?;
        self.log.add(about(actor, Action::Delete, &key, "deleted by its owner"));
        self.publish().await.map_err(from_store)
    }

    /// Deletes all keys of a provider and returns how many there were.
    pub async fn delete_all(&self, actor: &Actor, provider: &str) -> Result<usize> {
        let deleted = self.store.delete_provider_keys(actor.user_id(), provider).await.map_err(from_store)?;
        if deleted.is_empty() {
            // A provider that the configuration has no more may still have keys; one that never was is a mistake.
            return self.kinds.get(provider, "provider").map(|_| 0);
        }
        for key in &deleted {
            self.log.add(about(actor, Action::Delete, key, "deleted by its owner with all keys of the provider"));
        }
        self.publish().await.map_err(from_store)?;
        Ok(deleted.len())
    }

    pub async fn select(&self, actor: &Actor, id: &str) -> Result<StoredKey> {
        let key = self.get(actor.user_id(), id, "id")?;
        let guard = self.selecting.lock().await;
        let selection = self.store.select_provider_key(&key.user_id, id).await.map_err(from_store)?;
        self.pool.owner_selects(&key.user_id, &key.provider);
        drop(guard);
        let selection = selection.ok_or_else(|| not_found("id"))?;
        if let Some(before) = &selection.before {
            let message = format!(r#"its owner selected "{}" instead"#, selection.key.name);
            self.log.add(about(actor, Action::Unselect, before, message));
        }
        if selection.changed {
            self.log.add(about(actor, Action::Select, &selection.key, "selected by its owner"));
        }
        self.publish_change(selection.key).await
    }

    pub async fn unselect(&self, actor: &Actor, id: &str) -> Result<StoredKey> {
        let key = self.get(actor.user_id(), id, "id")?;
        let guard = self.selecting.lock().await;
        let selection = self.store.unselect_provider_key(&key.user_id, id).await.map_err(from_store)?;
        self.pool.owner_selects(&key.user_id, &key.provider);
        drop(guard);
        let selection = selection.ok_or_else(|| not_found("id"))?;
        if selection.changed {
            self.log.add(about(actor, Action::Unselect, &selection.key, "unselected by its owner"));
        }
        self.publish_change(selection.key).await
    }

    fn checked(&self, actor: &Actor, id: &str, edit: EditKey) -> Result<KeyEdit> {
        let key = self.get(actor.user_id(), id, "provider_key.id")?;
        let name = edit.name.map(|name| fields::name(&name)).transpose()?;
        if name.as_ref().is_some_and(String::is_empty) {
            return Err(Error::invalid("provider_key.name", "a key cannot lose its name; give it another one"));
        }
        let parameters = match edit.parameters {
            None => None,
            Some(new) if new.is_empty() => Some(new),
            Some(new) => Some(fields::parameters(self.kinds.get(&key.provider, "provider_key.parameters")?, new)?),
        };
        let quota_owner = edit.quota_owner.map(|owner| fields::quota_owner(&owner)).transpose()?;
        let secret = edit.secret.map(|secret| fields::secret(&secret)).transpose()?;
        let stored = || self.pool.key(&key.user_id, &key.id).map(|key| key.key.secret.clone());
        if let Some(secret) = secret.clone().or_else(stored) {
            fields::refuse_secret(name.as_ref().unwrap_or(&key.name), "provider_key.name", &secret)?;
            let quota_owner = quota_owner.as_ref().unwrap_or(&key.quota_owner);
            fields::refuse_secret(quota_owner, "provider_key.quota_owner", &secret)?;
        }
        let seal = |secret| self.seal(&key.id, &key.user_id, &key.provider, &secret);
        Ok(KeyEdit { name, active: edit.active, quota_owner, parameters, secret: secret.map(seal).transpose()? })
    }

    fn seal(&self, id: &str, user_id: &str, provider: &str, secret: &SecretString) -> Result<NewSecret> {
        let sealed = self.data_keys.sealer().seal(Place::of_provider_key(id, user_id), secret);
        let failed = |error: SealError| Error::new(ErrorKind::Internal, format!("a secret cannot be sealed: {error}"));
        let fingerprint = self.data_keys.sealer().fingerprint(provider, secret);
        Ok(NewSecret { sealed: sealed.map_err(failed)?, fingerprint, hint: fields::hint(secret) })
    }
}

fn exists(other: &KeyName) -> Error {
    let message = format!(r#"this secret is stored already, as "{}" with the id {}"#, other.name, other.id);
    Error { field: Some("secret".to_owned()), ..Error::new(ErrorKind::AlreadyExists, message) }
        .with("provider_key_id", &other.id)
}

fn full() -> Error {
    let message = format!("you have {MAX_KEYS} provider keys, and more cannot be stored; delete some first");
    Error::invalid("provider_key", message)
}
