//! USE CASE: tells which models there are.

use std::sync::Arc;

use crate::{
    domain::{error::Result, model::Model},
    routing::{catalog::Catalog, plan::FallbackKeys},
};

/// The catalog as callers may see it.
pub struct Models {
    pub catalog: Arc<Catalog>,
    pub fallback_keys: Arc<FallbackKeys>,
}

/// Which models to list; every condition must hold.
#[derive(Debug, Default)]
pub struct ListModels {
    /// Empty: every provider.
    pub provider: String,
    /// Only ids after this one.
    pub after: String,
    /// Whether to list models that no longer answer.
    pub include_shut_down: bool,
}

impl Models {
    /// Lists models by id, each with whether a key is at hand for it.
    pub fn list(&self, query: &ListModels) -> Vec<(&Model, bool)> {
        let mut models: Vec<&Model> = self
            .catalog
            .models()
            .iter()
            .filter(|m| query.include_shut_down || m.deprecation.as_ref().is_none_or(|d| !d.retired))
            .filter(|m| query.provider.is_empty() || m.provider == query.provider)
            .filter(|m| m.id > query.after)
            .collect();
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.into_iter().map(|m| (m, self.key_available(m))).collect()
    }

    /// Gets one model by any of its names.
    pub fn get(&self, name: &str) -> Result<(&Model, bool)> {
        let model = self.catalog.find(name).ok_or_else(|| self.catalog.not_found(name))?;
        Ok((model, self.key_available(model)))
    }

    fn key_available(&self, model: &Model) -> bool {
        let provider = self.catalog.provider(&model.provider);
        provider.is_some_and(|p| !p.needs_key || self.fallback_keys.has(&p.name))
    }
}
