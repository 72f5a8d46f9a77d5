//! Puts what a provider lists beside what the catalog knows.

use std::collections::BTreeMap;

use crate::{
    domain::model::{ListedModel, Model, Price, ProviderInfo},
    routing::catalog::Catalog,
};

/// Adds models that the catalog does not know, under each of their names since clients look for the one they use, and to
/// the others what it does not know of them. The catalog's word stands where there is one.
pub fn merge(models: &mut BTreeMap<String, Model>, catalog: &Catalog, provider: &ProviderInfo, listed: &[ListedModel]) {
    for one in listed {
        for name in [&one.upstream_name].into_iter().chain(&one.aliases) {
            let known = catalog.model_at(&provider.name, name);
            let id = known.map_or_else(|| format!("{}/{name}", provider.prefix), |model| model.id.clone());
            let model = models.entry(id.clone()).or_insert_with(|| Model {
                id,
                provider: provider.name.clone(),
                upstream_name: name.clone(),
                ..Model::default()
            });
            fill(model, one);
        }
    }
}

fn fill(model: &mut Model, listed: &ListedModel) {
    if model.owned_by.is_empty() {
        let owner = if listed.owned_by.is_empty() { &model.provider } else { &listed.owned_by };
        model.owned_by = owner.clone();
    }
    model.context_window_tokens = model.context_window_tokens.or(listed.context_window_tokens);
    model.max_output_tokens = model.max_output_tokens.or(listed.max_output_tokens);
    if model.created == 0 {
        model.created = listed.created;
    }
    if model.capabilities.is_empty() {
        model.capabilities.clone_from(&listed.capabilities);
    }
    if model.prices.is_empty() && (listed.input_price.is_some() || listed.output_price.is_some()) {
        model.prices = vec![Price { input: listed.input_price, output: listed.output_price, ..Price::default() }];
    }
}
