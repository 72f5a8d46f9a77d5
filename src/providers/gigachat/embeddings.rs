//! Embeddings: `POST /embeddings`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::errors;
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        failure::{FailureClass, UpstreamFailure},
        usage::Usage,
    },
    providers::{
        adapter::{EmbeddingAdapter, EncodeError, Encoded, Reply},
        lenient::{Count, Object, Text},
        warnings::Warnings,
    },
};

#[derive(Clone, Copy, Debug)]
pub struct GigaChatEmbeddings;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    model: Text<'a>,
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Vec<f32>,
    #[serde(default)]
    index: Count,
    #[serde(default)]
    usage: Object<ItemUsage>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ItemUsage {
    prompt_tokens: Count,
}

impl EmbeddingAdapter for GigaChatEmbeddings {
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
        let mut input = Vec::with_capacity(request.inputs.len());
        for (index, text) in request.inputs.iter().enumerate() {
            match text {
                EmbeddingInput::Text(text) => input.push(text.as_str()),
                EmbeddingInput::Tokens(_) => {
                    return Err(EncodeError::new(format!("inputs[{index}].tokens"), "the provider takes text only"));
                }
            }
        }
        let mut warnings = Warnings::default();
        let dropped = [
            ("dimensions", request.dimensions.is_some(), "the provider's vectors have one length"),
            ("end_user_id", request.end_user_id.is_some(), "the provider takes no id of the end user"),
            ("provider_options", has_members(&request.provider_options), "the provider takes no further members here"),
        ];
        for (field, _, why) in dropped.into_iter().filter(|(_, given, _)| *given) {
            warnings.dropped(field, why);
        }
        let body = serde_json::to_vec(&Body { model, input }).map_err(|e| EncodeError::new("inputs", e.to_string()))?;
        Ok(Encoded {
            path: "/embeddings".to_owned(),
            body: Bytes::from(body),
            warnings: warnings.into_vec(),
            ..Encoded::default()
        })
    }

    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
        let Ok(mut answer) = serde_json::from_slice::<Answer<'_>>(reply.body) else {
            return Err(errors::failure_in(reply.body)
                .unwrap_or_else(|| UpstreamFailure::new(FailureClass::BadResponse, "the answer holds no embeddings")));
        };
        answer.data.sort_by_key(|item| item.index.0);
        Ok(EmbeddingReply {
            model: answer.model.0.into_owned(),
            usage: usage(&answer.data),
            vectors: answer.data.into_iter().map(|item| item.embedding).collect(),
        })
    }
}

/// Adds up what each item consumed; nothing when one of them does not say.
fn usage(items: &[Item]) -> Option<Usage> {
    let of_item = |item: &Item| item.usage.0.as_ref()?.prompt_tokens.0;
    let tokens = items.iter().map(of_item).try_fold(0u64, |sum, tokens| sum.checked_add(tokens?));
    let tokens = tokens.filter(|_| !items.is_empty())?;
    Some(Usage { input_tokens: Some(tokens), total_tokens: Some(tokens), ..Usage::default() })
}

fn has_members(options: &str) -> bool {
    !["", "{}"].contains(&options.trim())
}
