//! A request to read the text out of a picture. Mirrors `ExtractionOptions` of the contract.

use std::collections::BTreeMap;

use super::chat::{ImageDetail, MediaSource};

/// A picture to read and every wish about how. `None` leaves the decision to the provider; zero is a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    pub picture: MediaSource,
    /// Empty when nobody named it.
    pub filename: String,
    /// Empty selects the default vision model.
    pub model: String,
    /// Empty asks for all text.
    pub prompt: String,
    pub detail: Option<ImageDetail>,
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<f64>,
    pub metadata: BTreeMap<String, String>,
    pub end_user_id: Option<String>,
    /// A JSON object, checked to be one; empty when there is none.
    pub provider_options: String,
    /// Refuse instead of dropping or rewriting.
    pub strict: bool,
}
