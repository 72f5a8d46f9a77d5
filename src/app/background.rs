//! What goes on beside the requests: taking over other processes' changes, writing down what requests leave behind, and
//! forgetting what is old.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{
        Notify,
        mpsc::{self, Sender},
    },
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    batches::{Destination, write_batches},
    keys::{keep_happenings, keep_uses, probe_keys, refresh_keys},
    retention::forget_old,
};
use crate::{
    activity::ActivityQueue,
    admin::Administration,
    config::Retention,
    domain::{activity::ActivityEntry, consumption::UsageRecord},
    metering::{Record, Records},
    routing::{catalog::Catalog, happenings::HappeningQueue},
    storage::{Listener, StoreError},
    telemetry::RequestLog,
};

/// How often another process's entries of activity are looked for.
const REFRESH: Duration = Duration::from_millis(500);
/// How often the records of finished requests are written.
const RECORD_TICK: Duration = Duration::from_millis(100);
/// How many records may wait while the database is away.
const WAITING_RECORDS: usize = 10_000;
/// How long each of those that write may go on at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Everything there is to do.
pub struct Work {
    pub admin: Arc<Administration>,
    /// Tells of other processes' changes, where the database can.
    pub listener: Option<Listener>,
    pub catalog: Arc<Catalog>,
    pub records: Records,
    pub happened: HappeningQueue,
    pub entries: ActivityQueue,
    pub retention: Retention,
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

    /// Waits until everything is written, but not for ever.
    async fn end(mut self) {
        self.ending.cancel();
        if timeout(LAST_WRITES, self.task.join_next()).await.is_err() {
            tracing::warn!(timeout_s = LAST_WRITES.as_secs(), "the last records could not be written in time");
        }
    }
}

impl Work {
    /// Begins.
    pub fn spawn(self, log: Option<RequestLog>) -> Running {
        let Self { admin, listener, catalog, records, happened, entries, retention } = self;
        let mut helpers = JoinSet::new();
        let changed = Arc::new(Notify::new());
        helpers.spawn(refresh_keys(admin.clone(), changed.clone()));
        if let Some(listener) = listener {
            helpers.spawn(listener.run(move || changed.notify_one()));
        }
        helpers.spawn(refresh_activity(admin.clone()));
        helpers.spawn(probe_keys(admin.clone()));
        helpers.spawn(forget_old(admin.clone(), retention));

        let (queue, waiting) = mpsc::channel(WAITING_RECORDS);
        let lost = Arc::new(AtomicU64::new(0));
        let keeper = Keeper { records, log, catalog, queue, lost: lost.clone() };
        let usage = UsageTable { admin: admin.clone(), lost };
        let activity = ActivityTable { admin: admin.clone(), lost: entries.lost };
        let writers = vec![
            Writer::spawn(|ending| keep_uses(admin.clone(), ending)),
            Writer::spawn(|ending| keep_happenings(admin, happened, ending)),
            Writer::spawn(|ending| keep_records(keeper, ending)),
            Writer::spawn(|ending| write_batches(usage, waiting, ending)),
            Writer::spawn(|ending| write_batches(activity, entries.entries, ending)),
        ];
        Running { helpers, writers }
    }
}

impl Running {
    /// Ends it, when nobody sends requests any more.
    pub async fn end(mut self) {
        self.helpers.shutdown().await;
        for writer in self.writers {
            writer.end().await;
        }
    }
}

/// Looks for activity that other processes wrote, for those who watch it.
async fn refresh_activity(admin: Arc<Administration>) {
    loop {
        sleep(REFRESH).await;
        if let Err(error) = admin.activity.refresh().await {
            tracing::debug!(%error, "activity cannot be read; those who watch it wait");
        }
    }
}

/// Logs the records of finished requests and hands them on.
async fn keep_records(mut keeper: Keeper, ending: CancellationToken) {
    while !ending.is_cancelled() {
        tokio::select! {
            () = sleep(RECORD_TICK) => {}
            () = ending.cancelled() => {}
        }
        keeper.take();
    }
}

struct Keeper {
    records: Records,
    log: Option<RequestLog>,
    catalog: Arc<Catalog>,
    queue: Sender<UsageRecord>,
    lost: Arc<AtomicU64>,
}

impl Keeper {
    fn take(&mut self) {
        let records: Vec<Record> = self.records.drain().collect();
        if let Some(log) = &mut self.log {
            log.write(&records);
        }
        for record in &records {
            if self.queue.try_send(self.usage_record(record)).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        let lost = self.records.take_lost();
        if lost > 0 {
            tracing::warn!(lost, "records of requests were lost: they came faster than they could be taken");
        }
    }

    fn usage_record(&self, record: &Record) -> UsageRecord {
        let target = record.target.as_ref();
        let model = target.and_then(|t| self.catalog.model_at(&t.provider, &t.model));
        record.usage_record(target.map(|t| self.catalog.model_id(t)).unwrap_or_default(), model)
    }
}

struct ActivityTable {
    admin: Arc<Administration>,
    lost: Arc<AtomicU64>,
}

impl Destination for ActivityTable {
    type Row = ActivityEntry;
    const ROWS: &'static str = "entries of activity";

    async fn write(&self, rows: &[ActivityEntry]) -> Result<(), StoreError> {
        self.admin.activity.keep(rows).await
    }

    fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

struct UsageTable {
    admin: Arc<Administration>,
    lost: Arc<AtomicU64>,
}

impl Destination for UsageTable {
    type Row = UsageRecord;
    const ROWS: &'static str = "records of usage";

    async fn write(&self, rows: &[UsageRecord]) -> Result<(), StoreError> {
        self.admin.usage.keep(rows).await
    }

    fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}
