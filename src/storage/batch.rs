//! Many rows with one statement. For SQLite diesel can write such a statement only through its own connection, so this is
//! the one place where the two databases are called in different ways.

use diesel::{QueryResult, SqliteConnection, query_dsl::methods::ExecuteDsl};

use super::{postgres::Pg, sqlite::Lite};

/// Most characters of a name or id.
pub(super) const MOST_NAME: usize = 256;

/// A connection that takes the insertion `Q` of many rows.
pub(super) trait ExecuteBatch<Q> {
    fn execute_batch(&mut self, query: Q) -> impl Future<Output = QueryResult<usize>> + Send;
}

impl<Q> ExecuteBatch<Q> for Lite
where
    Q: ExecuteDsl<SqliteConnection> + Send + 'static,
{
    fn execute_batch(&mut self, query: Q) -> impl Future<Output = QueryResult<usize>> + Send {
        self.spawn_blocking(move |connection| ExecuteDsl::execute(query, connection))
    }
}

impl<Q> ExecuteBatch<Q> for Pg
where
    Q: diesel_async::methods::ExecuteDsl<Pg> + Send,
{
    async fn execute_batch(&mut self, query: Q) -> QueryResult<usize> {
        diesel_async::RunQueryDsl::execute(query, self).await
    }
}

/// Makes a text fit to be stored: not longer than `most` characters and without the one character that PostgreSQL does not
/// take. Names of models come from callers.
pub(super) fn fit(text: &str, most: usize) -> String {
    if text.len() <= most && !text.contains('\0') {
        return text.to_owned();
    }
    text.chars().filter(|c| *c != '\0').take(most).collect()
}
