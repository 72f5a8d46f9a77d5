//! The parts of a `GenerateContentResponse` that matter here, borrowed from its bytes. One is a whole unary answer or
//! one event of a stream. Every member may be missing.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::lenient::{count, or_default};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub candidates: Vec<Candidate<'a>>,
    #[serde(borrow)]
    pub prompt_feedback: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage_metadata: Option<UsageMetadata<'a>>,
    #[serde(borrow)]
    pub model_version: Option<Text<'a>>,
    #[serde(borrow)]
    pub response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub model_status: Option<&'a RawValue>,
    pub error: Option<IgnoredAny>,
}

/// A string that is copied only when it holds escapes. Inside an `Option`, serde borrows through a type of its own only.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    #[serde(default, deserialize_with = "or_default")]
    pub index: u32,
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    #[serde(borrow)]
    pub finish_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub finish_message: Option<Text<'a>>,
    #[serde(borrow)]
    pub grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub continuation_token: Option<Text<'a>>,
    #[serde(borrow)]
    pub logprobs_result: Option<&'a RawValue>,
    #[serde(borrow)]
    pub safety_ratings: Option<&'a RawValue>,
    #[serde(borrow)]
    pub avg_logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub citation_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub url_context_metadata: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub struct Content<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub parts: Vec<Part<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    /// Whether `text` is a summary of the model's thinking.
    #[serde(default, deserialize_with = "or_default")]
    pub thought: bool,
    #[serde(borrow)]
    pub thought_signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub function_call: Option<FunctionCall<'a>>,
    #[serde(borrow)]
    pub inline_data: Option<InlineData<'a>>,
    /// Where a file is that the model made.
    #[serde(borrow)]
    pub file_data: Option<&'a RawValue>,
    /// What the service's own tools did, in four forms.
    #[serde(borrow)]
    pub tool_call: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tool_response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub executable_code: Option<&'a RawValue>,
    #[serde(borrow)]
    pub code_execution_result: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub struct FunctionCall<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub args: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InlineData<'a> {
    #[serde(borrow)]
    pub mime_type: Option<Text<'a>>,
    /// Base64.
    #[serde(borrow)]
    pub data: Option<Text<'a>>,
}

/// Token counters. In streams they are cumulative.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageMetadata<'a> {
    #[serde(deserialize_with = "count")]
    pub prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub tool_use_prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub candidates_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub thoughts_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub cached_content_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub total_token_count: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    pub prompt_tokens_details: Modalities,
    #[serde(deserialize_with = "or_default")]
    pub tool_use_prompt_tokens_details: Modalities,
    #[serde(deserialize_with = "or_default")]
    pub candidates_tokens_details: Modalities,
    #[serde(borrow)]
    pub service_tier: Option<Text<'a>>,
}

/// Tokens by modality, as far as the contract tells them apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Modalities {
    pub audio: Option<u64>,
    pub image: Option<u64>,
}

impl<'de> Deserialize<'de> for Modalities {
    /// Adds up the list as it is read, so that the hot path allocates nothing for it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ModalitiesVisitor)
    }
}

struct ModalitiesVisitor;

impl<'de> Visitor<'de> for ModalitiesVisitor {
    type Value = Modalities;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of token counts by modality")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Modalities, A::Error> {
        let mut sum = Modalities::default();
        while let Some(ModalityCount { modality, token_count }) = list.next_element()? {
            let counter = match &*modality {
                "AUDIO" => &mut sum.audio,
                "IMAGE" => &mut sum.image,
                _ => continue,
            };
            *counter = token_count.map(|count| counter.unwrap_or(0).saturating_add(count)).or(*counter);
        }
        Ok(sum)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModalityCount<'a> {
    #[serde(borrow)]
    modality: Cow<'a, str>,
    #[serde(deserialize_with = "count")]
    token_count: Option<u64>,
}
