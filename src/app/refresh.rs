//! Other processes' changes come in: of gateway keys, provider keys and activity. One loop looks for all of them, whether
//! a notice wakes it or its own clock.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::sleep};

use crate::admin::Administration;

/// How often changes are looked for when nothing tells of them.
const REFRESH: Duration = Duration::from_millis(500);
/// Rest after each look, so that many changes at once cost few looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks for what other processes wrote, when it is told of something and now and then, for ever.
pub async fn refresh(admin: Arc<Administration>, changed: Arc<Notify>) {
    let (mut away, mut unreadable) = (false, false);
    loop {
        sleep(PAUSE).await;
        let _ = tokio::time::timeout(REFRESH, changed.notified()).await;
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
        let read = admin.provider_keys.refresh().await;
        if let (Err(error), false) = (&read, unreadable) {
            tracing::warn!(%error, "the provider keys cannot be read; those known so far stay in use");
        }
        unreadable = read.is_err();
        if let Err(error) = admin.activity.refresh().await {
            tracing::debug!(%error, "activity cannot be read; those who watch it wait");
        }
    }
}
