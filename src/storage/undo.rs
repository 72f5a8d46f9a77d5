//! How a transaction ends that has nothing to write.

use diesel::result::Error as DieselError;

use super::error::StoreError;

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
