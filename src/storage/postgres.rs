//! Opening PostgreSQL: TLS, timeouts, migrations under a lock, the pool.

use std::{error::Error as _, time::Duration};

use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection as _,
    async_connection_wrapper::AsyncConnectionWrapper,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, bb8::Pool},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use tokio_postgres::config::SslMode;

use super::error::StoreError;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

pub type Pg = AsyncPgConnection;

/// How long one connection attempt may take, TLS, login and its first words included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a checkout may wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a start may wait for the lock and for its own migrations.
const MIGRATE_TIMEOUT: Duration = Duration::from_secs(60);
// A dropped query goes on at the server: this bounds what it costs.
const REQUEST_SETUP: &str = "SET statement_timeout = 5000; SET idle_in_transaction_session_timeout = 10000";
const MIGRATE_SETUP: &str = "SET statement_timeout = 60000";
// Replicas start together: one migrates, the others wait for the lock. It ends with the session.
const MIGRATE_LOCK: &str = "SELECT pg_advisory_lock(4702111234474983745)";

/// Migrates the database and opens the pool.
pub async fn open(config: &tokio_postgres::Config, max_connections: u32) -> Result<Pool<Pg>, StoreError> {
    tokio::time::timeout(MIGRATE_TIMEOUT, migrate(config))
        .await
        .map_err(|_| StoreError::Unavailable("another process holds the migration lock for too long".into()))??;
    let config = config.clone();
    let mut manager = ManagerConfig::<Pg>::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let config = config.clone();
        Box::pin(async move {
            connect(&config, REQUEST_SETUP).await.map_err(|e| diesel::ConnectionError::BadConnection(e.to_string()))
        })
    });
    Pool::builder()
        .max_size(max_connections.max(1))
        .min_idle(Some(1))
        // The default pings at every checkout, 9 us a call.
        .test_on_check_out(false)
        .connection_timeout(ACQUIRE_TIMEOUT)
        // The setup above knows where to connect.
        .build(AsyncDieselConnectionManager::new_with_config("", manager))
        .await
        .map_err(StoreError::unavailable)
}

pub async fn check(config: &tokio_postgres::Config) -> Result<(), StoreError> {
    connect(config, "SELECT 1").await.map(drop)
}

async fn migrate(config: &tokio_postgres::Config) -> Result<(), StoreError> {
    let mut connection = connect(config, MIGRATE_SETUP).await?;
    connection.batch_execute(MIGRATE_LOCK).await?;
    tokio::task::spawn_blocking(move || {
        AsyncConnectionWrapper::<Pg>::from(connection)
            .run_pending_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(|e| e.to_string())
    })
    .await
    .map_err(StoreError::unavailable)?
    .map_err(StoreError::Unavailable)
}

/// Connects and says `first`. With TLS when the URL says `sslmode=require`; the certificate is verified against the
/// system's roots.
async fn connect(config: &tokio_postgres::Config, first: &str) -> Result<Pg, StoreError> {
    tokio::time::timeout(CONNECT_TIMEOUT, async {
        let mut connection = if config.get_ssl_mode() == SslMode::Require {
            let (client, connection) = config.connect(tls()).await.map_err(|e| unavailable(&e))?;
            Pg::try_from_client_and_connection(client, connection).await.map_err(StoreError::unavailable)?
        } else {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(|e| unavailable(&e))?;
            Pg::try_from_client_and_connection(client, connection).await.map_err(StoreError::unavailable)?
        };
        connection.batch_execute(first).await?;
        Ok(connection)
    })
    .await
    .map_err(|_| StoreError::late())?
}

pub(super) fn tls() -> tokio_postgres_rustls::MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    tokio_postgres_rustls::MakeRustlsConnect::new(config)
}

/// The driver keeps the reason (refused, wrong password, unknown authority) in the source of its error.
pub(super) fn unavailable(error: &tokio_postgres::Error) -> StoreError {
    let mut text = error.to_string();
    if let Some(source) = error.source().map(ToString::to_string)
        && !text.contains(&source)
    {
        text = format!("{text}: {source}");
    }
    StoreError::Unavailable(text)
}
