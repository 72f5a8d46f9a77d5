//! The named timeouts and limits of upstream calls.

use std::time::Duration;

/// How long each kind of silence may last. The caller's deadline applies besides.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamTimeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the head of the answer.
    pub initial: Duration,
    /// Between two reads of the answer.
    pub idle: Duration,
    /// Largest single event of a stream.
    pub max_event_bytes: usize,
}
