//! Forgets records and activity that are older than the operator wants to keep, a few rows at a time.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::now_ms;
use crate::{
    admin::Administration,
    config::Retention,
    domain::consumption::{DAY_MS, start_of_day},
    storage::StoreError,
};

/// How often it is looked for what is too old; the first time soon after the start.
const EVERY: Duration = Duration::from_secs(3600);
const FIRST: Duration = Duration::from_secs(10);
/// Most rows that are deleted in one go, and the pause after them, so that nobody waits for it.
const MOST_ROWS: usize = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets what is too old, for ever.
pub async fn forget_old(admin: Arc<Administration>, retention: Retention) {
    sleep(FIRST).await;
    loop {
        if let Err(error) = forget(&admin, retention).await {
            tracing::warn!(%error, "old records could not be deleted; this is tried again in an hour");
        }
        sleep(EVERY).await;
    }
}

async fn forget(admin: &Administration, retention: Retention) -> Result<(), StoreError> {
    if let Some(before) = first_kept(retention.activity_days, now_ms()) {
        while admin.activity.forget(before, MOST_ROWS).await? == MOST_ROWS {
            sleep(PAUSE).await;
        }
    }
    if let Some(before) = first_kept(retention.usage_days, now_ms()) {
        while admin.usage.forget(before, MOST_ROWS).await? == MOST_ROWS {
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Returns the start of the first day that is kept: today and so many whole days before it.
fn first_kept(days: u32, now_ms: i64) -> Option<i64> {
    (days > 0).then(|| start_of_day(now_ms) - i64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_kept() {
        let noon = 100 * DAY_MS + DAY_MS / 2;
        for (days, want) in [(0, None), (1, Some(99 * DAY_MS)), (90, Some(10 * DAY_MS))] {
            assert_eq!(first_kept(days, noon), want, "{days}");
        }
    }
}
