//! Users and gateway keys.
//!
//! Every write begins with the revision: it tells the other processes, and its row lock (on SQLite the write lock)
//! puts the writers in one line.

use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, Selectable,
    SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::{
    connect::{Store, on_conn},
    error::StoreError,
    schema::{gateway_keys, revisions, users},
};
use crate::domain::{
    key::GatewayKey,
    scope::{ModelPatterns, Scope},
};

const ACCESS: &str = "access";

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: String,
    pub name: String,
    /// `owner` may do everything.
    pub role: String,
    pub created_ms: i64,
    pub active: bool,
}

/// Everything needed to decide who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRows {
    /// The state that `keys` belong to, or an older one.
    pub revision: i64,
    /// Active keys of active users. They may have expired.
    pub keys: Vec<GatewayKey>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = gateway_keys)]
struct GatewayKeyRow {
    id: String,
    user_id: String,
    name: String,
    hash: Vec<u8>,
    active: bool,
    created_ms: i64,
    expires_ms: Option<i64>,
    last_used_ms: Option<i64>,
    scopes: String,
    allowed_models: String,
    updated_ms: i64,
}

impl From<GatewayKeyRow> for GatewayKey {
    fn from(row: GatewayKeyRow) -> Self {
        let scope = |name: &str| Scope::ALL.into_iter().find(|scope| scope.name() == name);
        // What cannot be read allows nothing: no id is empty.
        let models = serde_json::from_str(&row.allowed_models).unwrap_or_else(|_| vec![String::new()]);
        Self {
            id: row.id,
            user_id: row.user_id,
            name: row.name,
            hash: row.hash,
            active: row.active,
            scopes: row.scopes.split(',').filter_map(scope).collect(),
            models: ModelPatterns::new(models),
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            expires_ms: row.expires_ms,
            last_used_ms: row.last_used_ms,
        }
    }
}

impl From<&GatewayKey> for GatewayKeyRow {
    fn from(key: &GatewayKey) -> Self {
        let scopes: Vec<&str> = key.scopes.iter().map(Scope::name).collect();
        Self {
            id: key.id.clone(),
            user_id: key.user_id.clone(),
            name: key.name.clone(),
            hash: key.hash.clone(),
            active: key.active,
            created_ms: key.created_ms,
            expires_ms: key.expires_ms,
            last_used_ms: key.last_used_ms,
            scopes: scopes.join(","),
            allowed_models: serde_json::json!(key.models.as_slice()).to_string(),
            updated_ms: key.updated_ms,
        }
    }
}

/// Grows the revision inside a transaction.
macro_rules! bump {
    ($conn:expr) => {
        diesel::update(revisions::table.find(ACCESS))
            .set(revisions::value.eq(revisions::value + 1))
            .execute($conn)
            .await?
    };
}

impl Store {
    /// Creates the first user and key unless there is a user. Of processes that start together, one gets `true`.
    pub async fn create_owner_if_empty(&self, owner: &User, key: &GatewayKey) -> Result<bool, StoreError> {
        if self.has_users().await? {
            return Ok(false);
        }
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn);
                let found: i64 = users::table.count().get_result(conn).await?;
                if found > 0 {
                    return Ok(false);
                }
                diesel::insert_into(users::table).values(owner).execute(conn).await?;
                diesel::insert_into(gateway_keys::table).values(GatewayKeyRow::from(key)).execute(conn).await?;
                Ok(true)
            })
            .await
        })
    }

    pub async fn has_users(&self) -> Result<bool, StoreError> {
        on_conn!(self, read, |conn| {
            Ok(users::table.select(users::id).first::<String>(conn).await.optional()?.is_some())
        })
    }

    /// Fails with [`StoreError::Conflict`] when the id or the key is known or the user is not.
    pub async fn insert_gateway_key(&self, key: &GatewayKey) -> Result<(), StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn);
                diesel::insert_into(gateway_keys::table).values(GatewayKeyRow::from(key)).execute(conn).await?;
                Ok(())
            })
            .await
        })
    }

    /// Lists every key, oldest first.
    pub async fn list_gateway_keys(&self) -> Result<Vec<GatewayKey>, StoreError> {
        on_conn!(self, read, |conn| {
            let rows: Vec<GatewayKeyRow> = gateway_keys::table
                .order((gateway_keys::created_ms.asc(), gateway_keys::id.asc()))
                .select(GatewayKeyRow::as_select())
                .load(conn)
                .await?;
            Ok(rows.into_iter().map(GatewayKey::from).collect())
        })
    }

    pub async fn find_gateway_key(&self, id: &str) -> Result<Option<GatewayKey>, StoreError> {
        on_conn!(self, read, |conn| {
            let row: Option<GatewayKeyRow> =
                gateway_keys::table.find(id).select(GatewayKeyRow::as_select()).first(conn).await.optional()?;
            Ok(row.map(GatewayKey::from))
        })
    }

    /// Revokes a key or takes that back. `None` when no key has this id.
    pub async fn set_gateway_key_active(&self, id: &str, active: bool) -> Result<Option<GatewayKey>, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn);
                let row: Option<GatewayKeyRow> = diesel::update(gateway_keys::table.find(id))
                    .set(gateway_keys::active.eq(active))
                    .returning(GatewayKeyRow::as_returning())
                    .get_result(conn)
                    .await
                    .optional()?;
                Ok(row.map(GatewayKey::from))
            })
            .await
        })
    }

    /// Reads the revision before the keys: a write in between makes the keys newer than the revision says, and the
    /// next poll loads them once more. The other order could miss a revoked key for good.
    pub async fn load_access_snapshot(&self) -> Result<AccessRows, StoreError> {
        let revision = self.revision().await?;
        on_conn!(self, read, |conn| {
            let rows: Vec<GatewayKeyRow> = gateway_keys::table
                .inner_join(users::table)
                .filter(gateway_keys::active.eq(true))
                .filter(users::active.eq(true))
                .select(GatewayKeyRow::as_select())
                .load(conn)
                .await?;
            Ok(AccessRows { revision, keys: rows.into_iter().map(GatewayKey::from).collect() })
        })
    }

    /// Grows with every write to users and keys. One small read, so it also serves as a sign of life.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        on_conn!(self, read, |conn| Ok(revisions::table.find(ACCESS).select(revisions::value).first(conn).await?))
    }
}
