//! What happened to a user's provider keys: kept, listed, and forgotten after a time. Watching it is in
//! `activity_watch.rs`.

use tokio::sync::watch;

use super::{
    activity_watch::{ActivityWatch, WatchActivity},
    errors::from_store,
};
use crate::{
    domain::{
        activity::{ActivityEntry, ActivityQuery},
        error::{Error, Result},
        time_id::least_id_at,
    },
    storage::{Store, StoreError},
};

/// Entries that are looked at in one go when no index leads to those that are wanted. Few enough to hold up nobody else.
const STEP: usize = 5_000;
/// Most steps for one page. What they do not reach is for the next page.
const MOST_STEPS: usize = 40;

/// The use case with everything it needs.
pub struct Activity {
    store: Store,
    /// The number of the last entry that is known to be written, for those who watch.
    head: watch::Sender<i64>,
}

/// Entries, newest first.
#[derive(Debug)]
pub struct ActivityPage {
    pub entries: Vec<ActivityEntry>,
    /// The next page has the ids before this one; `None` when this is the last page.
    pub next_before_id: Option<String>,
}

impl Activity {
    pub fn new(store: Store) -> Self {
        Self { store, head: watch::Sender::new(0) }
    }

    /// Writes entries and wakes those who watch.
    pub async fn keep(&self, entries: &[ActivityEntry]) -> Result<(), StoreError> {
        let head = self.store.add_activity(entries).await?;
        self.reached(head);
        Ok(())
    }

    /// Looks for entries that other processes wrote, if anybody watches.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        if self.head.receiver_count() > 0 {
            self.reached(self.store.activity_head().await?);
        }
        Ok(())
    }

    fn reached(&self, head: i64) {
        self.head.send_if_modified(|known| {
            let more = head > *known;
            *known = head.max(*known);
            more
        });
    }

    /// Deletes a bounded number of entries from before this time and returns how many there were.
    pub async fn forget(&self, before_ms: i64, most: usize) -> Result<usize, StoreError> {
        self.store.delete_activity(&least_id_at(before_ms), most).await
    }

    /// Lists a page of at most `query.limit` entries. It can have fewer, even none, and still not be the last one.
    pub async fn list(&self, mut query: ActivityQuery) -> Result<ActivityPage> {
        let size = query.limit;
        let mut entries = Vec::new();
        for _ in 0..MOST_STEPS {
            let mark = match query.filter.scans() {
                true => self.store.activity_mark(&query, STEP).await.map_err(from_store)?,
                false => None,
            };
            let limit = size + 1 - entries.len();
            let step = ActivityQuery { from_id: mark.clone().or(query.from_id.clone()), limit, ..query.clone() };
            entries.extend(self.store.list_activity(&step).await.map_err(from_store)?);
            if entries.len() > size {
                entries.truncate(size);
                query.before_id = entries.last().map(|entry| entry.id.clone());
                break;
            }
            query.before_id = mark;
            if query.before_id.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(ActivityPage { entries, next_before_id: query.before_id })
    }

    /// Begins to watch: after the entry named, or from now on.
    pub async fn watch(&self, wanted: WatchActivity) -> Result<ActivityWatch> {
        let receiver = self.head.subscribe();
        let head = self.store.activity_head().await.map_err(from_store)?;
        self.reached(head);
        let seen = if wanted.after_id.is_empty() {
            head
        } else {
            let seq = self.store.activity_seq(&wanted.user_id, &wanted.after_id).await.map_err(from_store)?;
            seq.ok_or_else(|| Error::invalid("after_id", "after_id names no entry that is kept; watch without it"))?
        };
        Ok(ActivityWatch::new(self.store.clone(), receiver, seen, wanted))
    }
}
