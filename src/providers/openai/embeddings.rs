//! Texts to vectors.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    dialect::Dialect,
    errors,
    extras::{self, Extras},
    paths,
    switches::Dimensions,
    usage,
};
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingReply, EmbeddingRequest},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{EncodeError, Encoded, Reply},
        lenient::{Count, List, Object, Text},
        support::Field,
        warnings::Warnings,
    },
};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Text(&'a str),
    Texts(Vec<&'a str>),
    Tokens(&'a [u32]),
    ManyTokens(Vec<&'a [u32]>),
}

pub fn encode(dialect: &Dialect, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError> {
    let mut warnings = Warnings::default();
    let mut wire = Request {
        model,
        input: input(dialect, &request.inputs)?,
        encoding_format: dialect.base64_vectors.then_some("base64"),
        dimensions: None,
        output_dimension: None,
        user: None,
    };
    match dialect.dimensions {
        Dimensions::Dimensions => wire.dimensions = request.dimensions,
        Dimensions::OutputDimension => wire.output_dimension = request.dimensions,
        Dimensions::Never if request.dimensions.is_some() => {
            warnings.dropped("dimensions", "the provider does not shorten vectors");
        }
        Dimensions::Never => {}
    }
    if !dialect.lacks(model, Field::EndUserId) {
        wire.user = request.end_user_id.as_deref();
    } else if request.end_user_id.is_some() {
        warnings.dropped("end_user_id", "the provider does not take this field");
    }
    let body = serde_json::to_vec(&wire)
        .map_err(|error| EncodeError::new("inputs", format!("the request cannot be written as JSON: {error}")))?;
    let options = Extras::read(if dialect.extras { &request.provider_options } else { "" })?;
    if !dialect.extras && !request.provider_options.is_empty() {
        warnings.dropped("provider_options", "the provider takes no further members");
    }
    let body = Bytes::from(extras::merge(body, options, "")?);
    let path = paths::path(dialect, model, paths::EMBEDDINGS);
    Ok(Encoded { path, body, warnings: warnings.into_vec(), ..Encoded::default() })
}

/// Writes one input as itself and several as a list, as the format has no list of both kinds.
fn input<'a>(dialect: &Dialect, inputs: &'a [EmbeddingInput]) -> Result<Input<'a>, EncodeError> {
    let (mut texts, mut tokens) = (Vec::new(), Vec::new());
    for (index, input) in inputs.iter().enumerate() {
        match input {
            EmbeddingInput::Text(text) => texts.push(text.as_str()),
            EmbeddingInput::Tokens(_) if !dialect.token_inputs => {
                return Err(EncodeError::new(format!("inputs[{index}].tokens"), "the provider takes text only"));
            }
            EmbeddingInput::Tokens(numbers) => tokens.push(numbers.as_slice()),
        }
    }
    match (&texts[..], &tokens[..]) {
        ([text], []) => Ok(Input::Text(text)),
        ([], [numbers]) => Ok(Input::Tokens(numbers)),
        (_, []) => Ok(Input::Texts(texts)),
        ([], _) => Ok(Input::ManyTokens(tokens)),
        _ => Err(EncodeError::new("inputs", "the provider takes texts or tokens, not both in one request")),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    data: Option<List<Object<Item<'a>>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    index: Count,
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
}

pub fn decode(reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure> {
    let answer: Answer<'_> = match serde_json::from_slice(reply.body) {
        Ok(Object(Some(answer))) => answer,
        Ok(Object(None)) | Err(_) => return Err(errors::read(reply)),
    };
    let Some(List(items)) = answer.data.filter(|data| !data.0.is_empty()) else { return Err(errors::read(reply)) };
    let mut vectors = vec![None; items.len()];
    for (place, item) in items.into_iter().enumerate() {
        let item = item.0.unwrap_or_default();
        let at = item.index.0.map_or(Some(place), |index| usize::try_from(index).ok());
        let vector = item.embedding.and_then(vector).filter(|vector| !vector.is_empty());
        match at.and_then(|at| vectors.get_mut(at)) {
            Some(slot @ None) => *slot = vector,
            Some(Some(_)) | None => return Err(broken("numbers its vectors wrongly")),
        }
    }
    let vectors: Option<Vec<_>> = vectors.into_iter().collect();
    Ok(EmbeddingReply {
        model: answer.model.0.into_owned(),
        vectors: vectors.ok_or_else(|| broken("holds something that is no vector"))?,
        usage: answer.usage.and_then(usage::read).map(|(usage, _)| usage),
    })
}

/// Reads a list of numbers, or their bytes in base64, the lowest first.
fn vector(raw: &RawValue) -> Option<Vec<f32>> {
    if !raw.get().starts_with('"') {
        return serde_json::from_str(raw.get()).ok();
    }
    let text: std::borrow::Cow<'_, str> = serde_json::from_str(raw.get()).ok()?;
    let bytes = STANDARD.decode(text.as_bytes()).ok()?;
    let (numbers, rest) = bytes.as_chunks();
    rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

fn broken(what: &str) -> UpstreamFailure {
    let message = format!("the provider's answer {what}");
    UpstreamFailure { http_status: Some(200), ..UpstreamFailure::new(FailureClass::BadResponse, message) }
}
