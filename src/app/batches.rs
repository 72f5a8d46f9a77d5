//! Writes what waits in a queue to the database, many rows at a time, and outlasts a database that is away.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{activity::Backlog, storage::StoreError};

/// Most rows of one write. SQLite is called on the thread that asks, and this many take it a few milliseconds.
const MOST_ROWS: usize = 400;
/// Pause between two writes, in which rows gather.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause before a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Where rows are written.
pub trait Destination: Send + Sync + 'static {
    type Row: Send + Sync;

    /// What the rows are, for the log.
    const ROWS: &'static str;

    fn write(&self, rows: &[Self::Row]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Counts rows that are lost.
    fn lost(&self, rows: u64);
}

/// Writes rows until the backlog is closed and empty. While the database is away they wait there; from `ending` on no more
/// rows are taken in, and what cannot be written is given up.
pub async fn write_batches<D: Destination>(to: D, backlog: Backlog<D::Row>, ending: CancellationToken) {
    let mut rows = Vec::new();
    loop {
        tokio::select! {
            count = backlog.take(&mut rows, MOST_ROWS) => if count == 0 { break },
            () = ending.cancelled(), if !backlog.is_closed() => {
                backlog.close();
                continue;
            }
        }
        write(&to, &rows, (&backlog, &ending)).await;
        tell_lost(&to, &backlog);
        rows.clear();
        let more = backlog.len() >= MOST_ROWS;
        tokio::select! {
            () = sleep(PAUSE), if !more => {}
            () = tokio::task::yield_now(), if more => {}
            () = ending.cancelled() => {}
        }
    }
    tell_lost(&to, &backlog);
}

/// Writes the rows, again and again while the database is away.
async fn write<D: Destination>(to: &D, rows: &[D::Row], (behind, ending): (&Backlog<D::Row>, &CancellationToken)) {
    let mut away = false;
    loop {
        let error = match to.write(rows).await {
            Ok(()) => break,
            Err(error) => error,
        };
        let again = matches!(error, StoreError::Unavailable(_)) && !ending.is_cancelled();
        if !again {
            to.lost(rows.len() as u64);
            tracing::error!(%error, rows = rows.len(), "{} could not be written and are lost", D::ROWS);
            break;
        }
        if !away {
            tracing::warn!(%error, "{} cannot be written; they wait", D::ROWS);
            away = true;
        }
        tokio::select! {
            () = sleep(RETRY) => {}
            () = ending.cancelled() => {}
        }
        tell_lost(to, behind);
    }
}

fn tell_lost<D: Destination>(to: &D, backlog: &Backlog<D::Row>) {
    let lost = backlog.take_lost();
    if lost > 0 {
        to.lost(lost);
        tracing::warn!(lost, "{} were lost: they came faster than they could be written", D::ROWS);
    }
}

#[cfg(test)]
mod tests;
