//! A connection to PostgreSQL while somebody uses it. SQLite answers where it is asked, so it needs none of this.

use std::time::Duration;

use diesel::connection::TransactionManagerStatus;
use diesel_async::{AsyncConnection, TransactionManager as _, pooled_connection::bb8::PooledConnection};

use super::{error::StoreError, postgres::Pg};

/// Longest use of a connection. The server ends a statement after 5 s; this is for one that says nothing any more, or a
/// network that swallows what it says.
const LONGEST_USE: Duration = Duration::from_secs(120);

/// A connection in use. When it is dropped before its answer came, nobody uses it again: whoever did would wait for that
/// answer first, which may never come.
pub(super) struct InUse<'a> {
    connection: PooledConnection<'a, Pg>,
    answered: bool,
}

impl<'a> InUse<'a> {
    pub fn new(connection: PooledConnection<'a, Pg>) -> Self {
        Self { connection, answered: false }
    }

    pub fn connection(&mut self) -> &mut Pg {
        &mut self.connection
    }

    /// Gives the connection back, if it answered.
    pub fn end<T>(mut self, done: Result<Result<T, StoreError>, StoreError>) -> Result<T, StoreError> {
        self.answered = done.is_ok();
        done.flatten()
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        if !self.answered {
            // The pool throws away what is in this state.
            let status =
                <Pg as AsyncConnection>::TransactionManager::transaction_manager_status_mut(&mut *self.connection);
            *status = TransactionManagerStatus::InError;
        }
    }
}

/// Waits for what a connection is used for. The outer error is that it took too long.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<Result<T, StoreError>, StoreError> {
    tokio::time::timeout(LONGEST_USE, work).await.map_err(|_| StoreError::late())
}
