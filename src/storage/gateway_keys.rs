//! Gateway keys.

use diesel::{
    AsChangeset, BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _,
    Queryable, Selectable, SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::{
    connect::{Store, on_conn},
    error::StoreError,
    revisions::{Revision, bump},
    schema::{gateway_keys, users},
};
use crate::domain::{
    key::{GatewayKey, GatewayKeyChange},
    scope::{ModelPatterns, Scope, Scopes},
};

/// Everything needed to decide who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRows {
    /// The state that `keys` belong to, or an older one.
    pub revision: i64,
    /// Active keys of active users. They may have expired.
    pub keys: Vec<GatewayKey>,
}

/// Which keys to list, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayKeyQuery {
    /// `None`: of every user.
    pub user_id: Option<String>,
    pub active: Option<bool>,
    /// Time of creation and id of the last key of the page before.
    pub after: Option<(i64, String)>,
    /// `None`: all of them.
    pub limit: Option<u32>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = gateway_keys)]
pub(super) struct GatewayKeyRow {
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

#[derive(AsChangeset)]
#[diesel(table_name = gateway_keys)]
struct ChangeRow<'a> {
    name: Option<&'a str>,
    active: Option<bool>,
    expires_ms: Option<Option<i64>>,
    scopes: Option<String>,
    allowed_models: Option<String>,
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
        Self {
            id: key.id.clone(),
            user_id: key.user_id.clone(),
            name: key.name.clone(),
            hash: key.hash.clone(),
            active: key.active,
            created_ms: key.created_ms,
            expires_ms: key.expires_ms,
            last_used_ms: key.last_used_ms,
            scopes: scopes_text(key.scopes),
            allowed_models: models_text(&key.models),
            updated_ms: key.updated_ms,
        }
    }
}

impl<'a> ChangeRow<'a> {
    fn new(change: &'a GatewayKeyChange, updated_ms: i64) -> Self {
        Self {
            name: change.name.as_deref(),
            active: change.active,
            expires_ms: change.expires_ms,
            scopes: change.scopes.map(scopes_text),
            allowed_models: change.models.as_ref().map(models_text),
            updated_ms,
        }
    }
}

fn scopes_text(scopes: Scopes) -> String {
    scopes.iter().map(Scope::name).collect::<Vec<_>>().join(",")
}

fn models_text(models: &ModelPatterns) -> String {
    serde_json::json!(models.as_slice()).to_string()
}

impl Store {
    /// Stores a key unless its user has as many as `most`; then nothing is stored and the answer is `false`. Fails with
    /// [`StoreError::Conflict`] when the id or the key is known or the user is not.
    pub async fn insert_gateway_key(&self, key: &GatewayKey, most: u32) -> Result<bool, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                let own = gateway_keys::table.filter(gateway_keys::user_id.eq(&key.user_id));
                if own.count().get_result::<i64>(conn).await? >= i64::from(most) {
                    return Ok(false);
                }
                diesel::insert_into(gateway_keys::table).values(GatewayKeyRow::from(key)).execute(conn).await?;
                Ok(true)
            })
            .await
        })
    }

    /// Lists keys, oldest first.
    pub async fn list_gateway_keys(&self, query: &GatewayKeyQuery) -> Result<Vec<GatewayKey>, StoreError> {
        use gateway_keys::dsl::{active, created_ms, id, user_id};
        on_conn!(self, read, |conn| {
            let mut rows =
                gateway_keys::table.order((created_ms.asc(), id.asc())).select(GatewayKeyRow::as_select()).into_boxed();
            if let Some(user) = &query.user_id {
                rows = rows.filter(user_id.eq(user));
            }
            if let Some(wanted) = query.active {
                rows = rows.filter(active.eq(wanted));
            }
            if let Some((time, last)) = &query.after {
                rows = rows.filter(created_ms.gt(time).or(created_ms.eq(time).and(id.gt(last))));
            }
            if let Some(limit) = query.limit {
                rows = rows.limit(i64::from(limit));
            }
            let rows: Vec<GatewayKeyRow> = rows.load(conn).await?;
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

    /// Finds a key that is active and whose user is. It may have expired.
    pub async fn find_active_gateway_key(&self, id: &str) -> Result<Option<GatewayKey>, StoreError> {
        on_conn!(self, read, |conn| {
            let row: Option<GatewayKeyRow> = gateway_keys::table
                .inner_join(users::table)
                .filter(gateway_keys::id.eq(id))
                .filter(gateway_keys::active.eq(true))
                .filter(users::active.eq(true))
                .select(GatewayKeyRow::as_select())
                .first(conn)
                .await
                .optional()?;
            Ok(row.map(GatewayKey::from))
        })
    }

    /// Changes a key and returns it as it is now. `None` when no key has this id.
    pub async fn update_gateway_key(
        &self,
        id: &str,
        change: &GatewayKeyChange,
        now_ms: i64,
    ) -> Result<Option<GatewayKey>, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                let row: Option<GatewayKeyRow> = diesel::update(gateway_keys::table.find(id))
                    .set(ChangeRow::new(change, now_ms))
                    .returning(GatewayKeyRow::as_returning())
                    .get_result(conn)
                    .await
                    .optional()?;
                Ok(row.map(GatewayKey::from))
            })
            .await
        })
    }

    /// Deletes a key. Returns whether there was one.
    pub async fn delete_gateway_key(&self, id: &str) -> Result<bool, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                Ok(diesel::delete(gateway_keys::table.find(id)).execute(conn).await? > 0)
            })
            .await
        })
    }

    /// Remembers when keys were last used; a time that is earlier than the one stored changes nothing. The revision
    /// stays: no snapshot needs it.
    ///
    /// Keys must come in the order of their ids. Two processes that write the same ones then cannot block each other.
    pub async fn touch_gateway_keys(&self, uses: &[(String, i64)]) -> Result<(), StoreError> {
        use gateway_keys::dsl::last_used_ms;
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                for (id, time) in uses {
                    diesel::update(gateway_keys::table.find(id))
                        .filter(last_used_ms.is_null().or(last_used_ms.lt(time)))
                        .set(last_used_ms.eq(time))
                        .execute(conn)
                        .await?;
                }
                Ok(())
            })
            .await
        })
    }

    /// Reads the revision before the keys: a write in between makes the keys newer than the revision says, and the
    /// next poll loads them once more. The other order could miss a revoked key for good.
    pub async fn load_access_snapshot(&self) -> Result<AccessRows, StoreError> {
        let revision = self.revision(Revision::Access).await?;
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
}
