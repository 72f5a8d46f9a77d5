//! Users.

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    Selectable, SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::{
    connect::{Store, on_conn},
    error::StoreError,
    gateway_keys::GatewayKeyRow,
    revisions::{Revision, bump},
    schema::{gateway_keys, users},
};
use crate::domain::{
    key::GatewayKey,
    user::{Role, User},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
struct UserRow {
    id: String,
    name: String,
    role: String,
    created_ms: i64,
    active: bool,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        // A role of a later version is no owner here.
        let role = Role::ALL.into_iter().find(|role| role.name() == row.role).unwrap_or(Role::Member);
        Self { id: row.id, name: row.name, role, created_ms: row.created_ms, active: row.active }
    }
}

impl From<&User> for UserRow {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            role: user.role.name().to_owned(),
            created_ms: user.created_ms,
            active: user.active,
        }
    }
}

impl Store {
    /// Creates the first user and key unless there is a user. Of processes that start together, one gets `true`.
    pub async fn create_owner_if_empty(&self, owner: &User, key: &GatewayKey) -> Result<bool, StoreError> {
        if self.has_users().await? {
            return Ok(false);
        }
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                let found: i64 = users::table.count().get_result(conn).await?;
                if found > 0 {
                    return Ok(false);
                }
                diesel::insert_into(users::table).values(UserRow::from(owner)).execute(conn).await?;
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

    /// Fails with [`StoreError::Conflict`] when a user has this id or name.
    pub async fn insert_user(&self, user: &User) -> Result<(), StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                let same = users::table.filter(users::name.eq(&user.name)).count().get_result::<i64>(conn).await?;
                if same > 0 {
                    return Err(StoreError::Conflict("two users of the same name".into()));
                }
                diesel::insert_into(users::table).values(UserRow::from(user)).execute(conn).await?;
                Ok(())
            })
            .await
        })
    }

    /// Lists every user, oldest first.
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        on_conn!(self, read, |conn| {
            let rows: Vec<UserRow> = users::table
                .order((users::created_ms.asc(), users::id.asc()))
                .select(UserRow::as_select())
                .load(conn)
                .await?;
            Ok(rows.into_iter().map(User::from).collect())
        })
    }

    /// Finds a user by id, or else by name.
    pub async fn find_user(&self, id_or_name: &str) -> Result<Option<User>, StoreError> {
        on_conn!(self, read, |conn| {
            let rows: Vec<UserRow> = users::table
                .filter(users::id.eq(id_or_name).or(users::name.eq(id_or_name)))
                .select(UserRow::as_select())
                .load(conn)
                .await?;
            let mut found: Vec<User> = rows.into_iter().map(User::from).collect();
            found.sort_by_key(|user| user.id != id_or_name);
            Ok(found.into_iter().next())
        })
    }

    /// Enables or disables a user with all keys. Fails with [`StoreError::Conflict`] when no active owner would remain.
    pub async fn set_user_active(&self, id: &str, active: bool) -> Result<Option<User>, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::Access);
                let row: Option<UserRow> = diesel::update(users::table.find(id))
                    .set(users::active.eq(active))
                    .returning(UserRow::as_returning())
                    .get_result(conn)
                    .await
                    .optional()?;
                let owners = users::table.filter(users::active.eq(true)).filter(users::role.eq(Role::Owner.name()));
                if owners.count().get_result::<i64>(conn).await? == 0 {
                    return Err(StoreError::Conflict("no active owner would remain".into()));
                }
                Ok(row.map(User::from))
            })
            .await
        })
    }
}
