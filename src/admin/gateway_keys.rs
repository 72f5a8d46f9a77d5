//! Gateway keys: the first one, new ones, the list, changes. Every write publishes the new snapshot at once.

use std::sync::Arc;

use super::{access_state::AccessState, actor::Actor, errors::from_store, grant::Grant};
use crate::{
    access::{Directory, GatewayKeySecret, OWNER_ID, refused},
    domain::{
        error::{Error, ErrorKind, Result},
        key::{GatewayKey, GatewayKeyChange},
        scope::{ModelPatterns, Scopes},
        user::{Role, User},
    },
    storage::{GatewayKeyQuery, Store, StoreError},
};

const MAX_NAME_LENGTH: usize = 100;
/// Longest list of allowed models, and longest entry of it: every request with the key may go through it.
const MAX_MODELS: usize = 100;
const MAX_MODEL_LENGTH: usize = 200;
/// Most keys a user may have, inactive ones included.
const MAX_KEYS: u32 = 1000;

#[derive(Clone)]
pub struct GatewayKeys {
    pub state: AccessState,
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
    pub active: bool,
    pub expires_ms: Option<i64>,
    /// Empty: all there are to give.
    pub scopes: Scopes,
    /// Empty: all there are to give.
    pub models: ModelPatterns,
}

impl CreateKey {
    /// A key that may do everything.
    pub fn named(name: impl Into<String>) -> Self {
        let (scopes, models) = (Scopes::default(), ModelPatterns::default());
        Self { name: name.into(), active: true, expires_ms: None, scopes, models }
    }
}

/// Which keys of the caller to list.
#[derive(Clone, Debug, Default)]
pub struct ListKeys {
    pub active: Option<bool>,
    /// Time of creation and id of the last key of the page before.
    pub after: Option<(i64, String)>,
    pub limit: u32,
}

impl GatewayKeys {
    pub fn new(store: Store, directory: Arc<Directory>) -> Self {
        Self { state: AccessState::new(store, directory) }
    }

    /// Creates the owner and the first key when the store is empty, and publishes the first snapshot. Of processes
    /// that start together, one gets the key.
    pub async fn bootstrap(&self, chosen: Option<&str>, now_ms: i64) -> Result<Option<FirstKey>> {
        let secret = match chosen {
            Some(text) => GatewayKeySecret::from_token(text)
                .map_err(|e| Error::invalid("AIGW_BOOTSTRAP_KEY", format!("AIGW_BOOTSTRAP_KEY: {e}")))?,
            None => GatewayKeySecret::generate()?,
        };
        let key = new_key(&secret, OWNER_ID, CreateKey::named("first key"), now_ms);
        let created = self.state.store.create_owner_if_empty(&owner(now_ms), &key).await.map_err(from_store)?;
        self.state.publish().await.map_err(from_store)?;
        if created && chosen.is_some() && secret.is_short() {
            tracing::warn!("AIGW_BOOTSTRAP_KEY is shorter than 32 characters and could be guessed");
        }
        if !created && chosen.is_some() && self.state.directory.authenticate(Some(secret.expose()), now_ms).is_err() {
            tracing::warn!("AIGW_BOOTSTRAP_KEY is not a valid key: it is read only while the database is empty");
        }
        Ok(created.then_some(FirstKey { key, secret, generated: chosen.is_none() }))
    }

    /// Creates a key for the caller, with no more than the key in use has.
    pub async fn create(&self, actor: &Actor, mut request: CreateKey) -> Result<(GatewayKey, GatewayKeySecret)> {
        let grant = self.grant_of(actor).await?;
        if request.scopes.is_empty() {
            request.scopes = grant.scopes;
        }
        if request.models.allow_all() {
            request.models = grant.models.clone();
        }
        grant.allow_new(request.scopes, &request.models)?;
        self.issue(actor.user_id(), request, actor.now_ms).await
    }

