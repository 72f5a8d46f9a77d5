//! The wrapped data keys, and the exchange of sealed secrets for newly sealed ones.
//!
//! Every write begins with the revision of the provider keys: other processes look at the data keys again, and writers
//! stand in one line.

use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, Selectable, SelectableHelper as _};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};

use super::{
    connect::{Backend, Store, on_conn, pool_error},
    error::StoreError,
    revisions::{Revision, bump},
    schema::{data_keys, provider_keys},
};
use crate::domain::data_key::{Purpose, WrappedKey};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = data_keys)]
struct DataKeyRow {
    id: String,
    master_id: String,
    purpose: String,
    wrapped: Vec<u8>,
    created_ms: i64,
    wrapped_ms: i64,
}

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct SealedSecret {
    pub id: String,
    pub user_id: String,
    pub sealed: Vec<u8>,
}

/// The same secret, sealed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResealedSecret {
    pub old: SealedSecret,
    pub sealed: Vec<u8>,
}

/// Loads the data keys, oldest first.
macro_rules! load {
    ($conn:expr) => {{
        let rows: Vec<DataKeyRow> = data_keys::table
            .order((data_keys::created_ms.asc(), data_keys::id.asc(), data_keys::master_id.asc()))
            .select(DataKeyRow::as_select())
            .load($conn)
            .await?;
        rows.into_iter().map(WrappedKey::try_from).collect::<Result<Vec<_>, _>>()?
    }};
}

impl Store {
    /// Lists the data keys, oldest first, each once for every master key that wraps it.
    pub async fn data_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        on_conn!(self, read, |conn| Ok(load!(conn)))
    }

    /// Puts `new` in the place of `old`, which is the list that [`Self::data_keys`] gave. `false`, and nothing of `new` is
    /// written, when the table holds something else by now.
    pub async fn swap_data_keys(&self, old: &[WrappedKey], new: &[WrappedKey]) -> Result<bool, StoreError> {
        let gone: Vec<_> = old.iter().filter(|key| !new.contains(key)).collect();
        let added: Vec<DataKeyRow> = new.iter().filter(|key| !old.contains(key)).map(DataKeyRow::from).collect();
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let found: Vec<WrappedKey> = load!(conn);
                if found != old {
                    return Ok(false);
                }
                for key in gone {
                    diesel::delete(data_keys::table.find((&key.id, &key.master_id))).execute(conn).await?;
                }
                for row in added {
                    diesel::insert_into(data_keys::table).values(row).execute(conn).await?;
                }
                Ok(true)
            })
            .await
        })
    }

    /// Lists the sealed secrets of provider keys whose ids come after this one, in the order of their ids.
    pub async fn sealed_secrets(&self, after: &str, limit: i64) -> Result<Vec<SealedSecret>, StoreError> {
        on_conn!(self, read, |conn| {
            Ok(provider_keys::table
                .filter(provider_keys::id.gt(after))
                .order(provider_keys::id.asc())
                .limit(limit)
                .select((provider_keys::id, provider_keys::user_id, provider_keys::secret))
                .load(conn)
                .await?)
        })
    }

    /// Replaces sealed secrets that are still as they were read; whoever changed one meanwhile wins. Returns how many
    /// were replaced. To everybody else they are the same keys as before.
    pub async fn reseal(&self, secrets: &[ResealedSecret]) -> Result<usize, StoreError> {
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let mut replaced = 0;
                for secret in secrets {
                    let unchanged = provider_keys::table
                        .filter(provider_keys::id.eq(&secret.old.id))
                        .filter(provider_keys::secret.eq(&secret.old.sealed));
                    replaced +=
                        diesel::update(unchanged).set(provider_keys::secret.eq(&secret.sealed)).execute(conn).await?;
                }
                Ok(replaced)
            })
            .await
        })
    }

    /// Has every later write of this process on the disk before it returns. PostgreSQL does so anyway; SQLite keeps
    /// its file whole without it, but a power cut could take the last writes back.
    pub async fn write_through(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(pools) => {
                let mut conn = pools.write.get().await.map_err(pool_error)?;
                Ok(conn.batch_execute("PRAGMA synchronous = FULL").await?)
            }
            Backend::Postgres(_) => Ok(()),
        }
    }
}

impl From<&WrappedKey> for DataKeyRow {
    fn from(key: &WrappedKey) -> Self {
        Self {
            id: key.id.clone(),
            master_id: key.master_id.clone(),
            purpose: key.purpose.name().to_owned(),
            wrapped: key.wrapped.clone(),
            created_ms: key.created_ms,
            wrapped_ms: key.wrapped_ms,
        }
    }
}

impl TryFrom<DataKeyRow> for WrappedKey {
    type Error = StoreError;

    fn try_from(row: DataKeyRow) -> Result<Self, StoreError> {
        let unknown = || StoreError::Corrupt(format!("data key {} has the purpose {}", row.id, row.purpose));
        let purpose = Purpose::parse(&row.purpose).ok_or_else(unknown)?;
        Ok(Self {
            id: row.id,
            master_id: row.master_id,
            purpose,
            wrapped: row.wrapped,
            created_ms: row.created_ms,
            wrapped_ms: row.wrapped_ms,
        })
    }
}
