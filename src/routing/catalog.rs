//! What is known of providers and models, and how a model name becomes a target. Swapped whole when it changes.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::{
    error::{Error, ErrorKind, Result},
    model::{Deprecation, Model, ProviderInfo, Target},
};

/// Models shipped with the binary; `models.json` says where its facts come from.
const SHIPPED: &str = include_str!("catalog/models.json");

/// Suggestions in a `MODEL_NOT_FOUND` error.
const CLOSEST: usize = 3;

/// Providers and models, indexed by the names callers use.
#[derive(Debug)]
pub struct Catalog {
    providers: Vec<ProviderInfo>,
    models: Vec<Model>,
    /// Full ids, upstream names and aliases to positions in `models`.
    by_name: HashMap<String, usize>,
    default_model: String,
}

impl Catalog {
    /// Builds the catalog for these providers: shipped models whose provider is there, then `more`, which replace
    /// shipped ones of the same id.
    pub fn new(providers: Vec<ProviderInfo>, more: Vec<Model>, default_model: String) -> Result<Self> {
        let shipped: ShippedCatalog = serde_json::from_str(SHIPPED)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("the shipped catalog is broken: {e}")))?;
        let mut models: Vec<Model> = shipped.models.into_iter().map(ShippedModel::into_model).collect();
        models.retain(|m| providers.iter().any(|p| p.name == m.provider) && more.iter().all(|o| o.id != m.id));
        models.extend(more);
        let mut by_name = HashMap::new();
        for (at, model) in models.iter().enumerate() {
            for name in [&model.id, &model.upstream_name].into_iter().chain(&model.aliases) {
                by_name.entry(name.to_ascii_lowercase()).or_insert(at);
            }
        }
        Ok(Self { providers, models, by_name, default_model })
    }

    pub fn models(&self) -> &[Model] {
        &self.models
    }

    pub fn provider(&self, name: &str) -> Option<&ProviderInfo> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// Returns the model of that id, with or without its prefix.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.by_name.get(&name.to_ascii_lowercase()).map(|at| &self.models[*at])
    }

    /// Returns the model a provider knows by that name.
    pub fn model_at(&self, provider: &str, upstream_name: &str) -> Option<&Model> {
        self.models.iter().find(|m| m.provider == provider && m.upstream_name == upstream_name)
    }

    /// Turns the name a caller used into a provider and the model's name there. An empty name means the default.
    pub fn resolve(&self, name: &str) -> Result<(Target, &ProviderInfo)> {
        let name = if name.is_empty() { &self.default_model } else { name };
        if let Some((prefix, rest)) = name.split_once('/')
            && let Some(provider) = self.providers.iter().find(|p| p.prefix == prefix || p.name == prefix)
        {
            return self.at_provider(provider, rest, name);
        }
        let lower = name.to_ascii_lowercase();
        if let Some(provider) = self.providers.iter().find(|p| p.name_hints.iter().any(|h| lower.contains(h))) {
            return self.at_provider(provider, name, name);
        }
        match self.find(name) {
            Some(model) => match self.provider(&model.provider) {
                Some(provider) => self.at_provider(provider, &model.upstream_name, name),
                None => Err(self.not_found(name)),
            },
            None => Err(self.not_found(name)),
        }
    }

    fn at_provider<'a>(
        &'a self,
        provider: &'a ProviderInfo,
        model: &str,
        asked: &str,
    ) -> Result<(Target, &'a ProviderInfo)> {
        let known = self.models.iter().find(|m| {
            m.provider == provider.name && (m.upstream_name == model || m.aliases.iter().any(|a| a == model))
        });
        if let Some(Deprecation { retired: true, date, replacement }) = known.and_then(|m| m.deprecation.as_ref()) {
            return Err(retired(asked, date, replacement));
        }
        if model.is_empty() || (known.is_none() && !provider.passes_unknown_models) {
            return Err(self.not_found(asked));
        }
        let model = known.map_or(model, |m| m.upstream_name.as_str()).to_owned();
        Ok((Target { provider: provider.name.clone(), model }, provider))
    }

    /// Names the closest known models, so that a typing error explains itself.
    pub fn not_found(&self, name: &str) -> Error {
        let lower = name.to_ascii_lowercase();
        let bare = lower.rsplit('/').next().unwrap_or(&lower);
        let mut ranked: Vec<(f64, &str)> = self
            .models
            .iter()
            .filter(|m| m.deprecation.as_ref().is_none_or(|d| !d.retired))
            .map(|m| {
                let likeness = strsim::jaro_winkler(&m.id, &lower).max(strsim::jaro_winkler(&m.upstream_name, bare));
                (likeness, m.id.as_str())
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let closest = ranked.into_iter().take(CLOSEST).map(|(_, id)| id).collect::<Vec<_>>().join(", ");
        let shown: String = name.chars().take(100).collect();
        let message = if closest.is_empty() {
            format!("the model `{shown}` does not exist; GET /v1/models lists what there is")
        } else {
            format!("the model `{shown}` does not exist; did you mean {closest}? GET /v1/models lists all")
        };
        Error { field: Some("prompt.model".into()), ..Error::new(ErrorKind::ModelNotFound, message) }
            .with("closest", closest)
    }
}

fn retired(asked: &str, date: &str, replacement: &str) -> Error {
    let when = if date.is_empty() { String::new() } else { format!(" on {date}") };
    let message = format!("the model `{asked}` was shut down by its provider{when}; use `{replacement}` instead");
    Error { field: Some("prompt.model".into()), ..Error::new(ErrorKind::ModelNotFound, message) }
        .with("replacement", replacement)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedCatalog {
    #[serde(rename = "about")]
    _about: String,
    models: Vec<ShippedModel>,
}

/// A model as `models.json` writes it; prices are US dollars per million tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedModel {
    provider: String,
    prefix: String,
    name: String,
    #[serde(default)]
    owned_by: String,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    input: Vec<String>,
    price_in: Option<f64>,
    price_out: Option<f64>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    retired: bool,
    #[serde(default)]
    shutdown: String,
    #[serde(default)]
    replacement: String,
}

impl ShippedModel {
    fn into_model(self) -> Model {
        let nano = |usd: Option<f64>| usd.map(|v| (v * 1e9).round() as i64);
        let ends = self.retired || !self.shutdown.is_empty() || !self.replacement.is_empty();
        Model {
            id: format!("{}/{}", self.prefix, self.name),
            owned_by: if self.owned_by.is_empty() { self.provider.clone() } else { self.owned_by },
            provider: self.provider,
            upstream_name: self.name,
            context_window_tokens: self.context,
            max_output_tokens: self.max_output,
            input_modalities: self.input,
            input_price: nano(self.price_in),
            output_price: nano(self.price_out),
            deprecation: ends.then_some(Deprecation {
                retired: self.retired,
                date: self.shutdown,
                replacement: self.replacement,
            }),
            aliases: self.aliases,
            created: self.created,
        }
    }
}

#[cfg(test)]
mod tests;
