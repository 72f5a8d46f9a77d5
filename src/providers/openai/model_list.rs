//! Reads the lists of models that compatible servers keep, in all their shapes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::{dialect::Dialect, errors, switches::ModelList, whole::trim};
use crate::{
    domain::{
        failure::UpstreamFailure,
        model::{Capability, ListedModel},
    },
    providers::{
        adapter::Reply,
        lenient::{Count, List, Object, Text},
    },
};

/// Bounds what a hostile list can make us remember. The largest list there is has some hundred entries.
const MAX_MODELS: usize = 4096;

pub fn path(dialect: &Dialect) -> &'static str {
    match dialect.model_list {
        ModelList::None => "",
        ModelList::Models => "/models",
        ModelList::LanguageModels => "/language-models",
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<List<Object<Entry<'a>>>>,
    #[serde(borrow)]
    models: Option<List<Object<Entry<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    /// What kind of model it is, or merely that it is one.
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    active: Option<Value>,
    created: Count,
    #[serde(borrow)]
    owned_by: Text<'a>,
    context_length: Count,
    max_model_len: Count,
    context_window: Count,
    max_context_length: Count,
    max_completion_tokens: Count,
    max_output_tokens: Count,
    top_provider: Object<TopProvider>,
    #[serde(borrow)]
    input_modalities: List<Text<'a>>,
    #[serde(borrow)]
    architecture: Object<Architecture<'a>>,
    capabilities: Option<Value>,
    prompt_text_token_price: Count,
    completion_text_token_price: Count,
    pricing: Option<Value>,
    #[serde(borrow)]
    aliases: List<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TopProvider {
    max_completion_tokens: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Architecture<'a> {
    #[serde(borrow)]
    input_modalities: List<Text<'a>>,
}

pub fn decode(reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
    let body = trim(reply.body);
    let entries: Option<List<Object<Entry<'_>>>> = if body.starts_with(b"[") {
        serde_json::from_slice(body).ok()
    } else {
        serde_json::from_slice(body).ok().and_then(|Object(answer): Object<Answer<'_>>| answer?.entries())
    };
    let Some(List(entries)) = entries else { return Err(errors::read(reply)) };
    Ok(entries.into_iter().filter_map(|entry| entry.0?.read()).take(MAX_MODELS).collect())
}

impl<'a> Answer<'a> {
    fn entries(self) -> Option<List<Object<Entry<'a>>>> {
        self.data.or(self.models)
    }
}

/// Kinds, and parts of names, of models that neither chat nor embed.
const OTHER_KINDS: &[&str] = &["image", "audio", "video", "moderation", "rerank", "transcribe", "speech", "tts"];
const OTHER_NAMES: &[&str] =
    &["whisper", "tts", "dall-e", "moderation", "transcribe", "realtime", "sora", "gpt-image", "imagine", "rerank"];

impl Entry<'_> {
    fn read(self) -> Option<ListedModel> {
        let name = if self.id.is_empty() { self.name.0.clone() } else { self.id.0.clone() };
        let lower = name.to_ascii_lowercase();
        let other = OTHER_NAMES.iter().any(|word| lower.contains(word)) || OTHER_KINDS.contains(&&*self.kind.0);
        if name.is_empty() || other || self.active == Some(Value::Bool(false)) {
            return None;
        }
        let context = [self.context_length, self.max_model_len, self.context_window, self.max_context_length];
        let top = self.top_provider.0.as_ref().map(|top| top.max_completion_tokens).unwrap_or_default();
        let output = [self.max_output_tokens, self.max_completion_tokens, top];
        let (input_price, output_price) = self.prices();
        Some(ListedModel {
            capabilities: self.capabilities(&lower),
            upstream_name: name.into_owned(),
            owned_by: self.owned_by.0.into_owned(),
            context_window_tokens: first(&context),
            max_output_tokens: first(&output),
            created: self.created.0.and_then(|created| i64::try_from(created).ok()).unwrap_or(0),
            input_price,
            output_price,
            aliases: self.aliases.0.into_iter().map(|alias| alias.0.into_owned()).filter(|a| !a.is_empty()).collect(),
        })
    }

    fn capabilities(&self, name: &str) -> Vec<Capability> {
        if self.kind.0 == "embedding" || name.contains("embed") {
            return vec![Capability::Embeddings];
        }
        let told = |capability: &str| {
            let capabilities = self.capabilities.as_ref();
            capabilities.is_some_and(|told| {
                told[capability] == true || told.as_array().is_some_and(|list| list.iter().any(|one| one == capability))
            })
        };
        let nested = self.architecture.0.as_ref().map(|architecture| &architecture.input_modalities);
        let mut modalities = self.input_modalities.0.iter().chain(nested.into_iter().flat_map(|list| &list.0));
        let mut found = Vec::new();
        if !self.input_modalities.0.is_empty() || nested.is_some() || told("completion_chat") {
            found.extend([Capability::Chat, Capability::Streaming]);
        }
        if told("function_calling") || told("tools") || told("tool_use") {
            found.push(Capability::Tools);
        }
        if modalities.any(|modality| modality.0 == "image") || told("vision") {
            found.push(Capability::Vision);
        }
        found
    }

    /// Returns nano-USD per million tokens, of input and of output.
    fn prices(&self) -> (Option<i64>, Option<i64>) {
        // US cents per 100 million tokens.
        let cents = |price: Count| i64::try_from(price.0?).ok()?.checked_mul(100_000);
        let of = |per_token: &str, per_million: &str| {
            let pricing = self.pricing.as_ref()?;
            match (dollars(&pricing[per_token]), dollars(&pricing[per_million])) {
                (Some(usd), _) => nano(usd * 1e6),
                (None, Some(usd)) => nano(usd),
                (None, None) => None,
            }
        };
        let input = cents(self.prompt_text_token_price).or_else(|| of("prompt", "input"));
        (input, cents(self.completion_text_token_price).or_else(|| of("completion", "output")))
    }
}

fn first(counts: &[Count]) -> Option<u64> {
    counts.iter().find_map(|count| count.0.filter(|count| *count > 0))
}

fn dollars(value: &Value) -> Option<f64> {
    let text = value.as_str().map(Cow::Borrowed).or_else(|| value.is_number().then(|| value.to_string().into()))?;
    text.parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0)
}

fn nano(usd: f64) -> Option<i64> {
    let nano = (usd * 1e9).round();
    (nano < i64::MAX as f64).then_some(nano as i64)
}
