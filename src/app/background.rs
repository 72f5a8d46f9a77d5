//! What goes on beside the requests: taking over other processes' changes, writing down what requests leave behind, and
//! forgetting what is old.

use std::{sync::Arc, time::Duration};

use futures_util::future::select_all;
use tokio::{sync::Notify, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    batches::write_batches,
    keys::{keep_happenings, keep_uses, probe_keys},
    records::{ActivityTable, RecordKeeper, UsageTable, keep_records},
    refresh::refresh,
    retention::forget_old,
};
use crate::{
    activity::Backlog,
    admin::Administration,
    config::Retention,
    domain::activity::ActivityEntry,
    metering::Records,
    routing::{catalog::Catalog, happenings::HappeningQueue},
    storage::Listener,
    telemetry::{RequestLog, RequestMetrics},
};

/// How many records of requests, happenings of keys and entries of activity may wait to be written, each.
pub const WAITING_RECORDS: usize = 10_000;
/// How long a stop waits for all that is still to be written.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Everything there is to do.
pub struct Work {
    pub admin: Arc<Administration>,
    /// Tells of other processes' changes, where the database can.
    pub listener: Option<Listener>,
    pub catalog: Arc<Catalog>,
    pub records: Records,
    pub happened: HappeningQueue,
    pub entries: Backlog<ActivityEntry>,
    pub retention: Retention,
    pub metrics: RequestMetrics,
}

/// Work that goes on.
pub struct Running {
    /// They have nothing to finish.
    helpers: JoinSet<()>,
    /// In the order in which they end: each may report to those after it.
    writers: Vec<Writer>,
}

struct Writer {
    task: JoinSet<()>,
    ending: CancellationToken,
}

impl Writer {
    fn spawn<F: Future<Output = ()> + Send + 'static>(begin: impl FnOnce(CancellationToken) -> F) -> Self {
        let ending = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(begin(ending.clone()));
        Self { task, ending }
    }

    /// Waits until everything is written.
    async fn end(mut self) {
        self.ending.cancel();
        self.task.join_next().await;
    }
}

impl Work {
    /// Begins.
    pub fn spawn(self, log: Option<RequestLog>) -> Running {
        let Self { admin, listener, catalog, records, happened, entries, retention, metrics } = self;
        let mut helpers = JoinSet::new();
        let changed = Arc::new(Notify::new());
        helpers.spawn(refresh(admin.clone(), changed.clone()));
        if let Some(listener) = listener {
            helpers.spawn(listener.run(move || changed.notify_one()));
        }
        helpers.spawn(probe_keys(admin.clone()));
        helpers.spawn(forget_old(admin.clone(), retention));

        let (waiting, losses) = (Backlog::new(WAITING_RECORDS), metrics.lost.clone());
        let keeper = RecordKeeper { records, log, metrics, catalog, backlog: waiting.clone() };
        let usage = UsageTable { admin: admin.clone(), lost: losses.usage };
        let activity = ActivityTable { admin: admin.clone(), lost: losses.activity };
        let writers = vec![
            Writer::spawn(|ending| keep_uses(admin.clone(), ending)),
            Writer::spawn(|ending| keep_happenings(admin, happened, losses.key_changes, ending)),
            Writer::spawn(|ending| keep_records(keeper, ending)),
            Writer::spawn(|ending| write_batches(usage, waiting, ending)),
            Writer::spawn(|ending| write_batches(activity, entries, ending)),
        ];
        Running { helpers, writers }
    }
}

impl Running {
    /// Waits until something of it has ended, which nothing does by itself: without it, keys or records would fall behind
    /// for as long as the process runs.
    pub async fn broken(&mut self) -> anyhow::Error {
        let writers = self.writers.iter_mut().map(|writer| Box::pin(writer.task.join_next()));
        let ended = tokio::select! {
            Some(ended) = self.helpers.join_next() => ended,
            (Some(ended), ..) = select_all(writers) => ended,
            else => return anyhow::anyhow!("nothing goes on beside the requests any more"),
        };
        let why = ended.err().map_or_else(String::new, |error| format!(": {error}"));
        anyhow::anyhow!("something that goes on beside the requests has ended{why}; start the gateway again")
    }

    /// Ends it, when nobody sends requests any more.
    pub async fn end(mut self) {
        self.helpers.shutdown().await;
        let last = async {
            for writer in self.writers {
                writer.end().await;
            }
        };
        if timeout(LAST_WRITES, last).await.is_err() {
            tracing::warn!(timeout_s = LAST_WRITES.as_secs(), "the last records could not be written in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_ends_by_itself_is_noticed() {
        let goes_on = |_| std::future::pending::<()>();
        for (name, helper, writer) in [("nothing", false, false), ("a helper", true, false), ("a writer", false, true)]
        {
            let mut running = Running { helpers: JoinSet::new(), writers: vec![Writer::spawn(goes_on)] };
            running.helpers.spawn(std::future::pending());
            if helper {
                running.helpers.spawn(async { panic!("on purpose") });
            }
            if writer {
                running.writers.push(Writer::spawn(|_| async {}));
            }
            let noticed = timeout(Duration::from_secs(1), running.broken()).await;
            assert_eq!(noticed.is_ok(), helper || writer, "{name}");
        }
    }
}
