//! Content blocks and their pieces as answers hold them. What is not known is left alone.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{errors::Told, usage::WireUsage};

/// A whole message, or the beginning of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    pub id: String,
    pub model: String,
    pub content: Vec<Box<RawValue>>,
    pub stop_reason: Option<String>,
    pub usage: WireUsage,
}

/// The head of a content block: what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Block {
    pub r#type: String,
    pub text: String,
    pub thinking: String,
    pub signature: String,
    pub data: String,
    pub id: String,
    pub name: String,
    pub input: Option<Box<RawValue>>,
    pub citations: Option<Vec<WireCitation>>,
}

/// A piece of a block.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Delta {
    pub r#type: String,
    pub text: String,
    pub thinking: String,
    pub signature: String,
    pub partial_json: String,
    pub citation: Option<WireCitation>,
    pub stop_reason: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireCitation {
    pub r#type: String,
    pub url: Option<String>,
    pub title: Option<String>,
    pub document_title: Option<String>,
    pub cited_text: Option<String>,
}

/// An event of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StreamEvent {
    pub r#type: String,
    pub index: usize,
    pub message: Option<Message>,
    pub content_block: Option<Block>,
    pub delta: Option<Delta>,
    pub usage: Option<WireUsage>,
    pub error: Option<Told>,
}
