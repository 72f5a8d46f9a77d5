//! What the edge can be told, with defaults that suit one machine.

use std::time::Duration;

use prometheus::Registry;

#[derive(Clone, Debug)]
pub struct EdgeSettings {
    /// Silence after which a streamed answer gets a comment, so that proxies keep the connection open. The head of an
    /// answer is held back at most as long.
    pub heartbeat: Duration,
    /// Largest request body. OpenAI takes some 50 MB: pictures travel inside.
    pub max_body_bytes: usize,
    /// Longest time the service may take for one request, and a client to send it.
    pub request_timeout: Duration,
    /// Browser origins that may read answers; `*` for all. Empty: no CORS headers at all.
    pub cors_origins: Vec<String>,
    /// Longest time a client may take to send the head of a request; an idle HTTP/1 connection is closed after it.
    pub header_read_timeout: Duration,
    /// Longest silence while a client sends a body.
    pub body_read_timeout: Duration,
    /// Where the edge registers its metrics. What else is registered there is shown with them.
    pub metrics: Registry,
    /// Whether `/metrics` has a port of its own, and so is not among the routes.
    pub metrics_apart: bool,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            max_body_bytes: 50 << 20,
            request_timeout: Duration::from_secs(600),
            cors_origins: Vec::new(),
            header_read_timeout: Duration::from_secs(10),
            body_read_timeout: Duration::from_secs(30),
            metrics: Registry::new(),
            metrics_apart: false,
        }
    }
}

impl EdgeSettings {
    /// Largest message that the service may answer with.
    pub(crate) fn max_answer_bytes(&self) -> usize {
        self.max_body_bytes.max(4 << 20)
    }
}
