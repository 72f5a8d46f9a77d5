//! USE CASE: tells which models there are, by the catalog and, when asked to, by the providers' own lists.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{listed::merge, upstream_models::UpstreamModels};
use crate::{
    domain::{
        error::Result,
        failure::UpstreamFailure,
        key::{Caller, RequestKeys},
        model::{Capability, ListedModel, Model, ProviderInfo},
    },
    routing::{
        call::{may_use, not_allowed},
        catalog::Catalog,
        plan::KeySources,
    },
};

/// The models as callers may see them.
pub struct Models {
    pub catalog: Arc<Catalog>,
    pub keys: KeySources,
    pub upstream: UpstreamModels,
}

/// Which models to list; every condition must hold.
#[derive(Debug, Default)]
pub struct ListModels {
    /// Empty: every provider.
    pub provider: String,
    /// All of them.
    pub capabilities: Vec<Capability>,
    /// Only ids after this one.
    pub after: String,
    /// Whether to list models that no longer answer.
    pub include_shut_down: bool,
    /// `YYYY-MM-DD`.
    pub today: String,
    /// Asks the providers too, until then at the latest.
    pub upstream_until: Option<Instant>,
}

/// Who looks at the models: the keys at hand depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub caller: &'a Caller,
    /// Keys that came with the call.
    pub sent: &'a RequestKeys,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// The models of a list, by id, each with whether a key is at hand for it.
#[derive(Debug)]
pub struct Listing {
    pub models: Vec<(Model, bool)>,
    /// Providers whose own list was asked for and did not come.
    pub failures: Vec<(String, UpstreamFailure)>,
}

impl Models {
    pub async fn list(&self, query: &ListModels, viewer: Viewer<'_>) -> Listing {
        let known = self.catalog.models().iter().map(|m| (m.id.clone(), m.clone()));
        let mut models: BTreeMap<String, Model> = known.collect();
        let mut failures = Vec::new();
        if let Some(until) = query.upstream_until {
            for (provider, list) in self.ask(query, viewer, until).await {
                match list {
                    Ok(list) => merge(&mut models, &self.catalog, provider, &list),
                    Err(failure) => failures.push((provider.name.clone(), failure)),
                }
            }
        }
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        let wanted = |m: &Model| {
            may_use(&self.catalog, viewer.caller, m)
                && (query.provider.is_empty() || m.provider == query.provider)
                && query.capabilities.iter().all(|c| m.capabilities.contains(c))
                && (query.include_shut_down || m.deprecation.as_ref().is_none_or(|d| !d.is_over(&query.today)))
                && m.id > query.after
        };
        let models = models.into_values().filter(wanted);
        Listing {
            models: models.map(|m| (self.key_available(&m, viewer), m)).map(|(key, m)| (m, key)).collect(),
            failures,
        }
    }

    /// Gets one model by any of its names. That a model exists is no secret, so a key that may not use it is told so.
    pub fn get(&self, name: &str, viewer: Viewer<'_>) -> Result<(&Model, bool)> {
        let model = self.catalog.find(name).ok_or_else(|| self.catalog.not_found(name))?;
        if !may_use(&self.catalog, viewer.caller, model) {
            return Err(not_allowed(&model.id, "id"));
        }
        Ok((model, self.key_available(model, viewer)))
    }

    /// Asks every provider for which a key is at hand, all at once.
    async fn ask(
        &self,
        query: &ListModels,
        viewer: Viewer<'_>,
        until: Instant,
    ) -> Vec<(&ProviderInfo, Result<Arc<[ListedModel]>, UpstreamFailure>)> {
        let asked = self.catalog.providers().iter().filter_map(|provider| {
            let listed = query.provider.is_empty() || query.provider == provider.name;
            if !listed || !self.upstream.has_list(&provider.name) {
                return None;
            }
            let key = self.keys.first(provider, &viewer.caller.user_id, viewer.sent, viewer.now_ms);
            if provider.needs_key && key.is_none() {
                return None;
            }
            Some(async move { (provider, self.upstream.of(&provider.name, key.as_deref(), until).await) })
        });
        join_all(asked).await
    }

    fn key_available(&self, model: &Model, viewer: Viewer<'_>) -> bool {
        let provider = self.catalog.provider(&model.provider);
        provider.is_some_and(|p| !p.needs_key || self.keys.has_any(p, &viewer.caller.user_id, viewer.sent))
    }
}

#[cfg(test)]
mod tests;
