//! Opening the SQLite file: permissions, pragmas, migrations, one writer and a few readers.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use diesel_async::{
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8::Pool},
    sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::error::StoreError;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

pub type Lite = SyncConnectionWrapper<SqliteConnection, Inline>;

/// How long a checkout may wait for the one writer or a reader.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a start may wait for another process that migrates the same file.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// The request path reads snapshots, not the database: two readers serve the administration.
const READERS: u32 = 2;
// The busy timeout blocks the thread it happens on, so it is short: only another process can be in the way.
// The cache is 2 MiB for each connection and the map 64 MiB, of which only pages in use count as memory.
const PRAGMAS: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -2048; PRAGMA mmap_size = 67108864; PRAGMA temp_store = MEMORY;";

/// Runs SQLite calls where they are awaited instead of on tokio's blocking pool.
///
/// A point query costs a few microseconds, less than the hop to another thread. It also makes the futures safe to
/// drop: the stock wrapper blocks in `Drop` until the query ends, and panics there on a current-thread runtime.
pub struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> futures_util::future::BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync>>>
    where
        R: Send + 'static,
    {
        Box::pin(async move { Ok(task()) })
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// Creates and migrates the file, then opens the readers and the writer.
pub async fn open(path: &Path) -> Result<(Pool<Lite>, Pool<Lite>), StoreError> {
    let file = path.to_owned();
    tokio::task::spawn_blocking(move || prepare(&file)).await.map_err(StoreError::unavailable)??;
    let path = text(path)?;
    Ok((pool(path, READERS, true).await?, pool(path, 1, false).await?))
}

pub fn check(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let mut connection = SqliteConnection::establish(text(path)?).map_err(StoreError::unavailable)?;
    Ok(connection
        .batch_execute("PRAGMA query_only = ON; PRAGMA schema_version; SELECT count(*) FROM sqlite_schema;")?)
}

async fn pool(path: &str, size: u32, read_only: bool) -> Result<Pool<Lite>, StoreError> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |path| {
        let connection = connect(path, read_only);
        Box::pin(async move { connection.map(|c| Lite::with_runtime(c, Inline)) })
    });
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // The default pings at every checkout.
        .test_on_check_out(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .connection_timeout(ACQUIRE_TIMEOUT)
        .build(AsyncDieselConnectionManager::new_with_config(path, config))
        .await
        .map_err(StoreError::unavailable)
}

fn connect(path: &str, read_only: bool) -> diesel::ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(path)?;
    let pragmas = if read_only { format!("{PRAGMAS} PRAGMA query_only = ON;") } else { PRAGMAS.to_owned() };
    connection.batch_execute(&pragmas).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Two processes may start on one new file. SQLite does not wait for the other one while it switches to the
/// write-ahead log, so a locked file is tried again.
fn prepare(path: &Path) -> Result<(), StoreError> {
    create_private(path)
        .map_err(|e| StoreError::Unavailable(format!("{} cannot be created or opened: {e}", path.display())))?;
    let deadline = Instant::now() + OPEN_TIMEOUT;
    loop {
        match migrate(text(path)?) {
            Err(error) if error.contains("locked") && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) if error.contains("not a database") || error.contains("malformed") => {
                return Err(StoreError::Corrupt(format!("{}: {error}", path.display())));
            }
            Err(error) => return Err(StoreError::Unavailable(format!("{}: {error}", path.display()))),
            Ok(()) => return Ok(()),
        }
    }
}

fn migrate(path: &str) -> Result<(), String> {
    let mut connection = connect(path, false).map_err(|e| e.to_string())?;
    // Takes the write lock first: whoever comes second finds nothing left to do.
    connection
        .immediate_transaction(|connection| {
            connection.run_pending_migrations(MIGRATIONS).map(|_| ()).map_err(MigrateError::Migration)
        })
        .map_err(|error| match error {
            MigrateError::Migration(error) => error.to_string(),
            MigrateError::Database(error) => error.to_string(),
        })
}

enum MigrateError {
    Migration(Box<dyn std::error::Error + Send + Sync>),
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// Creates the folder (0700) and the file (0600) where they do not exist. SQLite gives its side files the mode of the
/// main one.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent() {
        folder.recursive(true).create(parent)?;
    }
    file.read(true).write(true).create(true).truncate(false).open(path).map(|_| ())
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::Url("the path of the file is not UTF-8".into()))
}
