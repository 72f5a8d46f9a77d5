//! Gateway keys: the first one, new ones, the list, revoking. Every write publishes the new snapshot at once.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::errors::from_store;
use crate::{
    access::{AccessSnapshot, Directory, GatewayKeySecret, OWNER_ID},
    domain::{
        error::{Error, ErrorKind},
        key::GatewayKey,
        scope::{ModelPatterns, Scopes},
    },
    storage::{Store, StoreError, User},
};

const MAX_NAME_LENGTH: usize = 200;

#[derive(Clone)]
pub struct GatewayKeys {
    store: Store,
    directory: Arc<Directory>,
    /// Held from reading a snapshot to putting it in place, so that an older one can never replace a newer one.
    publishing: Arc<Mutex<()>>,
}

/// The key of a new gateway.
#[derive(Debug)]
pub struct FirstKey {
    pub key: GatewayKey,
    pub secret: GatewayKeySecret,
    /// Nobody knows it yet: print it, once. Otherwise the operator chose it.
    pub generated: bool,
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct CreateKey {
    pub name: String,
    pub user_id: String,
    pub expires_ms: Option<i64>,
}

impl GatewayKeys {
    pub fn new(store: Store, directory: Arc<Directory>) -> Self {
        Self { store, directory, publishing: Arc::default() }
    }

    /// Creates the owner and the first key when the store is empty, and publishes the first snapshot. Of processes
    /// that start together, one gets the key.
    pub async fn bootstrap(&self, chosen: Option<&str>, now_ms: i64) -> Result<Option<FirstKey>, Error> {
        let secret = match chosen {
            Some(text) => GatewayKeySecret::from_token(text)
                .map_err(|e| Error::invalid("AIGW_BOOTSTRAP_KEY", format!("AIGW_BOOTSTRAP_KEY: {e}")))?,
            None => GatewayKeySecret::generate()?,
        };
        let request = CreateKey { name: "first key".to_owned(), user_id: OWNER_ID.to_owned(), expires_ms: None };
        let key = new_key(&secret, request, now_ms);
        let created = self.store.create_owner_if_empty(&owner(now_ms), &key).await.map_err(from_store)?;
        self.publish().await.map_err(from_store)?;
        if created && chosen.is_some() && secret.is_short() {
            tracing::warn!("AIGW_BOOTSTRAP_KEY is shorter than 32 characters and could be guessed");
        }
        if !created && chosen.is_some() && self.directory.authenticate(Some(secret.expose()), now_ms).is_err() {
            tracing::warn!("AIGW_BOOTSTRAP_KEY is not a valid key: it is read only while the database is empty");
        }
        Ok(created.then_some(FirstKey { key, secret, generated: chosen.is_none() }))
    }

    /// Returns the key with its secret, which nobody can read again. In an empty store it is the first key.
    pub async fn create(&self, request: CreateKey, now_ms: i64) -> Result<(GatewayKey, GatewayKeySecret), Error> {
        check(&request, now_ms)?;
        let secret = GatewayKeySecret::generate()?;
        let key = new_key(&secret, request, now_ms);
        if !self.store.create_owner_if_empty(&owner(now_ms), &key).await.map_err(from_store)? {
            self.store.insert_gateway_key(&key).await.map_err(from_store)?;
        }
        self.publish().await.map_err(from_store)?;
        Ok((key, secret))
    }

    /// Lists all keys, oldest first, revoked ones included.
    pub async fn list(&self) -> Result<Vec<GatewayKey>, Error> {
        self.store.list_gateway_keys().await.map_err(from_store)
    }

    /// Revokes a key, from the next request on.
    pub async fn revoke(&self, id: &str) -> Result<GatewayKey, Error> {
        let key = self.store.set_gateway_key_active(id, false).await.map_err(from_store)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no gateway key has the id {id}; list them to see their ids"))
        })?;
        self.publish().await.map_err(from_store)?;
        Ok(key)
    }

    /// Takes over what other processes wrote. Returns whether there was something. Costs one small read. While it
    /// fails, the known keys stay in use, and nobody is told that an unknown key is wrong.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let result = self.take_over().await;
        self.directory.set_stale(result.is_err());
        result
    }

    /// Returns whether the last refresh failed.
    pub fn is_stale(&self) -> bool {
        self.directory.is_stale()
    }

    async fn take_over(&self) -> Result<bool, StoreError> {
        if self.store.revision().await? == self.directory.revision() {
            return Ok(false);
        }
        self.publish().await?;
        Ok(true)
    }

    async fn publish(&self) -> Result<(), StoreError> {
        let _guard = self.publishing.lock().await;
        let rows = self.store.load_access_snapshot().await?;
        self.directory.replace(AccessSnapshot::new(rows.revision, rows.keys));
        Ok(())
    }
}

fn owner(now_ms: i64) -> User {
    User {
        id: OWNER_ID.to_owned(),
        name: "Owner".to_owned(),
        role: "owner".to_owned(),
        created_ms: now_ms,
        active: true,
    }
}

fn check(request: &CreateKey, now_ms: i64) -> Result<(), Error> {
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", format!("a key needs a name of 1 to {MAX_NAME_LENGTH} visible characters")));
    }
    if request.expires_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(Error::invalid("expire_time", "a key must expire in the future"));
    }
    Ok(())
}

fn new_key(secret: &GatewayKeySecret, request: CreateKey, now_ms: i64) -> GatewayKey {
    GatewayKey {
        id: secret.public_id().to_owned(),
        user_id: request.user_id,
        name: request.name.trim().to_owned(),
        hash: secret.hash().to_vec(),
        active: true,
        scopes: Scopes::all(),
        models: ModelPatterns::default(),
        created_ms: now_ms,
        updated_ms: now_ms,
        expires_ms: request.expires_ms,
        last_used_ms: None,
    }
}

#[cfg(test)]
mod tests;
