//! The service's list of its models.

use serde::Deserialize;

use super::{
    errors,
    family::{Output, family},
    lenient::{count, or_default},
};
use crate::{
    domain::{
        failure::UpstreamFailure,
        model::{Capability, ListedModel},
    },
    providers::adapter::{ModelListAdapter, Reply},
};

/// One page holds them all: there are some hundred, and a page may have a thousand.
const PATH: &str = "/v1beta/models?pageSize=1000";

/// What every chat model of this service does.
const CHAT: &[Capability] = &[
    Capability::Chat,
    Capability::Streaming,
    Capability::Tools,
    Capability::ParallelTools,
    Capability::Vision,
    Capability::StructuredOutput,
    Capability::Documents,
];

#[derive(Clone, Copy, Debug)]
pub struct Models;

#[derive(Deserialize)]
struct List {
    models: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "count")]
    input_token_limit: Option<u64>,
    #[serde(deserialize_with = "count")]
    output_token_limit: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    supported_generation_methods: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    thinking: bool,
}

impl ModelListAdapter for Models {
    fn path(&self) -> &str {
        PATH
    }

    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
        let list: List = serde_json::from_slice(reply.body).map_err(|_| errors::no_answer(reply))?;
        Ok(list.models.into_iter().filter_map(listed).collect())
    }
}

fn listed(entry: Entry) -> Option<ListedModel> {
    let name = entry.name.strip_prefix("models/").unwrap_or(&entry.name);
    let does = |method: &str| entry.supported_generation_methods.iter().any(|known| known == method);
    let (chats, embeds) = (does("generateContent"), does("embedContent"));
    if name.is_empty() || !(chats || embeds) {
        return None;
    }
    let mut capabilities = if chats { chat_capabilities(name, entry.thinking) } else { Vec::new() };
    if embeds {
        capabilities.push(Capability::Embeddings);
    }
    Some(ListedModel {
        upstream_name: name.to_owned(),
        owned_by: "google".to_owned(),
        context_window_tokens: entry.input_token_limit,
        max_output_tokens: entry.output_token_limit.filter(|_| chats),
        capabilities,
        ..ListedModel::default()
    })
}

fn chat_capabilities(name: &str, thinks: bool) -> Vec<Capability> {
    let family = family(name);
    // Of models for pictures and sound, and of those with another name, the list says no more than this.
    if family.output != Output::Text || !name.starts_with("gemini-") {
        return vec![Capability::Chat, Capability::Streaming];
    }
    let mut capabilities = CHAT.to_vec();
    capabilities.extend(thinks.then_some(Capability::Reasoning));
    capabilities.extend(family.search.then_some(Capability::WebSearch));
    capabilities
}
