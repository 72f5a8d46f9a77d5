//! [`Store`], and the macro that runs one query text on either database.

use diesel_async::pooled_connection::bb8::{self, Pool};
use diesel_migrations::EmbeddedMigrations;

use super::{
    error::StoreError,
    postgres::{self, Pg},
    sqlite::{self, Lite},
    url::DatabaseUrl,
};

/// The open database. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    pub(super) backend: Backend,
}

#[derive(Clone)]
pub(super) enum Backend {
    Sqlite(Pools<Pool<Lite>>),
    Postgres(Pools<Pool<Pg>>),
}

/// SQLite: readers and one writer. PostgreSQL: the same pool twice.
#[derive(Clone)]
pub(super) struct Pools<P> {
    pub read: P,
    pub write: P,
}

impl Store {
    /// Connects and migrates. `max_connections` bounds PostgreSQL; SQLite has one writer and two readers.
    pub async fn open(url: &DatabaseUrl, max_connections: u32) -> Result<Self, StoreError> {
        let backend = match url {
            DatabaseUrl::Sqlite(path) => {
                let (read, write) = sqlite::open(path).await?;
                Backend::Sqlite(Pools { read, write })
            }
            DatabaseUrl::Postgres(config) => {
                let pool = postgres::open(config, max_connections).await?;
                Backend::Postgres(Pools { read: pool.clone(), write: pool })
            }
        };
        Ok(Self { backend })
    }

    /// Asks whether the database could be opened, and changes nothing. A SQLite file may still be missing.
    pub async fn check(url: &DatabaseUrl) -> Result<(), StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::check(path),
            DatabaseUrl::Postgres(config) => postgres::check(config).await,
        }
    }
}

/// Runs `$body` with a connection named `$conn`. The block is compiled once per database, because diesel's types name
/// the database and `#[derive(MultiConnection)]` has no async form. `write` is serialised on SQLite. Statements whose
/// shape is found at run time name the database as `Db`.
macro_rules! on_conn {
    ($store:expr, $mode:ident, |$conn:ident| $body:expr) => {
        match &$store.backend {
            $crate::storage::connect::Backend::Sqlite(pools) => {
                #[allow(unused_imports, reason = "most statements have a fixed shape")]
                use diesel::sqlite::Sqlite as Db;
                let mut guard = pools.$mode.get().await.map_err($crate::storage::connect::pool_error)?;
                let $conn = &mut *guard;
                $body
            }
            $crate::storage::connect::Backend::Postgres(pools) => {
                #[allow(unused_imports, reason = "most statements have a fixed shape")]
                use diesel::pg::Pg as Db;
                let guard = pools.$mode.get().await.map_err($crate::storage::connect::pool_error)?;
                let mut used = $crate::storage::in_use::InUse::new(guard);
                let work = async {
                    let $conn = used.connection();
                    $body
                };
                let done = $crate::storage::in_use::in_time(work).await;
                used.end(done)
            }
        }
    };
}
pub(super) use on_conn;

pub(super) fn pool_error(error: bb8::RunError) -> StoreError {
    match error {
        bb8::RunError::TimedOut => StoreError::Unavailable("no connection became free in time".into()),
        bb8::RunError::User(error) => StoreError::unavailable(error),
    }
}

/// Names of the embedded migrations, for the test that compares both folders.
pub struct MigrationNames {
    pub sqlite: Vec<String>,
    pub postgres: Vec<String>,
}

pub fn migration_names() -> Result<MigrationNames, StoreError> {
    Ok(MigrationNames {
        sqlite: names::<diesel::sqlite::Sqlite>(&sqlite::MIGRATIONS)?,
        postgres: names::<diesel::pg::Pg>(&postgres::MIGRATIONS)?,
    })
}

fn names<DB: diesel::backend::Backend>(migrations: &EmbeddedMigrations) -> Result<Vec<String>, StoreError> {
    let list = diesel::migration::MigrationSource::<DB>::migrations(migrations)
        .map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(list.iter().map(|m| m.name().to_string()).collect())
}
