//! Models and providers as the catalog knows them.

use super::chat::Modality;

/// What is known of a model. Unknown is `None`, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// `<provider>/<name>`.
    pub id: String,
    pub provider: String,
    /// Name as the provider knows it.
    pub upstream_name: String,
    pub owned_by: String,
    pub context_window_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
    /// Empty when unknown.
    pub input_modalities: Vec<Modality>,
    /// Empty when unknown, or when the output is none of them.
    pub output_modalities: Vec<Modality>,
    /// What it can do. What is not here is missing or unknown.
    pub capabilities: Vec<Capability>,
    /// By length of the prompt, shortest first; empty when unknown.
    pub prices: Vec<Price>,
    pub deprecation: Option<Deprecation>,
    /// Other names it is known by, without prefix.
    pub aliases: Vec<String>,
    /// Unix seconds of its release; 0 when unknown.
    pub created: i64,
}

/// Prices for prompts from one length on, in nano-USD per million tokens. `None` is unknown; of the special kinds it
/// means that they cost what other tokens of their side cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Input tokens from which it holds for the whole request.
    pub min_input_tokens: u64,
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub cached_input: Option<i64>,
    pub cache_write_input: Option<i64>,
    pub audio_input: Option<i64>,
    pub audio_output: Option<i64>,
    pub image_input: Option<i64>,
}

/// A model the provider has withdrawn or will withdraw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecation {
    /// Whether the provider refuses it already.
    pub retired: bool,
    /// When it stops to answer: `YYYY-MM-DD`, or less where less is known; empty when no end is announced.
    pub date: String,
    /// Id of the model to use instead.
    pub replacement: String,
}

impl Deprecation {
    /// Whether the model no longer answers on that day, `YYYY-MM-DD`.
    pub fn is_over(&self, today: &str) -> bool {
        self.retired || (!self.date.is_empty() && self.date.as_str() <= today)
    }
}

/// Where a request goes: a provider and the model's name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub provider: String,
    pub model: String,
}

/// What routing must know of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    pub name: String,
    /// Model prefix without the slash, such as `x-ai`.
    pub prefix: String,
    /// A bare model name that contains one of these belongs to the provider.
    pub name_hints: Vec<&'static str>,
    /// Whether names that the catalog does not list are passed on; the provider then decides.
    pub passes_unknown_models: bool,
    /// Whether it needs a key.
    pub needs_key: bool,
    /// What the caller can do when there is no key, for the error message.
    pub key_hint: String,
    /// Whether an operator configured it, so that the general key header means it.
    pub configured: bool,
}

/// Something a model can do. Same list as `ModelCapability` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    Chat,
    Streaming,
    Tools,
    ParallelTools,
    Vision,
    Reasoning,
    StructuredOutput,
    WebSearch,
    Embeddings,
    Documents,
}

/// A model as its provider lists it. Unknown is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedModel {
    /// Name as the provider knows it.
    pub upstream_name: String,
    pub owned_by: String,
    pub context_window_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
    /// Unix seconds of its release; 0 when unknown.
    pub created: i64,
    pub capabilities: Vec<Capability>,
    /// Nano-USD per million input tokens.
    pub input_price: Option<i64>,
    /// Nano-USD per million output tokens.
    pub output_price: Option<i64>,
    /// Other names the provider knows it by.
    pub aliases: Vec<String>,
}
