//! What becomes of each field: this provider's column of the table.

use super::family::{Family, ThinkingControl};
use crate::providers::support::{
    Field,
    Handling::{self, Dropped, Mapped, Refused, Rewritten},
};

pub fn handling(family: &Family, field: Field) -> Handling {
    match field {
        Field::SystemMessages | Field::DeveloperMessages => Rewritten("all of them become the one `system` text"),
        Field::ImageData
        | Field::ImageUrl
        | Field::FileData
        | Field::FileUrl
        | Field::ToolCalls
        | Field::ToolResults
        | Field::ToolResultMedia
        | Field::ToolResultError
        | Field::MaxOutputTokens
        | Field::Stop
        | Field::FunctionTools
        | Field::ToolChoiceRequired
        | Field::ToolChoiceNone
        | Field::ParallelToolCalls
        | Field::EndUserId
        | Field::WebSearch
        | Field::ProviderOptions => Mapped,
        Field::Temperature | Field::TopP | Field::TopK if !family.samples => {
            Dropped("this model samples in its own way")
        }
        Field::TopP | Field::TopK => Mapped,
        Field::Temperature => Rewritten("lowered to 1, the most the provider takes"),
        Field::ChoiceCount => Rewritten("sent as that many requests"),
        Field::RefusalHistory => Rewritten("sent as text"),
        Field::AllowedTools => Rewritten("only the allowed tools are sent"),
        Field::JsonObject => Rewritten("asked for in the instructions"),
        Field::JsonSchema if family.structured_output => Mapped,
        Field::JsonSchema => Rewritten("a tool that must be called stands for the answer"),
        Field::ToolStrict if family.strict_tools => Mapped,
        Field::ToolStrict => Dropped("this model knows no strict tools"),
        Field::WebSearchFilters => Rewritten("domains are sent, dates are not"),
        Field::ServiceTier => Dropped("the provider's tiers are auto and standard_only"),
        Field::Reasoning => match family.thinking {
            ThinkingControl::None => Dropped("this model does not think aloud"),
            ThinkingControl::Budget => Rewritten("sent as a budget of tokens"),
            ThinkingControl::Effort { .. } => Rewritten("sent as the nearest effort the model knows"),
        },
        Field::ReasoningBudget => match family.thinking {
            ThinkingControl::None => Dropped("this model does not think aloud"),
            ThinkingControl::Budget => Mapped,
            ThinkingControl::Effort { .. } => Rewritten("sent as the effort that spends about so much"),
        },
        Field::ReasoningInclude if matches!(family.thinking, ThinkingControl::Effort { .. }) => Mapped,
        Field::ReasoningInclude => Dropped("the provider decides itself whether to show its thinking"),
        Field::ReasoningHistory => Dropped("thinking goes back only signed, as provider state"),
        Field::MessageName => Dropped("the provider takes no names of speakers"),
        Field::ImageDetail => Dropped("the provider has no such setting"),
        Field::Seed => Dropped("the provider takes no seed"),
        Field::FrequencyPenalty | Field::PresencePenalty => Dropped("the provider takes no penalties"),
        Field::LogitBias => Dropped("the provider takes no biases of tokens"),
        Field::Logprobs | Field::TopLogprobs => Dropped("the provider gives no probabilities of tokens"),
        Field::Verbosity => Dropped("the provider takes no verbosity"),
        Field::Audio => Dropped("the provider answers in text only"),
        Field::PredictedOutput => Dropped("the provider takes no predicted output"),
        Field::Metadata | Field::Store => Dropped("the provider stores no completions"),
        Field::PromptCacheKey | Field::PromptCacheRetention => {
            Dropped("the provider caches by marks in the request; send `cache_control` in provider_options")
        }
        Field::ImageFileId | Field::FileId => {
            Refused("files of the provider's own store are not supported; send the bytes or an address")
        }
        Field::AudioInput | Field::AudioId => Refused("the provider takes no audio"),
        Field::CustomTools => Refused("the provider knows only function tools"),
        Field::Modalities => Refused("the provider answers in text only"),
    }
}
