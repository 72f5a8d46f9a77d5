//! Gemini's column of the table: what becomes of each field, by family.

use super::{
    family::{Family, Output, ThinkingControl},
    wire::Level,
};
use crate::{
    domain::chat::{ChatRequest, Effort, ReasoningAmount},
    providers::{
        adapter::EncodeError,
        support::{
            Field,
            Handling::{self, Dropped, Mapped, Refused, Rewritten},
            review,
        },
        warnings::Warnings,
    },
};

pub const NO_ADDRESSES: &str = "this model does not fetch addresses; send the bytes as data";
const NO_THINKING: &str = "this model does not think";
const NO_SAMPLING: &str = "this model ignores it";
const NO_PENALTIES: &str = "this model refuses penalties";
const NO_LOGPROBS: &str = "this model refuses log probabilities";
const NO_COUNTERPART: &str = "the provider has nothing like it";
const NO_CACHE_CONTROL: &str = "the provider caches by itself";
const NO_FILE_NAMES: &str = "the file's name is left out";
const SUBSET: &str = "schemas are sent as a subset of OpenAPI";
const AS_USER: &str = "sent as words of the user; this model takes no instructions";

/// Returns what becomes of a field for a family.
pub fn column(family: &Family, field: Field) -> Handling {
    match field {
        Field::SystemMessages | Field::DeveloperMessages => either(family.system_instruction, Rewritten(AS_USER)),
        Field::MessageName => Dropped("the provider takes no names of speakers"),
        Field::ImageData | Field::AudioInput => Mapped,
        Field::ImageUrl => either(family.fetches_urls, Refused(NO_ADDRESSES)),
        Field::FileUrl if !family.fetches_urls => Refused(NO_ADDRESSES),
        Field::FileData | Field::FileUrl | Field::FileId => Rewritten(NO_FILE_NAMES),
        Field::ImageFileId => Mapped,
        Field::ImageDetail => Dropped("the provider has no such setting for one picture"),
        Field::AudioId => Refused("this provider keeps no audio; send the sound itself"),
        Field::ToolCalls | Field::ToolResults | Field::ToolResultError => Mapped,
        Field::ToolResultMedia => either(family.call_ids, Rewritten("sent as the next turn of the user")),
        Field::ReasoningHistory => Dropped("the provider does not take its thinking back"),
        Field::RefusalHistory => Rewritten("sent as text of the model"),
        Field::Temperature | Field::TopP | Field::TopK => either(family.sampling, Dropped(NO_SAMPLING)),
        Field::MaxOutputTokens => Mapped,
        Field::Stop => Rewritten("the first 5 texts are sent"),
        Field::Seed => Rewritten("folded to 31 bits where it needs more than 32"),
        Field::FrequencyPenalty | Field::PresencePenalty => either(family.penalties, Dropped(NO_PENALTIES)),
        Field::LogitBias => Dropped(NO_COUNTERPART),
        Field::Logprobs | Field::TopLogprobs => either(family.logprobs, Dropped(NO_LOGPROBS)),
        Field::ChoiceCount => either(family.several_candidates, Rewritten("one request is sent for each choice")),
        Field::FunctionTools => either(family.json_schema, Rewritten(SUBSET)),
        Field::ToolStrict => Dropped("the provider does not promise that arguments follow the schema"),
        Field::CustomTools => Rewritten("sent as a function with one text argument, without its grammar"),
        Field::ToolChoiceRequired | Field::ToolChoiceNone | Field::AllowedTools => Mapped,
        Field::ParallelToolCalls => Dropped("the provider cannot be held to one call a turn"),
        Field::JsonObject => json(family, Mapped),
        Field::JsonSchema => json(family, either(family.json_schema, Rewritten(SUBSET))),
        Field::Reasoning => effort(family.thinking),
        Field::ReasoningBudget => budget(family.thinking),
        Field::ReasoningInclude => either(family.thinking != ThinkingControl::None, Dropped(NO_THINKING)),
        Field::Modalities => match family.output {
            Output::Text => Refused("this model answers with text only"),
            Output::Images | Output::Speech => Mapped,
        },
        Field::Audio => match family.output {
            Output::Text | Output::Images => Dropped("this model makes no sound"),
            Output::Speech => Rewritten("the sound comes as PCM of 16 bits"),
        },
        Field::ServiceTier => Mapped,
        Field::WebSearch => either(family.search, Dropped("this model does not search")),
        Field::WebSearchFilters => Dropped("a search is limited by dates only, by both of them"),
        Field::Verbosity | Field::PredictedOutput | Field::Metadata | Field::Store | Field::EndUserId => {
            Dropped(NO_COUNTERPART)
        }
        Field::PromptCacheKey | Field::PromptCacheRetention => Dropped(NO_CACHE_CONTROL),
        Field::ProviderOptions => Rewritten("only members that are known to be taken are passed on"),
    }
}

/// Warns of what is dropped as a whole and stops at what is refused.
pub fn review_request(request: &ChatRequest, family: &Family, warnings: &mut Warnings) -> Result<(), EncodeError> {
    let handling = |field| if judged_later(request, family, field) { Mapped } else { column(family, field) };
    review(request, handling, warnings)
}

/// Whether a field asks for nothing here, or is judged piece by piece where it is written.
fn judged_later(request: &ChatRequest, family: &Family, field: Field) -> bool {
    let amount = request.reasoning.as_ref().and_then(|wish| wish.amount);
    let include = request.reasoning.as_ref().and_then(|wish| wish.include);
    let no_thinking = amount.is_some_and(asks_for_none);
    let later = [
        // The provider's own addresses are fetched by every model; `media` looks at each.
        (Field::ImageUrl, true),
        (Field::FileUrl, true),
        // `search` warns of each member it leaves out.
        (Field::WebSearchFilters, family.search),
        // Models do that anyway.
        (Field::ParallelToolCalls, request.parallel_tool_calls == Some(true)),
        (Field::Reasoning, no_thinking),
        (Field::ReasoningBudget, no_thinking),
        (Field::ReasoningInclude, include == Some(false)),
    ];
    later.contains(&(field, true))
}

/// Whether no thinking is wished.
pub fn asks_for_none(amount: ReasoningAmount) -> bool {
    matches!(amount, ReasoningAmount::Effort(Effort::None) | ReasoningAmount::BudgetTokens(0))
}

fn either(taken: bool, otherwise: Handling) -> Handling {
    if taken { Mapped } else { otherwise }
}

/// Returns the handling of an answer in JSON, which older models do not give when there are functions.
fn json(family: &Family, alone: Handling) -> Handling {
    if family.json_with_tools || alone != Mapped {
        return alone;
    }
    Rewritten("sent as an instruction when there are functions")
}

fn effort(thinking: ThinkingControl) -> Handling {
    match thinking {
        ThinkingControl::None => Dropped(NO_THINKING),
        ThinkingControl::Budget { .. } => Rewritten("sent as a budget of thinking tokens"),
        ThinkingControl::Levels(levels) => {
            either(levels.first() == Some(&Level::Minimal), Rewritten("the nearest level of the model is sent"))
        }
    }
}

fn budget(thinking: ThinkingControl) -> Handling {
    match thinking {
        ThinkingControl::None => Dropped(NO_THINKING),
        ThinkingControl::Budget { .. } => Rewritten("held within the model's range"),
        ThinkingControl::Levels(_) => Rewritten("sent as the nearest level of thinking"),
    }
}
