//! What is known of providers and models, and how a model name becomes a target. Swapped whole when it changes.

mod rows;

use std::collections::HashMap;

pub use self::rows::{Row, read};
use crate::domain::{
    error::{Error, ErrorKind, Result},
    model::{Capability, Deprecation, Model, ProviderInfo, Target},
};

/// Models shipped with the binary; `models.json` says where its facts come from.
const SHIPPED: &str = include_str!("catalog/models.json");

/// Longest name of a model in bytes. None is half as long.
const LONGEST_NAME: usize = 256;

/// How much of a name that is not known is compared with others and repeated, in characters.
const LONGEST_SHOWN: usize = 100;

/// Suggestions in a `MODEL_NOT_FOUND` error.
const CLOSEST: usize = 3;

/// Providers and models, indexed by the names callers use.
#[derive(Debug)]
pub struct Catalog {
    providers: Vec<ProviderInfo>,
    models: Vec<Model>,
    /// Full ids, upstream names and aliases to positions in `models`.
    by_name: HashMap<String, usize>,
    /// The same by provider, for the names that providers use.
    by_provider: HashMap<String, HashMap<String, usize>>,
    default_model: String,
}

/// What a catalog is made of.
#[derive(Debug, Default)]
pub struct Sources {
    pub providers: Vec<ProviderInfo>,
    /// Models of the configuration; they replace shipped ones of the same id.
    pub configured: Vec<Model>,
    /// Rows of the operator's own file; they replace and remove all others.
    pub file: Vec<Row>,
    /// Model of a request that names none.
    pub default_model: String,
}

impl Catalog {
    /// Builds the catalog: shipped models whose provider is there, changed by what else is known.
    pub fn new(sources: Sources) -> Result<Self> {
        let Sources { providers, configured, file, default_model } = sources;
        let shipped = rows::read(SHIPPED)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("the shipped catalog is broken: {e}")))?;
        let prefix = |row: &Row| Some(providers.iter().find(|p| p.name == row.provider)?.prefix.clone());
        let mut models: Vec<Model> =
            shipped.into_iter().filter_map(|row| prefix(&row).map(|prefix| row.into_model(&prefix))).collect();
        models.retain(|m| configured.iter().all(|other| other.id != m.id));
        models.extend(configured);
        for row in file {
            let Some(prefix) = prefix(&row) else { return Err(rows::unknown_provider(&row, &providers)) };
            models.retain(|m| m.provider != row.provider || m.upstream_name != row.name);
            if !row.remove {
                models.push(row.into_model(&prefix));
            }
        }
        let mut by_name = HashMap::new();
        let mut by_provider: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for (at, model) in models.iter().enumerate() {
            let own = by_provider.entry(model.provider.clone()).or_default();
            by_name.entry(model.id.to_ascii_lowercase()).or_insert(at);
            for name in [&model.upstream_name].into_iter().chain(&model.aliases) {
                own.entry(name.clone()).or_insert(at);
                by_name.entry(name.to_ascii_lowercase()).or_insert(at);
            }
        }
        Ok(Self { providers, models, by_name, by_provider, default_model })
    }

    pub fn models(&self) -> &[Model] {
        &self.models
    }

    pub fn providers(&self) -> &[ProviderInfo] {
        &self.providers
    }

    pub fn provider(&self, name: &str) -> Option<&ProviderInfo> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// Returns the model of that id, with or without its prefix.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.by_name.get(&name.to_ascii_lowercase()).and_then(|at| self.models.get(*at))
    }

    /// Returns the model a provider knows by that name.
    pub fn model_at(&self, provider: &str, upstream_name: &str) -> Option<&Model> {
        self.by_provider.get(provider)?.get(upstream_name).and_then(|at| self.models.get(*at))
    }

    /// Returns the id of a target's model, also of one that is not listed.
    pub fn model_id(&self, target: &Target) -> String {
        if let Some(model) = self.model_at(&target.provider, &target.model) {
            return model.id.clone();
        }
        let prefix = self.provider(&target.provider).map_or(target.provider.as_str(), |provider| &provider.prefix);
        format!("{prefix}/{}", target.model)
    }

    /// Refuses a target that is known to be unable to do what is asked of it. Of an operator's own provider too little
    /// is known to refuse anything.
    pub fn check(&self, target: &Target, wanted: Capability, field: &str) -> Result<()> {
        let Some(model) = self.model_at(&target.provider, &target.model) else { return Ok(()) };
        let own = self.provider(&target.provider).is_some_and(|provider| provider.configured);
        if own || model.capabilities.is_empty() || model.capabilities.contains(&wanted) {
            return Ok(());
        }
        let cannot = match wanted {
            Capability::Embeddings => "makes no embeddings",
            Capability::Chat => "completes no conversations",
            Capability::Vision => "cannot see",
            Capability::Streaming
            | Capability::Tools
            | Capability::ParallelTools
            | Capability::Reasoning
            | Capability::StructuredOutput
            | Capability::WebSearch
            | Capability::Documents => "cannot do this",
        };
        let others = self.able(wanted, &target.provider);
        let instead = if others.is_empty() { String::new() } else { format!("use {others}, say; ") };
        let message = format!("the model `{}` {cannot}: {instead}ListModels tells what each model can do", model.id);
        Err(Error::invalid(field, message).with("code", "invalid_value"))
    }

    /// Names some models that can do it and will stay, those of this provider before all others.
    fn able(&self, wanted: Capability, provider: &str) -> String {
        let able = |m: &&Model| m.capabilities.contains(&wanted) && m.deprecation.is_none();
        let of = |own: bool| self.models.iter().filter(able).filter(move |m| (m.provider == provider) == own);
        of(true).chain(of(false)).take(CLOSEST).map(|m| m.id.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Turns the name a caller used into a provider and the model's name there. An empty name means the default.
    pub fn resolve(&self, name: &str) -> Result<(Target, &ProviderInfo)> {
        let name = if name.is_empty() { &self.default_model } else { name };
        // What is passed on comes into lines of the log, too.
        if name.len() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(self.not_found(name));
        }
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
        let known = self.model_at(&provider.name, model);
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
        // Likeness takes time by the product of both lengths: a name of megabytes would take minutes.
        let shown: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_SHOWN).collect();
        let lower = shown.to_ascii_lowercase();
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
        let message = if closest.is_empty() {
            format!("the model `{shown}` does not exist; GET /v1/models lists what there is")
        } else {
            format!("the model `{shown}` does not exist; did you mean {closest}? GET /v1/models lists all")
        };
        Error { field: Some("prompt.model".into()), ..Error::new(ErrorKind::ModelNotFound, message) }
            .with("model", shown)
            .with("closest", closest)
    }
}

fn retired(asked: &str, date: &str, replacement: &str) -> Error {
    // Of some only the month or the year is known.
    let when = match date.len() {
        0 => String::new(),
        10 => format!(" on {date}"),
        _ => format!(" in {date}"),
    };
    let message = format!("the model `{asked}` was shut down by its provider{when}; use `{replacement}` instead");
    Error { field: Some("prompt.model".into()), ..Error::new(ErrorKind::ModelNotFound, message) }
        .with("model", asked)
        .with("replacement", replacement)
}

#[cfg(test)]
mod tests;
