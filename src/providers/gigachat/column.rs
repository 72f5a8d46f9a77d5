//! GigaChat's column of the table of fields.

use super::family::Family;
use crate::providers::support::{
    Field,
    Handling::{self, Dropped, Mapped, Refused, Rewritten},
};

const NO_ADDRESSES: &str =
    "the provider fetches nothing itself; send the bytes, or let the gateway be allowed to fetch them";

pub fn handling(family: &Family, field: Field) -> Handling {
    match field {
        Field::SystemMessages => Rewritten("joined to one message, the first"),
        Field::DeveloperMessages => Rewritten("sent as system messages"),
        Field::MessageName => Dropped("the provider takes no names of speakers"),
        Field::ImageData | Field::ImageFileId | Field::AudioInput | Field::FileData | Field::FileId => {
            if family.attachments { Rewritten("uploaded first") } else { Refused("this model reads text only") }
        }
        Field::ImageUrl | Field::FileUrl => Refused(NO_ADDRESSES),
        Field::ImageDetail => Dropped("the provider knows no detail of pictures"),
        Field::AudioId => Refused("the provider keeps no sound"),
        Field::ToolCalls => Rewritten("one call a message: calls made at once are sent one after another"),
        Field::ToolResults => Rewritten("sent as a JSON object; anything else becomes its member `result`"),
        Field::ToolResultMedia => Refused("the provider takes only text from functions"),
        Field::ToolResultError => Rewritten("becomes the member `error` of an object"),
        Field::ReasoningHistory => Dropped("the provider does not take its thinking back"),
        Field::RefusalHistory => Rewritten("sent as text"),
        Field::Temperature => Rewritten("0, which the provider refuses, becomes `top_p` 0"),
        Field::TopP | Field::MaxOutputTokens => Mapped,
        Field::TopK => Dropped("the provider takes no top_k"),
        Field::Stop => Dropped("the provider takes no stop texts"),
        Field::Seed => Dropped("the provider takes no seed"),
        Field::FrequencyPenalty | Field::PresencePenalty => {
            Dropped("the provider's `repetition_penalty` has another scale; set it in provider_options")
        }
        Field::LogitBias => Dropped("the provider takes no logit_bias"),
        Field::Logprobs | Field::TopLogprobs => Dropped("the provider tells no probabilities"),
        Field::ChoiceCount => Rewritten("one request for each choice"),
        Field::FunctionTools => Rewritten("schemas are reduced to what the provider reads; odd names get aliases"),
        Field::ToolStrict => Dropped("the provider does not promise that arguments follow the schema"),
        Field::CustomTools => Refused("the provider knows functions with JSON arguments only"),
        Field::ToolChoiceRequired => Rewritten("a single function is forced; of several the model may call none"),
        Field::ToolChoiceNone => Mapped,
        Field::AllowedTools => Rewritten("only the allowed functions are sent"),
        Field::ParallelToolCalls => Dropped("the provider always calls one function at a time"),
        Field::JsonObject => Rewritten("asked for in the system message"),
        Field::JsonSchema if family.native_schema => Mapped,
        Field::JsonSchema => Rewritten("the model is made to call one function whose arguments are the answer"),
        Field::Reasoning if family.reasoning => Rewritten("low, medium or high, whichever is nearest"),
        Field::ReasoningBudget if family.reasoning => Rewritten("sent as an effort"),
        Field::Reasoning | Field::ReasoningBudget => Dropped("this model cannot be told how much to think"),
        Field::ReasoningInclude => Dropped("the provider decides itself whether to show its thinking"),
        Field::Verbosity => Dropped("the provider takes no verbosity"),
        Field::Modalities => Refused("the provider is used for text answers only"),
        Field::Audio => Dropped("the provider does not speak"),
        Field::PredictedOutput => Dropped("the provider takes no prediction"),
        Field::Metadata => Dropped("the provider takes no metadata"),
        Field::ServiceTier => Dropped("the provider has no tiers"),
        Field::WebSearch => Dropped("the provider does not search the web"),
        Field::WebSearchFilters => Dropped("there is no search to limit"),
        Field::Store => Dropped("set `storage` in provider_options"),
        Field::EndUserId => Dropped("the provider takes no id of the end user"),
        Field::PromptCacheKey => Rewritten("sent as X-Session-ID"),
        Field::PromptCacheRetention => Dropped("the provider decides itself how long it keeps prompts"),
        Field::ProviderOptions => Rewritten("only the members the provider documents are passed on"),
    }
}
