//! What a provider may answer, whole or event by event. Members stay unread until they are needed.

use serde::Deserialize;

use super::raw::{Raw, text};

/// An event of a stream; `type` tells which members count.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub item_id: Raw<'a>,
    #[serde(borrow)]
    pub content_index: Raw<'a>,
    #[serde(borrow)]
    pub summary_index: Raw<'a>,
    #[serde(borrow)]
    pub delta: Raw<'a>,
    #[serde(borrow)]
    pub logprobs: Raw<'a>,
    #[serde(borrow)]
    pub item: Raw<'a>,
    #[serde(borrow)]
    pub response: Raw<'a>,
    #[serde(borrow)]
    pub error: Raw<'a>,
    #[serde(borrow)]
    pub thought: Raw<'a>,
    #[serde(borrow)]
    pub results: Raw<'a>,
}

/// A response, finished or on its way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Response<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub created_at: Raw<'a>,
    #[serde(borrow)]
    pub model: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub output: Raw<'a>,
    #[serde(borrow)]
    pub usage: Raw<'a>,
    #[serde(borrow)]
    pub error: Raw<'a>,
    #[serde(borrow)]
    pub incomplete_details: Raw<'a>,
    #[serde(borrow)]
    pub service_tier: Raw<'a>,
    #[serde(borrow)]
    pub effort: Raw<'a>,
    #[serde(borrow)]
    pub preset: Raw<'a>,
    #[serde(borrow)]
    pub citations: Raw<'a>,
    #[serde(borrow)]
    pub search_results: Raw<'a>,
    #[serde(borrow)]
    pub images: Raw<'a>,
    #[serde(borrow)]
    pub related_questions: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Incomplete<'a> {
    #[serde(borrow)]
    pub reason: Raw<'a>,
}

/// Something the model or the provider did.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub call_id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub arguments: Raw<'a>,
    #[serde(borrow)]
    pub input: Raw<'a>,
    #[serde(borrow)]
    pub content: Raw<'a>,
    #[serde(borrow)]
    pub summary: Raw<'a>,
    #[serde(borrow)]
    pub encrypted_content: Raw<'a>,
    #[serde(borrow)]
    pub thought_signature: Raw<'a>,
    #[serde(borrow)]
    pub results: Raw<'a>,
    #[serde(borrow)]
    pub contents: Raw<'a>,
}

impl Item<'_> {
    /// Returns what tells the item from others: its id, or what there is instead.
    pub fn key(&self) -> String {
        let names = [self.id, self.call_id, self.kind];
        names.into_iter().map(text).find(|name| !name.is_empty()).unwrap_or_default()
    }
}

/// A piece of a message or of a thought.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub text: Raw<'a>,
    #[serde(borrow)]
    pub refusal: Raw<'a>,
    #[serde(borrow)]
    pub annotations: Raw<'a>,
    #[serde(borrow)]
    pub logprobs: Raw<'a>,
}

/// What a part of the text relies on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotation<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub url: Raw<'a>,
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub start_index: Raw<'a>,
    #[serde(borrow)]
    pub end_index: Raw<'a>,
}

/// One result of a search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchResult<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub url: Raw<'a>,
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub snippet: Raw<'a>,
}
