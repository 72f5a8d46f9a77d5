//! What goes on around keys beside the requests: refused ones are tried again, what was found out is stored.

use std::{collections::HashMap, sync::Arc, time::Duration};

use prometheus::IntCounter;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::now_ms;
use crate::{
    admin::{Administration, happenings::HappeningKeeper},
    routing::happenings::HappeningQueue,
};

/// How often it is written down when keys were last used.
const USES_TICK: Duration = Duration::from_secs(5);
/// How often it is seen whether an invalid key is to be tried again.
const PROBE_TICK: Duration = Duration::from_secs(1);

/// Tries invalid keys again, for ever.
pub async fn probe_keys(admin: Arc<Administration>) {
    loop {
        sleep(PROBE_TICK).await;
        admin.checks.probe_due(now_ms()).await;
    }
}

/// Stores what requests found out about keys, until all of it is stored.
pub async fn keep_happenings(
    admin: Arc<Administration>,
    mut happened: HappeningQueue,
    lost_changes: IntCounter,
    ending: CancellationToken,
) {
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
        lost_changes.inc_by(lost);
        if lost > 0 {
            tracing::warn!(lost, "changes of keys were lost: the database was away, or slower than they came");
        }
    }
}

/// Writes down when keys were last used, and once more at the end. A database that is away was told of already; what
/// cannot be written waits, at most one time for each key.
pub async fn keep_uses(admin: Arc<Administration>, ending: CancellationToken) {
    let keys = &admin.provider_keys;
    let mut waiting: HashMap<String, i64> = HashMap::new();
    loop {
        tokio::select! {
            () = sleep(USES_TICK) => {}
            () = ending.cancelled() => {}
        }
        let _ = admin.gateway_keys.state.store_uses().await;
        waiting.extend(keys.pool.take_used());
        let used: Vec<_> = waiting.iter().map(|(id, at_ms)| (id.clone(), *at_ms)).collect();
        if used.is_empty() || keys.store.touch_provider_keys(&used).await.is_ok() {
            waiting.clear();
        }
        if ending.is_cancelled() {
            return;
        }
    }
}
