//! Texts to vectors. Mirrors `EmbeddingService` of the contract.

use super::usage::{Attempt, Cost, Usage, Warning};

/// Texts to embed and every wish about how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// As the caller named it; routing resolves it.
    pub model: String,
    /// At least one.
    pub inputs: Vec<EmbeddingInput>,
    /// Length of the vectors, for models that can shorten them.
    pub dimensions: Option<u32>,
    pub end_user_id: Option<String>,
    /// A JSON object with further members for the provider's body; empty when there are none.
    pub provider_options: String,
    /// Refuse instead of dropping or rewriting.
    pub strict: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbeddingInput {
    Text(String),
    /// Numbers of the model's own tokenizer.
    Tokens(Vec<u32>),
}

/// What a provider answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingReply {
    /// As the provider names it; empty when it does not say.
    pub model: String,
    /// One for each input, in their order.
    pub vectors: Vec<Vec<f32>>,
    pub usage: Option<Usage>,
}

/// A reply with what only the gateway knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    pub model: String,
    pub provider: String,
    pub vectors: Vec<Vec<f32>>,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
    pub attempts: Vec<Attempt>,
    pub warnings: Vec<Warning>,
}
