//! The import itself: read, judge, store what is fit in one step.

use std::sync::Arc;

use super::{
    format::Format,
    judge::{Judge, Judged},
    outcome::{forget_ids, hold_back, settle},
    parse::parse,
    verdict::RowResult,
};
use crate::{
    admin::{actor::Actor, provider_keys::ProviderKeys},
    domain::{activity::Action, error::Result},
    storage::SealedKey,
};

/// Rows that are judged before others get their turn on this thread.
const AT_A_TIME: usize = 256;

/// What to import, and how.
#[derive(Default)]
pub struct Import<'a> {
    pub content: &'a [u8],
    /// Recognized from the content when absent.
    pub format: Option<Format>,
    /// For rows that name no provider; may be empty.
    pub default_provider: &'a str,
    pub all_or_nothing: bool,
    pub dry_run: bool,
}

/// The use case with everything it needs.
pub struct KeyImport {
    pub keys: Arc<ProviderKeys>,
}

impl KeyImport {
    /// Returns a verdict for each row, in their order.
    pub async fn import(&self, actor: &Actor, import: Import<'_>) -> Result<Vec<RowResult>> {
        if !import.default_provider.is_empty() {
            self.keys.kinds.get(import.default_provider, "default_provider")?;
        }
        let (mut results, keys) = self.judge(actor, &import).await?;
        if import.all_or_nothing && results.iter().any(RowResult::is_bad) {
            hold_back(&mut results);
        } else if import.dry_run {
            forget_ids(&mut results);
        } else {
            let became = self.keys.add(actor, &keys, Action::Import, import.all_or_nothing).await?;
            settle(&mut results, &became, import.all_or_nothing);
        }
        Ok(results)
    }

    async fn judge(&self, actor: &Actor, import: &Import<'_>) -> Result<(Vec<RowResult>, Vec<SealedKey>)> {
        let rows = parse(import.content, import.format, &self.keys.kinds)?;
        let stored = self.keys.keys_of(actor.user_id());
        let prepare = |new| self.keys.prepare(actor, new);
        let mut judge = Judge::new(&self.keys.kinds, import.default_provider, stored, prepare);
        let (mut results, mut keys) = (Vec::with_capacity(rows.len()), Vec::new());
        for (number, row) in rows.into_iter().enumerate() {
            let Judged { result, key } = judge.judge(row);
            results.push(result);
            keys.extend(key);
            if number % AT_A_TIME == AT_A_TIME - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok((results, keys))
    }
}
