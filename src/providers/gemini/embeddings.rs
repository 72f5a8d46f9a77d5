//! Texts to vectors with `batchEmbedContents`.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    chunk::UsageMetadata,
    encode::bare_name,
    errors,
    lenient::or_default,
    usage::usage,
    wire::{Part, SystemInstruction as Content},
};
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        failure::UpstreamFailure,
    },
    providers::{
        adapter::{EmbeddingAdapter, EncodeError, Encoded, Reply},
        warnings::Warnings,
    },
};

/// Most texts in one request.
const MAX_INPUTS: usize = 100;

#[derive(Clone, Copy, Debug)]
pub struct Embeddings;

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Embed<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Embed<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u32>,
    #[serde(flatten)]
    options: Options<'a>,
}

/// Members without a field in the contract.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    /// What the vectors are for, `RETRIEVAL_QUERY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Embedded<'a> {
    #[serde(deserialize_with = "or_default")]
    embeddings: Vec<Vector>,
    #[serde(borrow)]
    usage_metadata: Option<UsageMetadata<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vector {
    #[serde(deserialize_with = "or_default")]
    values: Vec<f32>,
}

impl EmbeddingAdapter for Embeddings {
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
        let name = bare_name(model)?;
        let mut warnings = Warnings::default();
        if request.end_user_id.is_some() {
            warnings.dropped("end_user_id", "the provider has nothing like it");
        }
        if request.inputs.len() > MAX_INPUTS {
            let message = format!("the provider takes at most {MAX_INPUTS} inputs in one request");
            return Err(EncodeError::new("inputs", message));
        }
        let options = options(&request.provider_options, &mut warnings)?;
        let model = format!("models/{name}");
        let mut requests = Vec::with_capacity(request.inputs.len());
        for (index, input) in request.inputs.iter().enumerate() {
            let EmbeddingInput::Text(text) = input else {
                return Err(EncodeError::new(format!("inputs[{index}].tokens"), "the provider embeds text only"));
            };
            requests.push(Embed {
                model: &model,
                content: Content { parts: vec![Part::text(text)] },
                output_dimensionality: request.dimensions,
                options: options.clone(),
            });
        }
        let body =
            serde_json::to_vec(&Batch { requests }).map_err(|error| EncodeError::new("inputs", error.to_string()))?;
        Ok(Encoded {
            path: format!("/v1beta/models/{name}:batchEmbedContents"),
            body: Bytes::from(body),
            warnings: warnings.into_vec(),
            ..Encoded::default()
        })
    }

    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
        let embedded: Embedded<'_> = serde_json::from_slice(reply.body).map_err(|_| errors::no_answer(reply))?;
        let vectors: Vec<_> = embedded.embeddings.into_iter().map(|vector| vector.values).collect();
        if vectors.is_empty() || vectors.iter().any(Vec::is_empty) {
            return Err(errors::no_answer(reply));
        }
        // The service does not name the model.
        let usage = embedded.usage_metadata.as_ref().and_then(usage);
        Ok(EmbeddingReply { model: String::new(), vectors, usage })
    }
}

fn options<'a>(text: &'a str, warnings: &mut Warnings) -> Result<Options<'a>, EncodeError> {
    let mut options = Options::default();
    if text.is_empty() {
        return Ok(options);
    }
    let members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|_| EncodeError::new("provider_options", "it is not a JSON object"))?;
    for (name, value) in members {
        match &*name {
            "taskType" | "task_type" => options.task_type = Some(value),
            "title" => options.title = Some(value),
            _ => warnings.dropped("provider_options", format!("`{name}` is not passed on")),
        }
    }
    Ok(options)
}
