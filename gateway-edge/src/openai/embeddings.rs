//! Embeddings: OpenAI's JSON to the contract and back.

use std::{borrow::Cow, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

use crate::{
    error::{Failure, field},
    pb::{self, embedding_input::Input},
};

use super::{
    frame::json,
    lenient::{Int, Str},
    options::count,
    read::{Extension, is_strict, read},
    shapes::Warnings,
    words::{self, ENCODINGS, Encoding, one_of},
};

/// OpenAI's limits; the contract has the first one too.
const MAX_INPUTS: usize = 2048;
const MAX_TOKENS: usize = 1 << 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "EmbeddingRequest")]
pub struct EmbeddingBody<'a> {
    #[schemars(required)]
    model: Option<String>,
    #[schemars(required)]
    input: Option<Inputs>,
    #[serde(borrow)]
    #[schemars(transform = words::only(ENCODINGS))]
    encoding_format: Option<Str<'a>>,
    dimensions: Option<Int>,
    user: Option<String>,
    strict: Option<bool>,
    gateway: Option<Extension>,
}

/// What the caller asked for, and how the answer has to look.
#[derive(Debug)]
pub struct EmbeddingCall {
    pub request: pb::CreateEmbeddingsRequest,
    pub encoding: Encoding,
}

/// Reads a request body.
pub fn parse(json: &[u8]) -> Result<EmbeddingCall, Failure> {
    let (body, rest) = read::<EmbeddingBody<'_>>(json)?;
    let Inputs(inputs) = body.input.ok_or_else(|| Failure::missing("input"))?;
    if inputs.is_empty() {
        return Err(Failure::invalid("input", "Invalid 'input': empty array.").with_code("empty_array"));
    }
    let is_empty = |input: &pb::EmbeddingInput| match &input.input {
        Some(Input::Text(text)) => text.is_empty(),
        Some(Input::Tokens(list)) => list.tokens.is_empty(),
        None => true,
    };
    if inputs.iter().any(is_empty) {
        return Err(Failure::invalid("input", "Invalid 'input': an input cannot be empty."));
    }
    let encoding = match body.encoding_format.as_deref() {
        Some(name) => one_of(name, ENCODINGS, || "encoding_format".to_owned())?,
        None => Encoding::Float,
    };
    let request = pb::CreateEmbeddingsRequest {
        model: body.model.ok_or_else(|| Failure::missing("model"))?,
        inputs,
        dimensions: count(body.dimensions, "dimensions")?,
        end_user_id: body.user,
        provider_options: rest.to_object(),
        strict: is_strict(body.strict, body.gateway),
    };
    Ok(EmbeddingCall { request, encoding })
}

/// `input`: a text, several texts, the tokens of one text, or those of several.
#[derive(Debug)]
struct Inputs(Vec<pb::EmbeddingInput>);

const EXPECTED: &str = "a string, an array of strings, an array of tokens or an array of such arrays";

fn text(text: String) -> pb::EmbeddingInput {
    pb::EmbeddingInput { input: Some(Input::Text(text)) }
}

fn sequence(tokens: Vec<u32>) -> pb::EmbeddingInput {
    pb::EmbeddingInput { input: Some(Input::Tokens(pb::TokenSequence { tokens })) }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InputsVisitor;
        impl<'de> Visitor<'de> for InputsVisitor {
            type Value = Inputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Inputs, E> {
                Ok(Inputs(vec![text(value.to_owned())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inputs, A::Error> {
                let (mut inputs, mut tokens) = (Vec::new(), Vec::new());
                while let Some(one) = seq.next_element::<One>()? {
                    match one {
                        One::Input(input) if tokens.is_empty() => inputs.push(input),
                        One::Token(token) if inputs.is_empty() => tokens.push(token),
                        One::Input(_) | One::Token(_) => {
                            return Err(A::Error::custom(format!("invalid mixture, expected {EXPECTED}")));
                        }
                    }
                    if inputs.len() > MAX_INPUTS || tokens.len() > MAX_TOKENS {
                        return Err(A::Error::custom(format!("too long; the most are {MAX_INPUTS} inputs")));
                    }
                }
                if !tokens.is_empty() {
                    inputs.push(sequence(tokens));
                }
                Ok(Inputs(inputs))
            }
        }
        deserializer.deserialize_any(InputsVisitor)
    }
}

impl JsonSchema for Inputs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Inputs".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = json_schema!({"type": "string", "minLength": 1});
        let tokens = json_schema!({
            "type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
        });
        json_schema!({"anyOf": [
            text,
            {"type": "array", "minItems": 1, "maxItems": MAX_INPUTS, "items": text},
            tokens,
            {"type": "array", "minItems": 1, "maxItems": MAX_INPUTS, "items": tokens},
        ]})
    }
}

/// A member of the array: an input, or one token of the only input.
enum One {
    Input(pb::EmbeddingInput),
    Token(u32),
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneVisitor;
        impl<'de> Visitor<'de> for OneVisitor {
            type Value = One;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a token or an array of tokens")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<One, E> {
                Ok(One::Input(text(value.to_owned())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<One, E> {
                u32::try_from(value).map(One::Token).map_err(|_| E::custom("the token is too large"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<One, A::Error> {
                let mut tokens = Vec::new();
                while let Some(token) = seq.next_element::<u32>()? {
                    if tokens.len() >= MAX_TOKENS {
                        return Err(A::Error::custom("too many tokens"));
                    }
                    tokens.push(token);
                }
                Ok(One::Input(sequence(tokens)))
            }
        }
        deserializer.deserialize_any(OneVisitor)
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EmbeddingList")]
pub struct List<'a> {
    #[schemars(extend("const" = "list"))]
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Warnings<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Embedding<'a> {
    #[schemars(extend("const" = "embedding"))]
    object: &'static str,
    index: usize,
    #[schemars(with = "Written")]
    embedding: Values<'a>,
}

/// Numbers, or base64 of them as 32-bit floats, little end first.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
enum Written {
    #[expect(dead_code, reason = "only said, not written")]
    Float(Vec<f32>),
    #[expect(dead_code, reason = "only said, not written")]
    Base64(String),
}

struct Values<'a> {
    values: &'a [f32],
    encoding: Encoding,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.encoding {
            Encoding::Float => self.values.serialize(serializer),
            Encoding::Base64 => {
                let bytes: Vec<u8> = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
                serializer.serialize_str(&STANDARD.encode(bytes))
            }
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EmbeddingUsage")]
struct Usage {
    prompt_tokens: u64,
    total_tokens: u64,
}

impl Usage {
    /// Returns None when nothing is known: no usage at all is more honest than zeros.
    fn of(usage: &pb::Usage) -> Option<Self> {
        let known = usage.input_tokens.or(usage.total_tokens)?;
        Some(Self { prompt_tokens: known, total_tokens: usage.total_tokens.unwrap_or(known) })
    }
}

/// Writes the body of an answer.
pub fn write(response: &pb::CreateEmbeddingsResponse, encoding: Encoding) -> Vec<u8> {
    let warnings = Warnings { list: &response.warnings, names: field::EMBEDDINGS };
    let data = response.embeddings.iter().enumerate().map(|(index, embedding)| Embedding {
        object: "embedding",
        index,
        embedding: Values { values: &embedding.values, encoding },
    });
    let list = List {
        object: "list",
        data: data.collect(),
        model: &response.model,
        usage: response.usage.as_ref().and_then(Usage::of),
        warnings: (!response.warnings.is_empty()).then_some(warnings),
    };
    let mut body = Vec::with_capacity(1024);
    json(&mut body, &list);
    body
}

#[cfg(test)]
mod tests;
