//! Stores what requests found out about keys, and tells the activity log of it. While the database is away it waits, and
//! so do the happenings behind; requests do not.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{happening_entries as entries, provider_keys::ProviderKeys};
use crate::{
    domain::{
        happening::{Happening, KeyChange, KeyRef},
        health::Health,
    },
    storage::StoreError,
};

/// How long the database may be away until happenings are given up. Requests in this process know them anyway.
const PATIENCE: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whoever stores happenings, one after the other.
pub struct HappeningKeeper {
    keys: Arc<ProviderKeys>,
    away_since: Option<Instant>,
    lost: u64,
}

impl HappeningKeeper {
    pub fn new(keys: Arc<ProviderKeys>) -> Self {
        Self { keys, away_since: None, lost: 0 }
    }

    /// Stores one happening and tells of each of its changes.
    pub async fn store(&mut self, happening: &Happening) {
        let log = self.keys.log.clone();
        for change in &happening.changes {
            match change {
                KeyChange::Rested { key, health } => {
                    self.store_health(key, health).await;
                    log.add(entries::rested(happening, key, health));
                }
                KeyChange::Recovered { key, health } => {
                    self.store_health(key, health).await;
                    log.add(entries::recovered(happening, key));
                }
                KeyChange::FailedOver { from, to, class, reselect } => {
                    let moved = *reselect && self.move_selection(happening, from, to).await;
                    log.add(entries::failed_over(happening, from, to, *class));
                    if moved {
                        log.add(entries::unselected(happening, from, to));
                        log.add(entries::selected(happening, from, to));
                    }
                }
                KeyChange::Exhausted { retry_ms } => log.add(entries::exhausted(happening, *retry_ms)),
                KeyChange::Failed { key, class, message } => {
                    log.add(entries::failed(happening, key, *class, message));
                }
            }
        }
    }

    /// Returns how many changes could not be stored since the last time.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    async fn store_health(&mut self, key: &KeyRef, health: &Health) {
        loop {
            match self.keys.store.store_health(&key.id, key.secret_version, health).await {
                Ok(_) => return self.away_since = None,
                Err(error) if self.try_again(&error).await => {}
                Err(_) => return self.lost += 1,
            }
        }
    }

    /// Returns whether the selection moved. When it did not, the pool goes back to that of the database.
    async fn move_selection(&mut self, happening: &Happening, from: &KeyRef, to: &KeyRef) -> bool {
        let revision = loop {
            match self.keys.move_selection(happening, from, to).await {
                Ok(revision) => {
                    self.away_since = None;
                    break revision;
                }
                Err(error) if self.try_again(&error).await => {}
                Err(_) => {
                    self.lost += 1;
                    break None;
                }
            }
        };
        self.keys.pool.stored(happening, revision);
        if revision.is_none() {
            self.keys.publish_soon();
        }
        revision.is_some()
    }

    /// Waits a while when the database is away and may come back. Returns whether it is worth another try.
    async fn try_again(&mut self, error: &StoreError) -> bool {
        if !matches!(error, StoreError::Unavailable(_)) {
            tracing::error!(%error, "what a request found out about a key cannot be stored");
            return false;
        }
        let away = self.away_since.get_or_insert_with(Instant::now).elapsed();
        if away >= PATIENCE {
            return false;
        }
        tokio::time::sleep(away.clamp(FIRST_PAUSE, LONGEST_PAUSE)).await;
        true
    }
}
