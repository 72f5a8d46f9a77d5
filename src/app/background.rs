//! What goes on beside the requests: taking over other processes' changes, and writing down what requests leave behind.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};

use super::now_ms;
use crate::{
    activity::ActivityQueue,
    admin::{Administration, happenings::HappeningKeeper},
    metering::Records,
    routing::happenings::HappeningQueue,
    storage::Listener,
    telemetry::RequestLog,
};

/// How often another process's changes to keys are looked for, when nothing tells of them.
const REFRESH: Duration = Duration::from_millis(500);
/// Rest after each look, so that many changes at once cost few looks.
const REFRESH_PAUSE: Duration = Duration::from_millis(10);
/// How often it is written down when gateway keys were last used.
const USES_TICK: Duration = Duration::from_secs(5);
/// How often the records of finished requests are written.
const RECORD_TICK: Duration = Duration::from_millis(100);
/// How often it is seen whether an invalid key is to be tried again.
const PROBE_TICK: Duration = Duration::from_secs(1);

/// How often it is written when keys were last used.
const LAST_USE_TICK: Duration = Duration::from_secs(2);

/// Everything there is to do.
pub struct Work {
    pub admin: Arc<Administration>,
    /// Tells of other processes' changes, where the database can.
    pub listener: Option<Listener>,
    pub records: Records,
    pub happened: HappeningQueue,
    pub entries: ActivityQueue,
}

impl Work {
    /// Begins; it ends when the set is shut down.
    pub fn spawn(self, log: Option<RequestLog>, tasks: &mut JoinSet<()>) {
        let Self { admin, listener, records, happened, entries } = self;
        let changed = Arc::new(Notify::new());
        tasks.spawn(refresh_keys(admin.clone(), changed.clone()));
        if let Some(listener) = listener {
            tasks.spawn(listener.run(move || changed.notify_one()));
        }
        tasks.spawn(keep_uses(admin.clone()));
        tasks.spawn(probe_keys(admin.clone()));
        tasks.spawn(keep_last_uses(admin.clone()));
        tasks.spawn(keep_happenings(admin, happened));
        tasks.spawn(keep_activity(entries));
        tasks.spawn(keep_records(records, log));
    }
}

/// Looks for changes that other processes made to keys, when it is told of some and now and then, for ever.
async fn refresh_keys(admin: Arc<Administration>, changed: Arc<Notify>) {
    let mut away = false;
    loop {
        tokio::time::sleep(REFRESH_PAUSE).await;
        let _ = tokio::time::timeout(REFRESH, changed.notified()).await;
        match admin.gateway_keys.refresh().await {
            Ok(_) if away => tracing::info!("the database is back"),
            Err(error) if !away => {
                tracing::warn!(%error, "the database is away; the keys known so far stay in use");
            }
            Ok(_) | Err(_) => {}
        }
        away = admin.gateway_keys.is_stale();
        if !away && let Err(error) = admin.provider_keys.refresh().await {
            tracing::warn!(%error, "the provider keys cannot be read; those known so far stay in use");
        }
    }
}

async fn keep_uses(admin: Arc<Administration>) {
    loop {
        tokio::time::sleep(USES_TICK).await;
        // A database that is away was told of already; the uses are kept for the next time.
        let _ = admin.gateway_keys.state.store_uses().await;
    }
}

async fn probe_keys(admin: Arc<Administration>) {
    loop {
        tokio::time::sleep(PROBE_TICK).await;
        admin.checks.probe_due(now_ms()).await;
    }
}

async fn keep_happenings(admin: Arc<Administration>, mut happened: HappeningQueue) {
    let mut keeper = HappeningKeeper::new(admin.provider_keys.clone());
    while let Some(happening) = happened.happenings.recv().await {
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
        tokio::time::sleep(LAST_USE_TICK).await;
        waiting.extend(admin.provider_keys.pool.take_used());
        let used: Vec<_> = waiting.iter().map(|(id, at_ms): (&String, &i64)| (id.clone(), *at_ms)).collect();
        if used.is_empty() || admin.provider_keys.store.touch_provider_keys(&used).await.is_ok() {
            waiting.clear();
        }
    }
}

async fn keep_activity(mut entries: ActivityQueue) {
    while entries.entries.recv().await.is_some() {}
}

/// Writes the records of finished requests, for ever and once more when it is dropped.
async fn keep_records(records: Records, log: Option<RequestLog>) {
    let mut keeper = Keeper { records, log };
    loop {
        tokio::time::sleep(RECORD_TICK).await;
        keeper.write();
    }
}

struct Keeper {
    records: Records,
    log: Option<RequestLog>,
}

impl Keeper {
    fn write(&mut self) {
        match &mut self.log {
            Some(log) => log.write(self.records.drain()),
            None => self.records.drain().for_each(drop),
        }
        let lost = self.records.take_lost();
        if lost > 0 {
            tracing::warn!(lost, "records of requests were lost: they came faster than they could be written");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.write();
    }
}
