//! Models to the contract.

use prost_types::Timestamp;

use super::convert_usage::class_to_pb;
use crate::{
    admin::models::Listing,
    domain::{
        chat::Modality,
        error::{Error, Result},
        model::{Capability, Model, Price},
    },
    pb,
};

/// Converts the capabilities of a filter.
pub fn capabilities_of(wanted: &[i32]) -> Result<Vec<Capability>> {
    let unknown = || Error::invalid("capabilities", "capabilities has an unknown value").with("code", "invalid_value");
    let one = |wanted: &i32| {
        Ok(match pb::ModelCapability::try_from(*wanted).unwrap_or_default() {
            pb::ModelCapability::Unspecified => return Err(unknown()),
            pb::ModelCapability::Chat => Capability::Chat,
            pb::ModelCapability::Streaming => Capability::Streaming,
            pb::ModelCapability::Tools => Capability::Tools,
            pb::ModelCapability::ParallelTools => Capability::ParallelTools,
            pb::ModelCapability::Vision => Capability::Vision,
            pb::ModelCapability::Reasoning => Capability::Reasoning,
            pb::ModelCapability::StructuredOutput => Capability::StructuredOutput,
            pb::ModelCapability::WebSearch => Capability::WebSearch,
            pb::ModelCapability::Embeddings => Capability::Embeddings,
            pb::ModelCapability::Documents => Capability::Documents,
        })
    };
    wanted.iter().map(one).collect()
}

/// Converts the first page of a listing.
pub fn listing_to_pb(listing: Listing, page_size: usize) -> pb::ListModelsResponse {
    let mut models: Vec<pb::Model> =
        listing.models.into_iter().take(page_size + 1).map(|(model, open)| model_to_pb(model, open)).collect();
    let more = models.len() > page_size;
    models.truncate(page_size);
    let failures = listing.failures.into_iter().map(|(provider, failure)| pb::UpstreamListFailure {
        provider,
        failure_class: class_to_pb(failure.class).into(),
        message: failure.message,
    });
    pb::ListModelsResponse {
        next_page_token: models.last().filter(|_| more).map(|m| m.id.clone()).unwrap_or_default(),
        models,
        upstream_failures: failures.collect(),
    }
}

pub fn model_to_pb(mut model: Model, key_available: bool) -> pb::Model {
    let deprecation = model.deprecation.as_ref();
    model.aliases.sort_unstable();
    pb::Model {
        display_name: model.upstream_name.clone(),
        context_window_tokens: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
        input_modalities: modalities_to_pb(&model.input_modalities),
        output_modalities: modalities_to_pb(&model.output_modalities),
        capabilities: model.capabilities.iter().map(|c| capability_to_pb(*c).into()).collect(),
        prices: model.prices.iter().map(price_to_pb).collect(),
        deprecated: deprecation.is_some(),
        shutdown_time: deprecation.and_then(|d| day(&d.date)),
        replacement_model_id: deprecation.map(|d| d.replacement.clone()).unwrap_or_default(),
        create_time: (model.created > 0).then_some(Timestamp { seconds: model.created, nanos: 0 }),
        id: model.id,
        provider: model.provider,
        upstream_name: model.upstream_name,
        aliases: model.aliases,
        owned_by: model.owned_by,
        key_available,
    }
}

fn modalities_to_pb(modalities: &[Modality]) -> Vec<i32> {
    let one = |modality: &Modality| match modality {
        Modality::Text => pb::Modality::Text,
        Modality::Audio => pb::Modality::Audio,
        Modality::Image => pb::Modality::Image,
    };
    modalities.iter().map(|m| one(m).into()).collect()
}

fn capability_to_pb(capability: Capability) -> pb::ModelCapability {
    match capability {
        Capability::Chat => pb::ModelCapability::Chat,
        Capability::Streaming => pb::ModelCapability::Streaming,
        Capability::Tools => pb::ModelCapability::Tools,
        Capability::ParallelTools => pb::ModelCapability::ParallelTools,
        Capability::Vision => pb::ModelCapability::Vision,
        Capability::Reasoning => pb::ModelCapability::Reasoning,
        Capability::StructuredOutput => pb::ModelCapability::StructuredOutput,
        Capability::WebSearch => pb::ModelCapability::WebSearch,
        Capability::Embeddings => pb::ModelCapability::Embeddings,
        Capability::Documents => pb::ModelCapability::Documents,
    }
}

fn price_to_pb(price: &Price) -> pb::ModelPrice {
    pb::ModelPrice {
        min_input_tokens: price.min_input_tokens,
        input_nano_usd_per_million: price.input,
        output_nano_usd_per_million: price.output,
        cached_input_nano_usd_per_million: price.cached_input,
        cache_write_input_nano_usd_per_million: price.cache_write_input,
        audio_input_nano_usd_per_million: price.audio_input,
        audio_output_nano_usd_per_million: price.audio_output,
        image_input_nano_usd_per_million: price.image_input,
    }
}

/// Reads `YYYY-MM-DD`; a date the catalog knows only roughly is left out.
fn day(date: &str) -> Option<Timestamp> {
    (date.len() == 10).then(|| format!("{date}T00:00:00Z").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days() {
        assert_eq!(day("2026-12-01").map(|t| t.seconds), Some(1_796_083_200));
        assert_eq!(day("2025"), None);
        assert_eq!(day(""), None);
        assert_eq!(day("2025-99-99"), None);
    }

    #[test]
    fn both_ways_name_the_same_capabilities() {
        for value in 1..=10 {
            let capability = capabilities_of(&[value]).unwrap()[0];
            assert_eq!(i32::from(capability_to_pb(capability)), value);
        }
        assert!(capabilities_of(&[0]).is_err() && capabilities_of(&[1, 11]).is_err());
    }
}
