//! Where the database is. Parsed once; what it prints never holds a password.

use std::{fmt, path::PathBuf};

use super::error::StoreError;

/// A database the gateway can use.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file, created when it does not exist.
    Sqlite(PathBuf),
    Postgres(Box<tokio_postgres::Config>),
}

impl DatabaseUrl {
    /// Reads `sqlite://path/to/file`, `postgres://…` or `postgresql://…`.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(StoreError::Url("the path of the file is missing: write sqlite://path/to/file".into()));
            }
            // Absolute, so that SQLite can never take a strange name for one of its own URIs.
            let path = std::path::absolute(path).map_err(|e| StoreError::Url(e.to_string()))?;
            return Ok(Self::Sqlite(path));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(parse_postgres(text)?)));
        }
        Err(StoreError::Url("it begins with neither sqlite:// nor postgres://".into()))
    }
}

fn parse_postgres(text: &str) -> Result<tokio_postgres::Config, StoreError> {
    // The driver knows `require` only. Ours verifies the server's certificate whenever it uses TLS, so the stricter
    // words of libpq mean the same here.
    let text = text.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    text.parse().map_err(|_| {
        // The driver's own message may repeat a part of the password that it took for a host or a port.
        StoreError::Url(
            "it is no valid PostgreSQL URL; percent-encode special characters of the password, and see that every \
             option after the question mark is known"
                .into(),
        )
    })
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(config) => {
                let host = match config.get_hosts().first() {
                    Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
                    #[cfg(unix)]
                    Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
                    None => String::new(),
                };
                write!(f, "postgres://{host}/{}", config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
