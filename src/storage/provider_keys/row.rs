//! A row of `provider_keys`, and reading all of them.

use diesel::{
    QueryDsl as _, Queryable, Selectable, SelectableHelper as _,
    prelude::{AsChangeset, Insertable},
};
use diesel_async::RunQueryDsl as _;
use tokio::{runtime::Handle, task::spawn_blocking};

use crate::{
    domain::{
        failure::FailureClass,
        health::{Health, KeyState},
        key::StoredKey,
    },
    storage::{
        connect::{Backend, Store, on_conn},
        error::StoreError,
        revisions::Revision,
        schema::provider_keys,
    },
};

/// A stored key with its sealed secret.
#[derive(Clone)]
pub struct SealedKey {
    pub stored: StoredKey,
    pub secret: Vec<u8>,
}

/// All keys of all users.
pub struct ProviderKeyRows {
    /// The state that `keys` belong to, or an older one.
    pub revision: i64,
    pub keys: Vec<SealedKey>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = provider_keys)]
pub struct Row {
    id: String,
    user_id: String,
    provider: String,
    name: String,
    secret: Vec<u8>,
    secret_version: i64,
    fingerprint: String,
    hint: String,
    parameters: String,
    quota_owner: String,
    active: bool,
    selected: bool,
    #[diesel(embed)]
    health: HealthColumns,
    created_ms: i64,
    updated_ms: i64,
    last_used_ms: Option<i64>,
}

/// What owners change.
#[derive(AsChangeset)]
#[diesel(table_name = provider_keys)]
pub struct OwnerColumns {
    name: String,
    secret: Vec<u8>,
    secret_version: i64,
    fingerprint: String,
    hint: String,
    parameters: String,
    quota_owner: String,
    active: bool,
    updated_ms: i64,
}

/// What the gateway changes.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = provider_keys)]
#[diesel(treat_none_as_null = true)]
pub struct HealthColumns {
    state: String,
    state_since_ms: i64,
    state_until_ms: Option<i64>,
    state_reason: String,
    failure_class: Option<String>,
    strikes: i64,
}

impl From<HealthColumns> for Health {
    fn from(columns: HealthColumns) -> Self {
        let state = KeyState::ALL.into_iter().find(|state| state.name() == columns.state);
        let class = |name: String| FailureClass::ALL.into_iter().find(|class| class.name() == name);
        Self {
            // A state of a newer version: the key is left alone.
            state: state.unwrap_or(KeyState::Invalid),
            since_ms: columns.state_since_ms,
            until_ms: columns.state_until_ms,
            class: columns.failure_class.and_then(class),
            reason: columns.state_reason,
            strikes: columns.strikes.try_into().unwrap_or_default(),
        }
    }
}

impl From<&Health> for HealthColumns {
    fn from(health: &Health) -> Self {
        Self {
            state: health.state.name().to_owned(),
            state_since_ms: health.since_ms,
            state_until_ms: health.until_ms,
            state_reason: health.reason.clone(),
            failure_class: health.class.map(|class| class.name().to_owned()),
            strikes: health.strikes.into(),
        }
    }
}

impl From<Row> for SealedKey {
    fn from(row: Row) -> Self {
        let stored = StoredKey {
            id: row.id,
            user_id: row.user_id,
            provider: row.provider,
            name: row.name,
            active: row.active,
            selected: row.selected,
            health: row.health.into(),
            quota_owner: row.quota_owner,
            hint: row.hint,
            fingerprint: row.fingerprint,
            parameters: serde_json::from_str(&row.parameters).unwrap_or_default(),
            secret_version: row.secret_version,
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            last_used_ms: row.last_used_ms,
        };
        Self { stored, secret: row.secret }
    }
}

impl From<&SealedKey> for Row {
    fn from(key: &SealedKey) -> Self {
        let stored = &key.stored;
        Self {
            id: stored.id.clone(),
            user_id: stored.user_id.clone(),
            provider: stored.provider.clone(),
            name: stored.name.clone(),
            secret: key.secret.clone(),
            secret_version: stored.secret_version,
            fingerprint: stored.fingerprint.clone(),
            hint: stored.hint.clone(),
            parameters: parameters(stored),
            quota_owner: stored.quota_owner.clone(),
            active: stored.active,
            selected: stored.selected,
            health: (&stored.health).into(),
            created_ms: stored.created_ms,
            updated_ms: stored.updated_ms,
            last_used_ms: stored.last_used_ms,
        }
    }
}

impl From<&SealedKey> for OwnerColumns {
    fn from(key: &SealedKey) -> Self {
        let stored = &key.stored;
        Self {
            name: stored.name.clone(),
            secret: key.secret.clone(),
            secret_version: stored.secret_version,
            fingerprint: stored.fingerprint.clone(),
            hint: stored.hint.clone(),
            parameters: parameters(stored),
            quota_owner: stored.quota_owner.clone(),
            active: stored.active,
            updated_ms: stored.updated_ms,
        }
    }
}

fn parameters(key: &StoredKey) -> String {
    serde_json::json!(key.parameters).to_string()
}

impl Store {
    /// Reads all keys. SQLite works on the thread that asks, and thousands of rows take it too long for one that requests
    /// wait for.
    pub async fn load_provider_keys(&self) -> Result<ProviderKeyRows, StoreError> {
        if let Backend::Postgres(_) = self.backend {
            return self.read_provider_keys().await;
        }
        let store = self.clone();
        let read = move || Handle::current().block_on(store.read_provider_keys());
        spawn_blocking(read).await.map_err(StoreError::unavailable)?
    }

    /// Reads the revision before the keys: a write in between makes the keys newer than the revision says, and the
    /// next poll loads them once more.
    async fn read_provider_keys(&self) -> Result<ProviderKeyRows, StoreError> {
        let revision = self.revision(Revision::ProviderKeys).await?;
        on_conn!(self, read, |conn| {
            let rows: Vec<Row> = provider_keys::table.select(Row::as_select()).load(conn).await?;
            Ok(ProviderKeyRows { revision, keys: rows.into_iter().map(SealedKey::from).collect() })
        })
    }
}
