//! The events of a completion, in the order a stream delivers them.

use bytes::Bytes;

use super::{
    chat::{ProviderState, ToolKind},
    usage::{Attempt, Cost, Usage, Warning},
};

/// Something that happened in a completion. `Finished` comes exactly once and last; a stream without it has failed.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    Started(Started),
    Text {
        choice: u32,
        text: String,
        logprobs: Vec<TokenLogprob>,
    },
    Refusal {
        choice: u32,
        text: String,
        logprobs: Vec<TokenLogprob>,
    },
    Reasoning {
        choice: u32,
        text: String,
    },
    Audio {
        choice: u32,
        audio: AudioDelta,
    },
    ToolCallStarted {
        choice: u32,
        index: u32,
        id: String,
        name: String,
        kind: ToolKind,
    },
    ToolCallArguments {
        choice: u32,
        index: u32,
        arguments: String,
    },
    Citation {
        choice: u32,
        citation: Citation,
    },
    ProviderState {
        choice: u32,
        state: ProviderState,
    },
    Warning(Warning),
    Attempt(Attempt),
    /// Consumption so far; replaces what came before.
    Usage(Usage),
    Finished(Finished),
}

impl ChatEvent {
    /// Whether a caller sees model output in it. The first visible event is the commit point: before it another key
    /// can take over unnoticed, after it never.
    pub fn is_visible(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::Refusal { .. }
            | Self::Reasoning { .. }
            | Self::Audio { .. }
            | Self::ToolCallStarted { .. }
            | Self::ToolCallArguments { .. }
            | Self::Finished(_) => true,
            Self::Started(_)
            | Self::Citation { .. }
            | Self::ProviderState { .. }
            | Self::Warning(_)
            | Self::Attempt(_)
            | Self::Usage(_) => false,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Started {
    /// Empty when the provider gives none; the gateway then makes one.
    pub completion_id: String,
    /// As the provider names it; empty when it does not say.
    pub model: String,
    /// Filled in by the gateway; adapters leave it empty.
    pub provider: String,
    /// Unix seconds; 0 when the provider does not say.
    pub created: i64,
    pub service_tier: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioDelta {
    pub id: String,
    pub data: Bytes,
    pub transcript: String,
    /// Unix seconds.
    pub expires: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Citation {
    pub url: String,
    pub title: String,
    /// In code points of the answer's text.
    pub span: Option<(u32, u32)>,
    pub snippet: String,
    /// The `[1]` the text uses.
    pub number: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TokenLogprob {
    pub token: String,
    pub logprob: f64,
    pub bytes: Option<Bytes>,
    pub top: Vec<TopLogprob>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopLogprob {
    pub token: String,
    pub logprob: f64,
    pub bytes: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Of choice 0.
    pub reason: FinishReason,
    pub native_reason: String,
    pub usage: Option<Usage>,
    /// Filled in by metering; adapters set it only when the provider states a cost.
    pub cost: Option<Cost>,
    /// Filled in by the gateway.
    pub attempts: Vec<Attempt>,
    pub other_choices: Vec<ChoiceFinish>,
    /// A JSON object; empty when there is nothing to tell.
    pub provider_metadata: String,
}

impl Finished {
    pub fn new(reason: FinishReason, native_reason: impl Into<String>) -> Self {
        Self {
            reason,
            native_reason: native_reason.into(),
            usage: None,
            cost: None,
            attempts: Vec::new(),
            other_choices: Vec::new(),
            provider_metadata: String::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceFinish {
    /// From 1.
    pub choice: u32,
    pub reason: FinishReason,
    pub native_reason: String,
}
