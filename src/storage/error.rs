//! What can go wrong with the database. No message holds a secret or a URL.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The setting is wrong; starting again will not help.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// Down, unreachable, busy or too slow. May work later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The row is there already, or the row it belongs to is not.
    #[error("the database refused the write: {0}")]
    Conflict(String),
    /// The content is not what this version of the program can read.
    #[error("the database does not hold what it should: {0}")]
    Corrupt(String),
}

impl StoreError {
    pub(super) fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }

    pub(super) fn late() -> Self {
        Self::Unavailable("the server did not answer in time".into())
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, info) => from_database(kind, info.message()),
            DieselError::NotFound | DieselError::DeserializationError(_) | DieselError::QueryBuilderError(_) => {
                Self::Corrupt(error.to_string())
            }
            other => Self::unavailable(other),
        }
    }
}

fn from_database(kind: DatabaseErrorKind, message: &str) -> StoreError {
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation => StoreError::Conflict(message.to_owned()),
        // SQLite has no kind for these, and neither has diesel for PostgreSQL's undefined_table.
        _ if ["malformed", "not a database", "no such", "does not exist"].iter().any(|m| message.contains(m)) => {
            StoreError::Corrupt(message.to_owned())
        }
        _ => StoreError::unavailable(message),
    }
}
