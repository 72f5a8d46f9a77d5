//! What every write begins with, and how one ends that has nothing to write.

use diesel::result::Error as DieselError;

use super::error::StoreError;

/// Grows the revision of a table inside a transaction: it tells the other processes, and its row lock (on SQLite the
/// write lock) puts the writers in one line.
macro_rules! bump {
    ($conn:expr, $name:expr) => {
        diesel::update($crate::storage::schema::revisions::table.find($name))
            .set($crate::storage::schema::revisions::value.eq($crate::storage::schema::revisions::value + 1))
            .execute($conn)
            .await?
    };
}
pub(super) use bump;

/// Ends a transaction without a trace.
pub(super) enum Undo<T> {
    /// There was nothing to write; this is the answer.
    Nothing(T),
    Failed(StoreError),
}

impl<T> From<DieselError> for Undo<T> {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

/// Returns the answer of a transaction, whether it wrote or not.
pub(super) fn settle<T>(result: Result<T, Undo<T>>) -> Result<T, StoreError> {
    match result {
        Ok(answer) | Err(Undo::Nothing(answer)) => Ok(answer),
        Err(Undo::Failed(error)) => Err(error),
    }
}
