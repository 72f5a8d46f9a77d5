//! Logs: one readable line or one JSON object an event, written by a thread of its own so that a slow terminal never
//! holds up a request. When it cannot keep up, lines are lost, not requests. And metrics.

mod memory;
mod metrics;
mod requests;

pub use memory::resident_memory;
pub use metrics::{GatewayState, RequestMetrics};
pub use requests::RequestLog;

use std::io::{self, BufWriter, IsTerminal as _};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Log lines that may wait to be written.
const QUEUE_LINES: usize = 16 * 1024;

/// Lines that wait together are written together.
const BUFFER_BYTES: usize = 64 * 1024;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    Pretty,
    Json,
}

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {filter:?} is wrong: {reason}; an example is info,ai_model_gateway=debug")]
pub struct BadFilter {
    filter: String,
    reason: String,
}

/// What keeps the log going.
pub struct Logs {
    /// Writes the lines that still wait when it is dropped.
    pub guard: WorkerGuard,
    pub requests: RequestLog,
}

/// Starts logging to standard error.
pub fn init(filter: &str, format: Format) -> Result<Logs, BadFilter> {
    let parsed =
        EnvFilter::try_new(filter).map_err(|e| BadFilter { filter: filter.to_owned(), reason: e.to_string() })?;
    let stderr = BufWriter::with_capacity(BUFFER_BYTES, io::stderr());
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(QUEUE_LINES).lossy(true).finish(stderr);
    let terminal = io::stderr().is_terminal();
    let json = match format {
        Format::Auto => !terminal,
        Format::Json => true,
        Format::Pretty => false,
    };
    let requests = RequestLog { writer: writer.clone(), json };
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(writer);
    // A second call, in tests, keeps the first subscriber.
    let _ = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(terminal).with_target(false).try_init()
    };
    Ok(Logs { guard, requests })
}
