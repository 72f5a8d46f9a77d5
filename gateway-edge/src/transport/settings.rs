//! What the way to a service at an address can be told.

use std::{fmt, path::PathBuf, time::Duration};

/// How to reach the service.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    /// `http://host:port` or `https://host:port`, one or more. Each address that a name has is a replica.
    pub urls: Vec<String>,
    /// HTTP/2 connections to each replica. One takes at most the server's `max_concurrent_streams`; calls beyond wait.
    pub connections: usize,
    pub tls: TlsFiles,
    pub timing: Timing,
}

impl RemoteSettings {
    pub fn new(url: impl Into<String>) -> Self {
        let (tls, timing) = (TlsFiles::default(), Timing::default());
        Self { urls: vec![url.into()], connections: 4, tls, timing }
    }
}

/// Files in PEM, and the name that the service's certificate must have.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// Authorities that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// The edge's own certificate, with the chain behind it, and its key.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Instead of the host of the address.
    pub server_name: Option<String>,
}

impl TlsFiles {
    pub fn is_empty(&self) -> bool {
        self.ca.is_none() && self.cert.is_none() && self.key.is_none() && self.server_name.is_none()
    }
}

/// Every wait between edge and service.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// A connection: TCP and TLS together.
    pub connect: Duration,
    /// The answer to a question for health.
    pub probe: Duration,
    /// Between two questions for health.
    pub check_interval: Duration,
    /// Silence of a connection after which it is asked for a sign of life.
    pub keepalive_interval: Duration,
    /// The wait for that sign; without it the connection is given up, with the calls on it.
    pub keepalive_timeout: Duration,
    /// Between two look-ups of a name.
    pub resolve_interval: Duration,
    /// One look-up.
    pub resolve: Duration,
    /// How long a call waits for a replica while there is none.
    pub no_replica: Duration,
    /// The first rest of a replica that failed; each one after it is twice as long.
    pub first_rest: Duration,
    pub longest_rest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            probe: Duration::from_secs(2),
            check_interval: Duration::from_secs(2),
            keepalive_interval: Duration::from_secs(10),
            keepalive_timeout: Duration::from_secs(5),
            resolve_interval: Duration::from_secs(5),
            resolve: Duration::from_secs(5),
            no_replica: Duration::from_secs(2),
            first_rest: Duration::from_millis(100),
            longest_rest: Duration::from_secs(3),
        }
    }
}

/// Why the way to the service cannot be built: what to change, in words.
#[derive(Debug)]
pub struct RemoteError(pub String);

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RemoteError {}
