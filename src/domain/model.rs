//! Models and providers as the catalog knows them.

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
    pub input_modalities: Vec<String>,
    /// Nano-USD per million input tokens.
    pub input_price: Option<i64>,
    /// Nano-USD per million output tokens.
    pub output_price: Option<i64>,
    pub deprecation: Option<Deprecation>,
    /// Other names it is known by, without prefix.
    pub aliases: Vec<String>,
    /// Unix seconds of its release; 0 when unknown.
    pub created: i64,
}

/// A model the provider has withdrawn or will withdraw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecation {
    /// Whether the provider refuses it already.
    pub retired: bool,
    /// `YYYY-MM-DD`, empty when unknown.
    pub date: String,
    /// Id of the model to use instead.
    pub replacement: String,
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
    /// Whether this version can talk to it.
    pub available: bool,
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