    /// Creates a key for any user; for whoever runs the gateway. Returns it with its secret, which nobody can read
    /// again. In an empty store it is the first key.
    pub async fn issue(
        &self,
        user_id: &str,
        request: CreateKey,
        now_ms: i64,
    ) -> Result<(GatewayKey, GatewayKeySecret)> {
        check_name(&request.name)?;
        check_expiry(request.expires_ms, now_ms)?;
        check_models(&request.models)?;
        let secret = GatewayKeySecret::generate()?;
        let key = new_key(&secret, user_id, request, now_ms);
        let store = &self.state.store;
        let first =
            user_id == OWNER_ID && store.create_owner_if_empty(&owner(now_ms), &key).await.map_err(from_store)?;
        if !first && !store.insert_gateway_key(&key, MAX_KEYS).await.map_err(from_store)? {
            let message =
                format!("a user has at most {MAX_KEYS} gateway keys; delete some that are not needed any more");
            return Err(Error::invalid("gateway_key", message));
        }
        self.state.publish().await.map_err(from_store)?;
        Ok((key, secret))
    }

    /// Lists the caller's keys, oldest first, inactive ones included.
    pub async fn list(&self, actor: &Actor, request: ListKeys) -> Result<Vec<GatewayKey>> {
        let query = GatewayKeyQuery {
            user_id: Some(actor.user_id().to_owned()),
            active: request.active,
            after: request.after,
            limit: Some(request.limit),
        };
        let keys = self.state.store.list_gateway_keys(&query).await.map_err(from_store)?;
        Ok(keys.into_iter().map(|key| self.with_last_use(key)).collect())
    }

    /// Lists the keys of all users, oldest first; for whoever runs the gateway.
    pub async fn list_all(&self) -> Result<Vec<GatewayKey>> {
        self.state.store.list_gateway_keys(&GatewayKeyQuery::default()).await.map_err(from_store)
    }

    /// Gets a key of the caller's.
    pub async fn get(&self, actor: &Actor, id: &str) -> Result<GatewayKey> {
        Ok(self.with_last_use(self.own(actor, id, "id").await?))
    }

    /// Changes a key of the caller's.
    pub async fn update(&self, actor: &Actor, id: &str, mut change: GatewayKeyChange) -> Result<GatewayKey> {
        let key = self.own(actor, id, "gateway_key.id").await?;
        if let Some(name) = &mut change.name {
            check_name(name)?;
            *name = name.trim().to_owned();
        }
        check_expiry(change.expires_ms.flatten(), actor.now_ms)?;
        change.models.as_ref().map_or(Ok(()), check_models)?;
        self.grant_of(actor).await?.allow_change(&key, &change)?;
        let changed = self.change(id, &change, actor.now_ms).await?;
        Ok(self.with_last_use(changed))
    }

    /// Deletes a key of the caller's for good. Also the one in use: whoever runs the gateway can always make another.
    pub async fn delete(&self, actor: &Actor, id: &str) -> Result<()> {
        self.own(actor, id, "id").await?;
        if !self.state.store.delete_gateway_key(id).await.map_err(from_store)? {
            return Err(not_found("id"));
        }
        self.state.publish().await.map_err(from_store)
    }

    /// Revokes a key of any user, from the next request on; for whoever runs the gateway.
    pub async fn revoke(&self, id: &str, now_ms: i64) -> Result<GatewayKey> {
        self.change(id, &GatewayKeyChange { active: Some(false), ..GatewayKeyChange::default() }, now_ms).await
    }

    /// Finds a key of the caller's; `field` is where the request names it.
    async fn own(&self, actor: &Actor, id: &str, field: &str) -> Result<GatewayKey> {
        let key = self.state.store.find_gateway_key(id).await.map_err(from_store)?;
        key.filter(|key| key.user_id == actor.user_id()).ok_or_else(|| not_found(field))
    }

