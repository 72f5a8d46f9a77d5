//! The providers' own lists of models, remembered for some minutes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::ListedModel,
    },
    routing::transport::ModelLists,
    states::key_scope,
};

/// Longest wait for one list.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a list is good.
const KEEP: Duration = Duration::from_secs(300);
/// Lists that are remembered, one for each provider and key.
const MAX_LISTS: usize = 256;
/// Models of one list that are looked at; the longest list of today has some hundreds.
const MAX_MODELS: usize = 2000;

/// Asks for lists and remembers them.
pub struct UpstreamModels {
    source: Arc<dyn ModelLists>,
    /// By provider and scope of the key.
    kept: Mutex<HashMap<(String, String), Kept>>,
}

struct Kept {
    since: Instant,
    models: Arc<[ListedModel]>,
}

impl UpstreamModels {
    pub fn new(source: Arc<dyn ModelLists>) -> Self {
        Self { source, kept: Mutex::default() }
    }

    pub fn has_list(&self, provider: &str) -> bool {
        self.source.has_list(provider)
    }

    /// Returns the list as this key sees it. A failure is not remembered.
    pub async fn of(
        &self,
        provider: &str,
        key: Option<&ProviderKey>,
        deadline: Instant,
    ) -> Result<Arc<[ListedModel]>, UpstreamFailure> {
        let place = (provider.to_owned(), key_scope(key));
        if let Some(kept) = self.kept().get(&place).filter(|kept| kept.since.elapsed() < KEEP) {
            return Ok(kept.models.clone());
        }
        let until = deadline.min(Instant::now() + LIST_TIMEOUT);
        let late = || UpstreamFailure::new(FailureClass::Timeout, "the provider's list of models did not come in time");
        let listed = timeout_at(until, self.source.list(provider, key, until)).await;
        let mut models = listed.unwrap_or_else(|_| Err(late()))?;
        models.truncate(MAX_MODELS);
        let models: Arc<[ListedModel]> = models.into();
        self.keep(place, models.clone());
        Ok(models)
    }

    fn keep(&self, place: (String, String), models: Arc<[ListedModel]>) {
        let mut kept = self.kept();
        if kept.len() >= MAX_LISTS && !kept.contains_key(&place) {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.since).map(|(place, _)| place.clone());
            oldest.and_then(|place| kept.remove(&place));
        }
        kept.insert(place, Kept { since: Instant::now(), models });
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(String, String), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
