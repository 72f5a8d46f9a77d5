//! Logs: one readable line or one JSON object an event, written by a thread of its own so that a slow terminal never
//! holds up a request. When it cannot keep up, lines are lost, not requests.

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

/// Starts logging to standard error. Lines that wait are written when the guard is dropped.
pub fn init(filter: &str, format: Format) -> Result<WorkerGuard, BadFilter> {
    let parsed =
        EnvFilter::try_new(filter).map_err(|e| BadFilter { filter: filter.to_owned(), reason: e.to_string() })?;
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(QUEUE_LINES)
        .lossy(true)
        .finish(BufWriter::with_capacity(BUFFER_BYTES, io::stderr()));
    let terminal = io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(writer);
    // A second call, in tests, keeps the first subscriber.
    let _ = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Auto if !terminal => builder.json().flatten_event(true).try_init(),
        Format::Auto | Format::Pretty => builder.with_ansi(terminal).with_target(false).try_init(),
    };
    Ok(guard)
}
