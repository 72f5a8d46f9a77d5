//! Output items as OpenAI writes them.

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::{openai::shapes::finite, pb};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ItemStatus")]
pub enum Status {
    InProgress,
    Completed,
    Incomplete,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(rename = "OutputItem")]
pub enum Item {
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Content>,
    },
    FunctionCall {
        id: String,
        status: Status,
        call_id: String,
        name: String,
        arguments: String,
    },
    CustomToolCall {
        id: String,
        status: Status,
        call_id: String,
        name: String,
        input: String,
    },
    Reasoning {
        id: String,
        summary: Vec<Summary>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(rename = "OutputContent")]
pub enum Content {
    OutputText { text: String, annotations: Vec<Annotation>, logprobs: Vec<Logprob> },
    Refusal { refusal: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename = "summary_text")]
#[schemars(rename = "ReasoningSummary", transform = |schema: &mut Schema| tag(schema, "summary_text"))]
pub struct Summary {
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename = "url_citation")]
#[schemars(rename = "UrlCitationAnnotation", transform = |schema: &mut Schema| tag(schema, "url_citation"))]
pub struct Annotation {
    start_index: u32,
    end_index: u32,
    url: String,
    title: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OutputLogprob")]
pub struct Logprob {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<Vec<Logprob>>,
}

/// Adds the tag that serde writes in front of a struct, which schemars does not know of.
fn tag(schema: &mut Schema, kind: &str) {
    if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.insert("type".into(), serde_json::json!({"type": "string", "const": kind}));
    }
    if let Some(required) = schema.get_mut("required").and_then(serde_json::Value::as_array_mut) {
        required.insert(0, "type".into());
    }
}

impl Item {
    pub fn id(&self) -> &str {
        match self {
            Self::Message { id, .. }
            | Self::FunctionCall { id, .. }
            | Self::CustomToolCall { id, .. }
            | Self::Reasoning { id, .. } => id,
        }
    }

    /// Sets how far the item is; a reasoning item does not say.
    pub fn set_status(&mut self, to: Status) {
        match self {
            Self::Message { status, .. } | Self::FunctionCall { status, .. } | Self::CustomToolCall { status, .. } => {
                *status = to;
            }
            Self::Reasoning { .. } => {}
        }
    }

    /// Returns the item as it was when it began.
    pub fn at_start(&self) -> Self {
        let mut item = self.clone();
        item.set_status(Status::InProgress);
        match &mut item {
            Self::Message { content, .. } => content.clear(),
            Self::FunctionCall { arguments: text, .. } | Self::CustomToolCall { input: text, .. } => text.clear(),
            Self::Reasoning { summary, encrypted_content, .. } => {
                summary.clear();
                *encrypted_content = None;
            }
        }
        item
    }
}

impl Content {
    pub fn text() -> Self {
        Self::OutputText { text: String::new(), annotations: Vec::new(), logprobs: Vec::new() }
    }

    pub fn refusal() -> Self {
        Self::Refusal { refusal: String::new() }
    }
}

impl From<pb::Citation> for Annotation {
    fn from(citation: pb::Citation) -> Self {
        let span = citation.span.unwrap_or_default();
        // Clients show the title, and their types require one.
        let title = if citation.title.is_empty() { citation.url.clone() } else { citation.title };
        Self { start_index: span.start, end_index: span.end, url: citation.url, title }
    }
}

impl From<pb::TokenLogprob> for Logprob {
    fn from(token: pb::TokenLogprob) -> Self {
        let top = |top: pb::TopLogprob| logprob(top.token, top.logprob, top.raw_bytes.to_vec(), None);
        let tops = token.top_logprobs.into_iter().map(top).collect();
        logprob(token.token, token.logprob, token.raw_bytes.to_vec(), Some(tops))
    }
}

fn logprob(token: String, logprob: f64, bytes: Vec<u8>, top_logprobs: Option<Vec<Logprob>>) -> Logprob {
    // The bytes are required here; those of the text are right unless the token is no whole text.
    let bytes = if bytes.is_empty() { token.as_bytes().to_vec() } else { bytes };
    Logprob { token, logprob: finite(logprob), bytes, top_logprobs }
}
