//! The provider's list of models: `GET /models`. It depends on the key's scope.

use serde::Deserialize;

use super::{errors, family::family};
use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        model::{Capability, ListedModel},
    },
    providers::{
        adapter::{ModelListAdapter, Reply},
        lenient::{List, Object, Text},
    },
};

/// Most models that are believed.
const MAX_MODELS: usize = 1000;

#[derive(Clone, Copy, Debug)]
pub struct GigaChatModels;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed<'a> {
    #[serde(borrow)]
    data: Option<List<Object<Entry<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    owned_by: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

impl ModelListAdapter for GigaChatModels {
    fn path(&self) -> &str {
        "/models"
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let Ok(Listed { data: Some(List(entries)) }) = serde_json::from_slice(reply.body) else {
            return Err(errors::failure_in(reply.body).unwrap_or_else(|| {
                UpstreamFailure::new(FailureClass::BadResponse, "the answer is no list of models")
            }));
        };
        Ok(entries.into_iter().filter_map(|entry| model(entry.0?)).take(MAX_MODELS).collect())
    }
}

/// Returns an entry as the gateway knows models; nothing for filters and checks.
fn model(entry: Entry<'_>) -> Option<ListedModel> {
    let id = entry.id.0.into_owned();
    // Without a type the name tells it.
    let kind = match &*entry.kind.0 {
        "" if id.contains("Embed") => "embedder",
        "" if id.starts_with("GigaChat") => "chat",
        kind => kind,
    };
    let capabilities = match kind {
        "chat" => chat_capabilities(&id),
        "embedder" => vec![Capability::Embeddings],
        _ => return None,
    };
    let context_window_tokens = match kind {
        "chat" => family(&id).context_window_tokens,
        _ => None,
    };
    let owned_by = entry.owned_by.0.into_owned();
    let listed = ListedModel { upstream_name: id, owned_by, context_window_tokens, capabilities, ..Default::default() };
    (!listed.upstream_name.is_empty()).then_some(listed)
}

fn chat_capabilities(id: &str) -> Vec<Capability> {
    let family = family(id);
    let mut capabilities =
        vec![Capability::Chat, Capability::Streaming, Capability::Tools, Capability::StructuredOutput];
    if family.attachments {
        capabilities.extend([Capability::Vision, Capability::Documents]);
    }
    if family.reasoning {
        capabilities.push(Capability::Reasoning);
    }
    capabilities
}
