//! One watcher of activity. The database is its buffer: it reads on from the last entry it has seen whenever there is more,
//! whoever wrote it, so that it can neither miss an entry nor see one twice.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::errors::from_store;
use crate::{
    domain::{
        activity::{ActivityEntry, ActivityFilter},
        error::{Error, ErrorKind, Result},
    },
    storage::Store,
};

/// Silence after which a watcher is told that it is not forgotten.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Most entries that are sent in one go. A watcher that is further behind gets a gap.
const MOST_ENTRIES: usize = 1000;

/// What to watch.
#[derive(Debug)]
pub struct WatchActivity {
    pub user_id: String,
    pub filter: ActivityFilter,
    /// Id of the last entry seen before; empty: only what happens from now on.
    pub after_id: String,
}

/// What a watcher is told.
#[derive(Debug, PartialEq)]
pub enum Watched {
    Entry(Box<ActivityEntry>),
    /// Entries are left out here.
    Gap,
    /// Nothing has happened for a while.
    Silence,
}

/// A watch that has begun.
pub struct ActivityWatch {
    store: Store,
    head: watch::Receiver<i64>,
    wanted: WatchActivity,
    /// The number of the last entry that was looked at.
    seen: i64,
    waiting: VecDeque<ActivityEntry>,
    gap: bool,
}

impl ActivityWatch {
    pub(super) fn new(store: Store, head: watch::Receiver<i64>, seen: i64, wanted: WatchActivity) -> Self {
        Self { store, head, wanted, seen, waiting: VecDeque::new(), gap: false }
    }

    /// Waits for what comes next. After an error nothing comes.
    pub async fn next(&mut self) -> Result<Watched> {
        let silent_at = Instant::now() + HEARTBEAT;
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Ok(Watched::Entry(Box::new(entry)));
            }
            if std::mem::take(&mut self.gap) {
                return Ok(Watched::Gap);
            }
            let head = *self.head.borrow_and_update();
            if head > self.seen {
                self.read(head).await?;
                continue;
            }
            match timeout_at(silent_at, self.head.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Error::new(ErrorKind::ShuttingDown, "the gateway is stopping; watch again")),
                Err(_) => return Ok(Watched::Silence),
            }
        }
    }

    /// Reads what was written after the last entry seen, to `head`.
    async fn read(&mut self, head: i64) -> Result<()> {
        let WatchActivity { user_id, filter, .. } = &self.wanted;
        let read = self.store.activity_between(user_id, filter, (self.seen, head), MOST_ENTRIES + 1).await;
        self.waiting = read.map_err(from_store)?.into();
        self.gap = self.waiting.len() > MOST_ENTRIES;
        self.waiting.truncate(MOST_ENTRIES);
        self.seen = head;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
