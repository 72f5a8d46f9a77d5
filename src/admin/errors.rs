//! From what storage says to what a caller is told.

use crate::{
    domain::error::{Error, ErrorKind},
    storage::StoreError,
};

/// Logs what the caller cannot use, and tells them what they can do.
pub fn from_store(error: StoreError) -> Error {
    match error {
        StoreError::Unavailable(_) => {
            tracing::error!(%error, "a database call failed");
            Error::new(ErrorKind::StorageUnavailable, "the gateway's database is not available; try again soon")
        }
        StoreError::Conflict(_) => Error::new(ErrorKind::AlreadyExists, "this exists already"),
        StoreError::Corrupt(_) | StoreError::Url(_) => {
            tracing::error!(%error, "the database does not hold what it should");
            Error::new(ErrorKind::Internal, "the gateway's database has a problem that its operator must solve")
        }
    }
}
