//! JSON shapes that whole answers and stream chunks of `/v1/completions` share.

use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{openai::shapes, pb};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionChoice")]
pub struct Choice<'a> {
    pub text: &'a str,
    pub index: u32,
    pub logprobs: Option<Logprobs<'a>>,
    #[schemars(extend("enum" = ["stop", "length", "content_filter", null]))]
    pub finish_reason: Option<&'static str>,
}

/// Log probabilities in four lists of the same length.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionLogprobs")]
pub struct Logprobs<'a> {
    tokens: Vec<&'a str>,
    token_logprobs: Vec<f64>,
    top_logprobs: Vec<Top<'a>>,
    text_offset: Vec<usize>,
}

#[derive(JsonSchema)]
#[schemars(inline, with = "std::collections::BTreeMap<String, f64>")]
struct Top<'a>(&'a [pb::TopLogprob]);

impl Serialize for Top<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for top in self.0 {
            map.serialize_entry(&top.token, &shapes::finite(top.logprob))?;
        }
        map.end()
    }
}

impl<'a> Logprobs<'a> {
    /// Returns None when there are none. `offset` is where the first token begins in its choice, and moves on.
    pub fn of(list: &'a [pb::TokenLogprob], offset: &mut usize) -> Option<Self> {
        if list.is_empty() {
            return None;
        }
        let place = |token: &pb::TokenLogprob| {
            let here = *offset;
            *offset += token.token.chars().count();
            here
        };
        Some(Self {
            text_offset: list.iter().map(place).collect(),
            tokens: list.iter().map(|token| &*token.token).collect(),
            token_logprobs: list.iter().map(|token| shapes::finite(token.logprob)).collect(),
            top_logprobs: list.iter().map(|token| Top(&token.top_logprobs)).collect(),
        })
    }
}

/// There are no tools here, so nothing can wait for one.
pub fn finish_reason(reason: pb::FinishReason) -> &'static str {
    match reason {
        pb::FinishReason::ToolCalls => "stop",
        other => shapes::finish_reason(other, false),
    }
}

/// Adds up what several chats consumed. What one of them does not know, the sum does not know either.
#[derive(Debug, Default)]
pub struct Total(Option<pb::Usage>);

impl Total {
    pub fn add(&mut self, usage: Option<&pb::Usage>) {
        let usage = usage.copied().unwrap_or_default();
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        self.0 = Some(match &self.0 {
            None => usage,
            Some(sofar) => pb::Usage {
                input_tokens: sum(sofar.input_tokens, usage.input_tokens),
                output_tokens: sum(sofar.output_tokens, usage.output_tokens),
                total_tokens: sum(sofar.total_tokens, usage.total_tokens),
                cached_input_tokens: sum(sofar.cached_input_tokens, usage.cached_input_tokens),
                reasoning_tokens: sum(sofar.reasoning_tokens, usage.reasoning_tokens),
                ..pb::Usage::default()
            },
        });
    }

    pub fn usage(&self) -> Option<shapes::Usage> {
        self.0.as_ref().and_then(shapes::Usage::of)
    }
}
