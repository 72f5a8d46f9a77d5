//! What a user's gateway keys consumed: kept, summed up, and the single records forgotten after a time.

use super::errors::from_store;
use crate::{
    domain::{
        consumption::{UsageGroup, UsageQuery, UsageRecord, UsageSum},
        error::Result,
        time_id::least_id_at,
    },
    storage::{Store, StoreError},
};

/// The use case with everything it needs.
pub struct UsageReport {
    pub store: Store,
}

/// Rows of sums.
#[derive(Debug)]
pub struct UsagePage {
    pub rows: Vec<UsageSum>,
    /// The last row of this page; `None` when there is no next one.
    pub next_after: Option<UsageGroup>,
}

impl UsageReport {
    /// Writes records and adds them to their sums.
    pub async fn keep(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.store.add_usage(records).await
    }

    /// Deletes a bounded number of records from before this time and returns how many there were. Sums stay.
    pub async fn forget(&self, before_ms: i64, most: usize) -> Result<usize, StoreError> {
        self.store.delete_usage_records(&least_id_at(before_ms), most).await
    }

    /// Lists a page of at most `query.limit` rows.
    pub async fn list(&self, query: UsageQuery) -> Result<UsagePage> {
        let size = query.limit;
        let named = query.by.gateway_key;
        let user_id = query.user_id.clone();
        let wanted = UsageQuery { limit: size + 1, ..query };
        let mut rows = self.store.sum_usage(&wanted).await.map_err(from_store)?;
        let more = rows.len() > size;
        rows.truncate(size);
        if named {
            self.name_keys(&user_id, &mut rows).await?;
        }
        Ok(UsagePage { next_after: rows.last().filter(|_| more).map(|row| row.group.clone()), rows })
    }

    async fn name_keys(&self, user_id: &str, rows: &mut [UsageSum]) -> Result<()> {
        let mut ids: Vec<String> = rows.iter().map(|row| row.group.gateway_key_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = self.store.gateway_key_names(user_id, &ids).await.map_err(from_store)?;
        for row in rows {
            row.gateway_key_name = names.get(&row.group.gateway_key_id).cloned().unwrap_or_default();
        }
        Ok(())
    }
}
