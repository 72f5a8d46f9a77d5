//! What a rotation makes of the wrapped data keys. Lists in, lists out.

use std::collections::BTreeSet;

use super::{data_key::DataKey, error::SealError, master_key::MasterKey, ring::Ring};
use crate::domain::data_key::{Purpose, WrappedKey};

/// Returns the id of the master key that came last.
pub fn newest_master(rows: &[WrappedKey]) -> Option<&str> {
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.master_id.as_str()).collect();
    ids.into_iter().max_by_key(|id| first_use(rows, id))
}

/// Returns the ids of the master keys that came after this one.
pub fn newer_masters<'a>(rows: &'a [WrappedKey], master_id: &str) -> BTreeSet<&'a str> {
    let since = first_use(rows, master_id);
    rows.iter().map(|row| row.master_id.as_str()).filter(|id| first_use(rows, id) > since).collect()
}

/// Wraps every data key of the ring by the next master key too, and adds a new data key that both wrap.
pub fn with_master(
    rows: &[WrappedKey],
    ring: &Ring,
    [current, next]: &[MasterKey; 2],
    now_ms: i64,
) -> Result<Vec<WrappedKey>, SealError> {
    // What is newest must not depend on a clock that was set back.
    let latest = rows.iter().map(|row| row.created_ms.max(row.wrapped_ms)).max().unwrap_or_default();
    let now_ms = now_ms.max(latest.saturating_add(1));
    let new_key = DataKey::generate(Purpose::Seal, now_ms)?;
    let mut all = rows.to_vec();
    all.push(current.wrap(&new_key, now_ms)?);
    for key in ring.all().chain([&new_key]) {
        all.push(next.wrap(key, now_ms)?);
    }
    Ok(all)
}

/// Keeps what this master key wraps. `None` when a data key would be lost.
pub fn only_master(rows: &[WrappedKey], master_id: &str) -> Option<Vec<WrappedKey>> {
    let kept: Vec<WrappedKey> = rows.iter().filter(|row| row.master_id == master_id).cloned().collect();
    let complete = rows.iter().all(|row| kept.iter().any(|other| other.id == row.id));
    complete.then_some(kept)
}

fn first_use(rows: &[WrappedKey], master_id: &str) -> Option<i64> {
    rows.iter().filter(|row| row.master_id == master_id).map(|row| row.wrapped_ms).min()
}
