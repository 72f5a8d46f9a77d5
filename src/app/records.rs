//! From the queues of requests and of activity to the tables: records are logged on the way, with what the catalog knows.

use std::{sync::Arc, time::Duration};

use prometheus::IntCounter;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::batches::Destination;
use crate::{
    activity::Backlog,
    admin::Administration,
    domain::{activity::ActivityEntry, consumption::UsageRecord},
    metering::{Record, Records, cost_of},
    routing::catalog::Catalog,
    storage::StoreError,
    telemetry::{RequestLog, RequestMetrics},
};

/// How often the records of finished requests are taken. They wake nobody: that would be paid for by every request.
const RECORD_TICK: Duration = Duration::from_millis(100);

/// Logs and counts the records of finished requests, and hands them on.
pub async fn keep_records(mut keeper: RecordKeeper, ending: CancellationToken) {
    while !ending.is_cancelled() {
        tokio::select! {
            () = sleep(RECORD_TICK) => {}
            () = ending.cancelled() => {}
        }
        keeper.take();
    }
}

/// What takes records from requests.
pub struct RecordKeeper {
    pub records: Records,
    pub log: Option<RequestLog>,
    pub metrics: RequestMetrics,
    pub catalog: Arc<Catalog>,
    pub backlog: Backlog<UsageRecord>,
}

impl RecordKeeper {
    fn take(&mut self) {
        let records: Vec<Record> = self.records.drain().collect();
        if let Some(log) = &mut self.log {
            log.write(&records);
        }
        for mut record in records {
            self.complete(&mut record);
            self.metrics.count(&record);
            self.backlog.add(record.into_usage_record());
        }
        let lost = self.records.take_lost();
        self.metrics.lost.requests.inc_by(lost);
        if lost > 0 {
            tracing::warn!(lost, "records of requests were lost: they came faster than they could be taken");
        }
    }

    /// Adds what the catalog knows, where the request did not come so far that it asked itself.
    fn complete(&self, record: &mut Record) {
        let Some(target) = &record.target else { return };
        if record.model_id.is_empty() {
            record.model_id = self.catalog.model_id(target);
        }
        if record.cost.is_none() && record.usage.is_some() {
            let model = self.catalog.model_at(&target.provider, &target.model);
            record.cost = Some(cost_of(None, record.usage.as_ref(), model));
        }
    }
}

/// Where entries of activity go.
pub struct ActivityTable {
    pub admin: Arc<Administration>,
    pub lost: IntCounter,
}

impl Destination for ActivityTable {
    type Row = ActivityEntry;
    const ROWS: &'static str = "entries of activity";

    async fn write(&self, rows: &[ActivityEntry]) -> Result<(), StoreError> {
        self.admin.activity.keep(rows).await
    }

    fn lost(&self, rows: u64) {
        self.lost.inc_by(rows);
    }
}

/// Where records of requests go.
pub struct UsageTable {
    pub admin: Arc<Administration>,
    pub lost: IntCounter,
}

impl Destination for UsageTable {
    type Row = UsageRecord;
    const ROWS: &'static str = "records of usage";

    async fn write(&self, rows: &[UsageRecord]) -> Result<(), StoreError> {
        self.admin.usage.keep(rows).await
    }

    fn lost(&self, rows: u64) {
        self.lost.inc_by(rows);
    }
}
