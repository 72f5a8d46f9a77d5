//! What owners do to their provider keys. A key of somebody else is as one that does not exist.

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::row::{HealthColumns, OwnerColumns, Row, SealedKey};
use crate::{
    domain::{health::Health, key::StoredKey},
    storage::{
        connect::{Store, on_conn},
        error::StoreError,
        revisions::{Revision, bump},
        schema::provider_keys::{self, dsl},
        undo::{Undo, settle},
    },
};

/// Names a key to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    pub id: String,
    pub name: String,
}

/// What became of a key that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insertion {
    Stored,
    /// This key has the same secret.
    Exists(KeyName),
    /// The user has as many keys as may be.
    Full,
}

/// What an owner changes at once. `None` stays as it is.
#[derive(Clone, Default)]
pub struct KeyEdit {
    pub name: Option<String>,
    pub active: Option<bool>,
    pub quota_owner: Option<String>,
    pub parameters: Option<BTreeMap<String, String>>,
    pub secret: Option<NewSecret>,
}

/// A sealed secret, and what is shown of it.
#[derive(Clone)]
pub struct NewSecret {
    pub sealed: Vec<u8>,
    pub fingerprint: String,
    pub hint: String,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    Done(Box<Replaced>),
    /// Another key of the provider has the new secret.
    Exists(KeyName),
    NotFound,
}

/// A key as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub before: StoredKey,
    pub after: StoredKey,
}

/// A key after it was selected or unselected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    pub key: StoredKey,
    /// Whether anything changed.
    pub changed: bool,
    /// The key that was selected before and is not any more.
    pub before: Option<StoredKey>,
}

/// Finds the key of this provider with this secret.
macro_rules! with_fingerprint {
    ($conn:expr, $key:expr, $fingerprint:expr) => {
        dsl::provider_keys
            .filter(dsl::user_id.eq(&$key.user_id).and(dsl::provider.eq(&$key.provider)))
            .filter(dsl::fingerprint.eq($fingerprint))
            .select((dsl::id, dsl::name))
            .first($conn)
            .await
            .optional()?
            .map(|(id, name)| KeyName { id, name })
    };
}

/// Finds a key of this user.
macro_rules! own {
    ($conn:expr, $user_id:expr, $id:expr) => {
        dsl::provider_keys
            .find($id)
            .filter(dsl::user_id.eq($user_id))
            .select(Row::as_select())
            .first($conn)
            .await
            .optional()?
            .map(SealedKey::from)
    };
}

