//! Revisions: one counter for each snapshot that processes keep in memory.
//!
//! Every write that a snapshot must see begins with its revision: it tells the other processes (on PostgreSQL a trigger
//! calls them at once, see `listen.rs`), and its row lock (on SQLite the write lock) puts the writers in one line.

use std::time::Duration;

use diesel::QueryDsl as _;
use diesel_async::RunQueryDsl as _;

use super::{
    connect::{Store, on_conn},
    error::StoreError,
    schema::revisions,
};

/// How long the answer to a look may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// What there is a revision of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Users and gateway keys.
    Access,
    ProviderKeys,
    /// Grows by one with each entry.
    Activity,
}

impl Revision {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::ProviderKeys => "provider_keys",
            Self::Activity => "activity",
        }
    }
}

/// Grows a revision inside a transaction, as its first statement.
macro_rules! bump {
    ($conn:expr, $revision:expr) => {{
        use diesel::{ExpressionMethods as _, QueryDsl as _};
        use diesel_async::RunQueryDsl as _;
        use $crate::storage::schema::revisions;
        diesel::update(revisions::table.find($revision.name()))
            .set(revisions::value.eq(revisions::value + 1))
            .execute($conn)
            .await?
    }};
}
pub(super) use bump;

impl Store {
    /// Returns a revision. One small read, so it also serves as a sign of life.
    pub async fn revision(&self, of: Revision) -> Result<i64, StoreError> {
        tokio::time::timeout(SIGN_OF_LIFE, self.read_revision(of)).await.unwrap_or_else(|_| Err(StoreError::late()))
    }

    async fn read_revision(&self, of: Revision) -> Result<i64, StoreError> {
        on_conn!(self, read, |conn| Ok(revisions::table.find(of.name()).select(revisions::value).first(conn).await?))
    }
}