    async fn change(&self, id: &str, change: &GatewayKeyChange, now_ms: i64) -> Result<GatewayKey> {
        let changed = self.state.store.update_gateway_key(id, change, now_ms).await.map_err(from_store)?;
        self.state.publish().await.map_err(from_store)?;
        changed.ok_or_else(|| not_found("id"))
    }

    /// Takes over what other processes wrote; see [`AccessState::refresh`].
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        self.state.refresh().await
    }

    /// Returns whether the last refresh failed.
    pub fn is_stale(&self) -> bool {
        self.state.directory.is_stale()
    }

    /// Asks the database what the key in use has: here it may be known for up to a second longer than it exists, and
    /// that must not be enough to leave another key behind.
    async fn grant_of(&self, actor: &Actor) -> Result<Grant> {
        let caller = &actor.caller;
        if self.state.directory.is_open_to_all() {
            return Ok(Grant { scopes: caller.scopes, models: caller.models.clone() });
        }
        let key = self.state.store.find_active_gateway_key(&caller.key_id).await.map_err(from_store)?;
        let key = key.filter(|key| key.expires_ms.is_none_or(|expires| actor.now_ms < expires)).ok_or_else(refused)?;
        Ok(Grant { scopes: key.scopes, models: key.models })
    }

    fn with_last_use(&self, key: GatewayKey) -> GatewayKey {
        GatewayKey { last_used_ms: self.state.directory.last_used_ms(&key), ..key }
    }
}

/// Says the same of keys that do not exist and of keys of other users. It does not repeat the id: it may be a whole key.
fn not_found(field: &str) -> Error {
    let message = "no gateway key has this id; list them to see their ids";
    Error { field: Some(field.to_owned()), ..Error::new(ErrorKind::NotFound, message) }
}

fn owner(now_ms: i64) -> User {
    let (id, name) = (OWNER_ID.to_owned(), "Owner".to_owned());
    User { id, name, role: Role::Owner, created_ms: now_ms, active: true }
}

fn check_name(name: &str) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
        let message = format!("a key needs a name of 1 to {MAX_NAME_LENGTH} visible characters");
        return Err(Error::invalid("gateway_key.name", message));
    }
    Ok(())
}

fn check_expiry(expires_ms: Option<i64>, now_ms: i64) -> Result<()> {
    if expires_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(Error::invalid("gateway_key.expire_time", "a key must expire in the future"));
    }
    Ok(())
}

fn check_models(models: &ModelPatterns) -> Result<()> {
    let patterns = models.as_slice();
    if patterns.len() > MAX_MODELS {
        let message = format!("a key has at most {MAX_MODELS} allowed models; use patterns such as `provider/*`");
        return Err(Error::invalid("gateway_key.allowed_models", message));
    }
    let good = |pattern: &str| {
        let id = pattern.strip_suffix('*').unwrap_or(pattern);
        (1..=MAX_MODEL_LENGTH).contains(&pattern.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'*')
    };
    match patterns.iter().position(|pattern| !good(pattern)) {
        Some(n) => Err(Error::invalid(
            format!("gateway_key.allowed_models[{n}]"),
            format!(
                "an allowed model is an id of at most {MAX_MODEL_LENGTH} characters, or begins like ids and ends in `*`"
            ),
        )),
        None => Ok(()),
    }
}

fn new_key(secret: &GatewayKeySecret, user_id: &str, request: CreateKey, now_ms: i64) -> GatewayKey {
    let scopes = if request.scopes.is_empty() { Scopes::all() } else { request.scopes };
    GatewayKey {
        id: secret.public_id().to_owned(),
        user_id: user_id.to_owned(),
        name: request.name.trim().to_owned(),
        hash: secret.hash().to_vec(),
        active: request.active,
        scopes,
        models: request.models,
        created_ms: now_ms,
        updated_ms: now_ms,
        expires_ms: request.expires_ms,
        last_used_ms: None,
    }
}

#[cfg(test)]
mod tests;