impl Store {
    /// Stores keys of one user, who may have `most`. With `all` set, none is stored unless there is room for every one.
    pub async fn insert_provider_keys(
        &self,
        keys: &[SealedKey],
        most: i64,
        all: bool,
    ) -> Result<Vec<Insertion>, StoreError> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let user_id = &first.stored.user_id;
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let mut count: i64 =
                    dsl::provider_keys.filter(dsl::user_id.eq(user_id)).count().get_result(conn).await?;
                let mut became = Vec::with_capacity(keys.len());
                for key in keys {
                    // Most keys are new, so whether one is there already is asked only when it does not go in.
                    if count < most {
                        let insert = diesel::insert_into(provider_keys::table).values(Row::from(key));
                        if insert.on_conflict_do_nothing().execute(conn).await? == 1 {
                            count += 1;
                            became.push(Insertion::Stored);
                            continue;
                        }
                    }
                    let same = with_fingerprint!(conn, key.stored, &key.stored.fingerprint);
                    became.push(match same {
                        Some(name) => Insertion::Exists(name),
                        None if count < most => return Err(Undo::Failed(StoreError::Conflict("provider_keys".into()))),
                        None => Insertion::Full,
                    });
                }
                let stored = became.contains(&Insertion::Stored) && !(all && became.contains(&Insertion::Full));
                if stored { Ok(became) } else { Err(Undo::Nothing(became)) }
            });
            settle(done.await)
        })
    }

    /// Changes a key. A new secret makes it healthy again.
    pub async fn edit_provider_key(
        &self,
        user_id: &str,
        id: &str,
        edit: &KeyEdit,
        now_ms: i64,
    ) -> Result<Edited, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let Some(before) = own!(conn, user_id, id) else { return Err(Undo::Nothing(Edited::NotFound)) };
                if let Some(secret) = &edit.secret
                    && let Some(other) = with_fingerprint!(conn, before.stored, &secret.fingerprint)
                    && other.id != id
                {
                    return Err(Undo::Nothing(Edited::Exists(other)));
                }
                let after = edited(&before, edit, now_ms);
                diesel::update(dsl::provider_keys.find(id))
                    .set((OwnerColumns::from(&after), HealthColumns::from(&after.stored.health)))
                    .execute(conn)
                    .await?;
                Ok(Edited::Done(Box::new(Replaced { before: before.stored, after: after.stored })))
            });
            settle(done.await)
        })
    }

    /// Deletes a key. `None` when there is no such key.
    pub async fn delete_provider_key(&self, user_id: &str, id: &str) -> Result<Option<StoredKey>, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let Some(key) = own!(conn, user_id, id) else { return Err(Undo::Nothing(None)) };
                diesel::delete(dsl::provider_keys.find(id)).execute(conn).await?;
                Ok(Some(key.stored))
            });
            settle(done.await)
        })
    }

    /// Deletes all keys a user has for a provider and returns them, oldest first.
    pub async fn delete_provider_keys(&self, user_id: &str, provider: &str) -> Result<Vec<StoredKey>, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let theirs = dsl::user_id.eq(user_id).and(dsl::provider.eq(provider));
                let keys: Vec<Row> = dsl::provider_keys
                    .filter(theirs)
                    .order((dsl::created_ms.asc(), dsl::id.asc()))
                    .select(Row::as_select())
                    .load(conn)
                    .await?;
                if keys.is_empty() {
                    return Err(Undo::Nothing(Vec::new()));
                }
                diesel::delete(dsl::provider_keys.filter(theirs)).execute(conn).await?;
                Ok(keys.into_iter().map(|row| SealedKey::from(row).stored).collect())
            });
            settle(done.await)
        })
    }

    /// Selects a key in place of the one selected before. `None` when there is no such key.
    pub async fn select_provider_key(&self, user_id: &str, id: &str) -> Result<Option<Selection>, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let Some(SealedKey { stored: mut key, .. }) = own!(conn, user_id, id) else {
                    return Err(Undo::Nothing(None));
                };
                if key.selected {
                    return Err(Undo::Nothing(Some(Selection { key, changed: false, before: None })));
                }
                let rivals = dsl::user_id.eq(user_id).and(dsl::provider.eq(&key.provider)).and(dsl::selected.eq(true));
                let before: Option<Row> =
                    dsl::provider_keys.filter(rivals).select(Row::as_select()).first(conn).await.optional()?;
                let before = before.map(|row| SealedKey::from(row).stored);
                if let Some(before) = &before {
                    let before = dsl::provider_keys.find(&before.id);
                    diesel::update(before).set(dsl::selected.eq(false)).execute(conn).await?;
                }
                diesel::update(dsl::provider_keys.find(id)).set(dsl::selected.eq(true)).execute(conn).await?;
                key.selected = true;
                Ok(Some(Selection { key, changed: true, before }))
            });
            settle(done.await)
        })
    }

    /// Unselects a key. `None` when there is no such key.
    pub async fn unselect_provider_key(&self, user_id: &str, id: &str) -> Result<Option<Selection>, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let Some(SealedKey { stored: mut key, .. }) = own!(conn, user_id, id) else {
                    return Err(Undo::Nothing(None));
                };
                if !key.selected {
                    return Err(Undo::Nothing(Some(Selection { key, changed: false, before: None })));
                }
                diesel::update(dsl::provider_keys.find(id)).set(dsl::selected.eq(false)).execute(conn).await?;
                key.selected = false;
                Ok(Some(Selection { key, changed: true, before: None }))
            });
            settle(done.await)
        })
    }
}

fn edited(before: &SealedKey, edit: &KeyEdit, now_ms: i64) -> SealedKey {
    let SealedKey { stored: mut key, mut secret } = before.clone();
    key.name = edit.name.clone().unwrap_or(key.name);
    key.active = edit.active.unwrap_or(key.active);
    key.quota_owner = edit.quota_owner.clone().unwrap_or(key.quota_owner);
    key.parameters = edit.parameters.clone().unwrap_or(key.parameters);
    if let Some(new) = &edit.secret {
        secret.clone_from(&new.sealed);
        key.fingerprint.clone_from(&new.fingerprint);
        key.hint.clone_from(&new.hint);
        key.secret_version += 1;
        key.health = Health::active(now_ms.max(key.health.since_ms + 1));
    }
    key.updated_ms = now_ms;
    SealedKey { stored: key, secret }
}
