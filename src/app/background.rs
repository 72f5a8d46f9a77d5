//! What goes on beside the requests: taking over other processes' changes, writing down what requests leave behind, and
//! forgetting what is old.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    batches::write_batches,
    now_ms,
    records::{ActivityTable, RecordKeeper, UsageTable, keep_records},
    retention::forget_old,
};
use crate::{
    activity::ActivityQueue,
    admin::{Administration, happenings::HappeningKeeper},
    config::Retention,
    metering::Records,
    routing::{catalog::Catalog, happenings::HappeningQueue},
    storage::Listener,
    telemetry::RequestLog,
};

/// How often another process's changes are looked for, when nothing tells of them.
const REFRESH: Duration = Duration::from_millis(500);
/// Rest after each look, so that many changes at once cost few looks.
const REFRESH_PAUSE: Duration = Duration::from_millis(10);
/// How often it is written down when gateway keys were last used.
const USES_TICK: Duration = Duration::from_secs(5);
/// How often it is seen whether an invalid key is to be tried again.
const PROBE_TICK: Duration = Duration::from_secs(1);
/// How often it is written when keys were last used.
const LAST_USE_TICK: Duration = Duration::from_secs(2);
/// How many records may wait while the database is away.
const WAITING_RECORDS: usize = 10_000;
/// How long a stop waits for all that is still to be written.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Everything there is to do.
pub struct Work {
    pub admin: Arc<Administration>,
    pub catalog: Arc<Catalog>,
    /// Tells of other processes' changes, where the database can.
    pub listener: Option<Listener>,
    pub records: Records,
    pub happened: HappeningQueue,
    pub entries: ActivityQueue,
    pub retention: Retention,
}

/// Work that goes on.
pub struct Running {
    admin: Arc<Administration>,
    /// They have nothing to finish.
    helpers: JoinSet<()>,
    /// In the order in which they end: each hands on to some after it.
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
        let Self { admin, catalog, listener, records, happened, entries, retention } = self;
        let mut helpers = JoinSet::new();
        let changed = Arc::new(Notify::new());
        helpers.spawn(refresh(admin.clone(), changed.clone()));
        if let Some(listener) = listener {
            helpers.spawn(listener.run(move || changed.notify_one()));
        }
        helpers.spawn(keep_gateway_key_uses(admin.clone()));
        helpers.spawn(probe_keys(admin.clone()));
        helpers.spawn(keep_last_uses(admin.clone()));
        helpers.spawn(forget_old(admin.clone(), retention));

        let (queue, waiting) = mpsc::channel(WAITING_RECORDS);
        let lost = Arc::new(AtomicU64::new(0));
        let keeper = RecordKeeper { records, log, catalog, queue, lost: lost.clone() };
        let usage = UsageTable { admin: admin.clone(), lost };
        let activity = ActivityTable { admin: admin.clone(), lost: entries.lost };
        let writers = vec![
            Writer::spawn(|ending| keep_records(keeper, ending)),
            Writer::spawn(|ending| keep_happenings(admin.clone(), happened, ending)),
            Writer::spawn(|ending| write_batches(usage, waiting, ending)),
            Writer::spawn(|ending| write_batches(activity, entries.entries, ending)),
        ];
        Running { admin, helpers, writers }
    }
}

impl Running {
    /// Ends it, when nobody sends requests any more.
    pub async fn end(mut self) {
        self.helpers.shutdown().await;
        let last = async {
            for writer in self.writers {
                writer.end().await;
            }
            let _ = self.admin.gateway_keys.state.store_uses().await;
        };
        if timeout(LAST_WRITES, last).await.is_err() {
            tracing::warn!(timeout_s = LAST_WRITES.as_secs(), "the last records could not be written in time");
        }
    }
}

/// Looks for what other processes wrote, when it is told of something and now and then, for ever.
async fn refresh(admin: Arc<Administration>, changed: Arc<Notify>) {
    let mut away = false;
    loop {
        sleep(REFRESH_PAUSE).await;
        let _ = timeout(REFRESH, changed.notified()).await;
        match admin.gateway_keys.refresh().await {
            Ok(_) if away => tracing::info!("the database is back"),
            Err(error) if !away => {
                tracing::warn!(%error, "the database is away; the keys known so far stay in use");
            }
            Ok(_) | Err(_) => {}
        }
        away = admin.gateway_keys.is_stale();
        if away {
            continue;
        }
        if let Err(error) = admin.provider_keys.refresh().await {
            tracing::warn!(%error, "the provider keys cannot be read; those known so far stay in use");
        }
        if let Err(error) = admin.activity.refresh().await {
            tracing::warn!(%error, "activity cannot be read; those who watch it wait");
        }
    }
}

async fn keep_gateway_key_uses(admin: Arc<Administration>) {
    loop {
        sleep(USES_TICK).await;
        // A database that is away was told of already; the uses are kept for the next time.
        let _ = admin.gateway_keys.state.store_uses().await;
    }
}

async fn probe_keys(admin: Arc<Administration>) {
    loop {
        sleep(PROBE_TICK).await;
        admin.checks.probe_due(now_ms()).await;
    }
}

/// Stores what requests found out, until nobody reports any more or the end has come and all is stored.
async fn keep_happenings(admin: Arc<Administration>, mut happened: HappeningQueue, ending: CancellationToken) {
    let mut keeper = HappeningKeeper::new(admin.provider_keys.clone());
    loop {
        let happening = tokio::select! {
            happening = happened.happenings.recv() => happening,
            () = ending.cancelled(), if !happened.happenings.is_closed() => {
                happened.happenings.close();
                continue;
            }
        };
        let Some(happening) = happening else { return };
        keeper.store(&happening).await;
        let lost = happened.take_lost() + keeper.take_lost();
        if lost > 0 {
            tracing::warn!(lost, "changes of keys were lost: the database was away, or slower than they came");
        }
    }
}

/// Writes when keys were last used, for ever. What cannot be written waits, at most one time for each key.
async fn keep_last_uses(admin: Arc<Administration>) {
    let mut waiting = HashMap::new();
    loop {
        sleep(LAST_USE_TICK).await;
        waiting.extend(admin.provider_keys.pool.take_used());
        let used: Vec<_> = waiting.iter().map(|(id, at_ms): (&String, &i64)| (id.clone(), *at_ms)).collect();
        if used.is_empty() || admin.provider_keys.store.touch_provider_keys(&used).await.is_ok() {
            waiting.clear();
        }
    }
}
