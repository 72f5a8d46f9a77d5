//! JSON shapes that whole answers and stream chunks share.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser::SerializeSeq as _};

use crate::{error::field, pb};

pub fn finish_reason(reason: pb::FinishReason, legacy_functions: bool) -> &'static str {
    match reason {
        pb::FinishReason::Stop | pb::FinishReason::Unspecified => "stop",
        pb::FinishReason::Length => "length",
        pb::FinishReason::ToolCalls if legacy_functions => "function_call",
        pb::FinishReason::ToolCalls => "tool_calls",
        pb::FinishReason::ContentFilter => "content_filter",
    }
}

/// Everything that [`finish_reason`] writes.
pub fn finish_reasons(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": ["stop", "length", "tool_calls", "function_call", "content_filter"]})
}

/// Token counts. Clients require the first three; a detail that is unknown is left out, not zero.
#[derive(Serialize, JsonSchema)]
pub struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize, JsonSchema)]
struct PromptDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tokens: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct CompletionDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_prediction_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_prediction_tokens: Option<u64>,
}

impl Usage {
    /// Returns None when nothing is known: no usage at all is more honest than zeros.
    pub fn of(usage: &pb::Usage) -> Option<Self> {
        if usage.input_tokens.is_none() && usage.output_tokens.is_none() && usage.total_tokens.is_none() {
            return None;
        }
        let prompt = PromptDetails {
            cached_tokens: usage.cached_input_tokens,
            audio_tokens: usage.audio_input_tokens,
            cache_write_tokens: usage.cache_write_input_tokens,
            image_tokens: usage.image_input_tokens,
        };
        let completion = CompletionDetails {
            reasoning_tokens: usage.reasoning_tokens,
            audio_tokens: usage.audio_output_tokens,
            accepted_prediction_tokens: usage.accepted_prediction_tokens,
            rejected_prediction_tokens: usage.rejected_prediction_tokens,
        };
        let prompt_known = usage.cached_input_tokens.is_some()
            || usage.audio_input_tokens.is_some()
            || usage.cache_write_input_tokens.is_some()
            || usage.image_input_tokens.is_some();
        let completion_known = usage.reasoning_tokens.is_some()
            || usage.audio_output_tokens.is_some()
            || usage.accepted_prediction_tokens.is_some()
            || usage.rejected_prediction_tokens.is_some();
        let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
        Some(Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: usage.total_tokens.unwrap_or(input.saturating_add(output)),
            prompt_tokens_details: prompt_known.then_some(prompt),
            completion_tokens_details: completion_known.then_some(completion),
        })
    }
}

/// Both keys are required by OpenAI's types as soon as there are log probabilities at all.
#[derive(Serialize, JsonSchema)]
pub struct Logprobs<'a> {
    #[schemars(with = "Option<Vec<Token>>")]
    content: Option<Tokens<'a>>,
    #[schemars(with = "Option<Vec<Token>>")]
    refusal: Option<Tokens<'a>>,
}

impl<'a> Logprobs<'a> {
    pub fn of(content: &'a [pb::TokenLogprob], refusal: &'a [pb::TokenLogprob]) -> Option<Self> {
        let some = |tokens: &'a [pb::TokenLogprob]| (!tokens.is_empty()).then_some(Tokens(tokens));
        match (some(content), some(refusal)) {
            (None, None) => None,
            (content, refusal) => Some(Self { content, refusal }),
        }
    }
}

struct Tokens<'a>(&'a [pb::TokenLogprob]);

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TokenLogprob")]
struct Token<'a> {
    token: &'a str,
    logprob: f64,
    bytes: Option<&'a [u8]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<Vec<Token<'a>>>,
}

impl Serialize for Tokens<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for one in self.0 {
            let top = one.top_logprobs.iter().map(|top| token(&top.token, top.logprob, &top.token_bytes, None));
            seq.serialize_element(&token(&one.token, one.logprob, &one.token_bytes, Some(top.collect())))?;
        }
        seq.end()
    }
}

/// JSON has no infinity; OpenAI writes this number for "practically impossible".
pub fn finite(logprob: f64) -> f64 {
    if logprob.is_finite() { logprob } else { -9999.0 }
}

fn token<'a>(token: &'a str, logprob: f64, bytes: &'a [u8], top_logprobs: Option<Vec<Token<'a>>>) -> Token<'a> {
    Token { token, logprob: finite(logprob), bytes: (!bytes.is_empty()).then_some(bytes), top_logprobs }
}

/// A list of sources as annotations.
#[derive(JsonSchema)]
#[schemars(inline, with = "Vec<Annotation<'a>>")]
pub struct Annotations<'a> {
    pub citations: &'a [pb::Citation],
    /// Code points of the text: sources of the answer as a whole stand at its end.
    pub end: u32,
}

#[derive(Serialize, JsonSchema)]
struct Annotation<'a> {
    #[schemars(extend("const" = "url_citation"))]
    r#type: &'static str,
    url_citation: UrlCitation<'a>,
}

#[derive(Serialize, JsonSchema)]
struct UrlCitation<'a> {
    start_index: u32,
    end_index: u32,
    url: &'a str,
    title: &'a str,
}

impl Serialize for Annotations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.citations.iter().map(|citation| {
            let span = citation.span.unwrap_or(pb::TextSpan { start: self.end, end: self.end });
            // Clients show the title, and their types require one.
            let title = if citation.title.is_empty() { &citation.url } else { &citation.title };
            let url_citation = UrlCitation { start_index: span.start, end_index: span.end, url: &citation.url, title };
            Annotation { r#type: "url_citation", url_citation }
        }))
    }
}

/// What was changed in the request, an extension of ours.
#[derive(JsonSchema)]
#[schemars(inline, with = "Vec<Warning<'a>>")]
pub struct Warnings<'a> {
    pub list: &'a [pb::Warning],
    /// What the interface calls the fields.
    pub names: field::Names,
}

#[derive(Serialize, JsonSchema)]
struct Warning<'a> {
    field: String,
    #[schemars(extend("enum" = ["dropped", "rewritten"]))]
    action: &'static str,
    message: &'a str,
}

impl Serialize for Warnings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list.iter().map(|warning| Warning {
            field: self.names.tell(&warning.field).unwrap_or_else(|| warning.field.clone()),
            action: match warning.action() {
                pb::WarningAction::Rewritten => "rewritten",
                pb::WarningAction::Dropped | pb::WarningAction::Unspecified => "dropped",
            },
            message: &warning.message,
        }))
    }
}

/// Returns the length of a text in the unit that places in it are counted in.
pub fn code_points(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
