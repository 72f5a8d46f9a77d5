//! The column of the one table of support that a dialect makes for a model.

use super::{
    dialect::Dialect,
    switches::{
        Choices, DeveloperRole, FileForm, ReasoningEcho, ReasoningForm, RequiredChoice, Seed, SystemMessages,
        ToolResultMedia, WebSearchForm,
    },
};
use crate::providers::support::{
    Field,
    Handling::{self, Dropped, Mapped, Refused, Rewritten},
};

const NOT_TAKEN: &str = "the provider does not take this field for the model";

/// Fields of which an answer can do without. All others are refused where they cannot be sent.
const OPTIONAL: &[Field] = &[
    Field::MessageName,
    Field::ImageDetail,
    Field::ToolResultError,
    Field::ReasoningHistory,
    Field::RefusalHistory,
    Field::Temperature,
    Field::TopP,
    Field::TopK,
    Field::MaxOutputTokens,
    Field::Stop,
    Field::Seed,
    Field::FrequencyPenalty,
    Field::PresencePenalty,
    Field::LogitBias,
    Field::Logprobs,
    Field::TopLogprobs,
    Field::ToolStrict,
    Field::ToolChoiceRequired,
    Field::ParallelToolCalls,
    Field::Reasoning,
    Field::ReasoningBudget,
    Field::ReasoningInclude,
    Field::Verbosity,
    Field::Modalities,
    Field::Audio,
    Field::PredictedOutput,
    Field::Metadata,
    Field::ServiceTier,
    Field::WebSearch,
    Field::WebSearchFilters,
    Field::Store,
    Field::EndUserId,
    Field::PromptCacheKey,
    Field::PromptCacheRetention,
    Field::ProviderOptions,
];

/// Tells what becomes of a field for `model`.
pub fn support(dialect: &Dialect, model: &str, field: Field) -> Handling {
    if let Some(Refused(why)) = part_of(field).map(|whole| support(dialect, model, whole)) {
        return Refused(why);
    }
    if dialect.lacks(model, field) {
        return if OPTIONAL.contains(&field) { Dropped(NOT_TAKEN) } else { Refused(NOT_TAKEN) };
    }
    in_messages(dialect, field)
        .or_else(|| in_tools(dialect, field))
        .or_else(|| in_answer(dialect, model, field))
        .unwrap_or(Mapped)
}

/// Returns what a field is a detail of, if anything.
fn part_of(field: Field) -> Option<Field> {
    match field {
        Field::ImageDetail => Some(Field::ImageData),
        Field::ToolResultMedia | Field::ToolResultError => Some(Field::ToolResults),
        Field::ToolStrict
        | Field::ToolChoiceRequired
        | Field::ToolChoiceNone
        | Field::AllowedTools
        | Field::ParallelToolCalls => Some(Field::FunctionTools),
        _ => None,
    }
}

/// Whether something of the field is sent.
pub fn takes(dialect: &Dialect, model: &str, field: Field) -> bool {
    matches!(support(dialect, model, field), Mapped | Rewritten(_))
}

fn mapped_if(taken: bool, otherwise: Handling) -> Option<Handling> {
    Some(if taken { Mapped } else { otherwise })
}

fn in_messages(dialect: &Dialect, field: Field) -> Option<Handling> {
    const NO_IMAGES: Handling = Refused("the provider takes no images");
    const NO_FILES: Handling = Refused("the provider takes no documents");
    let form = dialect.file_form;
    match field {
        Field::SystemMessages if dialect.system_messages != SystemMessages::Anywhere => {
            Some(Rewritten("moved before all other messages, where the provider wants them"))
        }
        Field::DeveloperMessages if dialect.developer_role == DeveloperRole::System => {
            Some(Rewritten("sent as system messages"))
        }
        Field::ImageData | Field::ImageUrl | Field::ImageFileId if !dialect.images => Some(NO_IMAGES),
        Field::ImageUrl => mapped_if(dialect.image_urls, Refused("the provider fetches no images; send the bytes")),
        Field::ImageFileId => mapped_if(dialect.image_file_ids, Refused("send the picture itself or its address")),
        Field::AudioInput | Field::AudioId => mapped_if(dialect.audio_input, Refused("the provider takes no audio")),
        Field::FileData | Field::FileUrl | Field::FileId if !dialect.files => Some(NO_FILES),
        Field::FileData => mapped_if(form != FileForm::Url, Refused("send the document's address or its id")),
        Field::FileUrl => mapped_if(form != FileForm::Data, Refused("send the document itself")),
        Field::FileId => mapped_if(form != FileForm::FileUrl, Refused("send the document itself or its address")),
        Field::ToolResultMedia => match dialect.tool_result_media {
            ToolResultMedia::Native => Some(Mapped),
            ToolResultMedia::UserMessage if dialect.images => {
                Some(Rewritten("moved to a user's message behind the results"))
            }
            ToolResultMedia::UserMessage | ToolResultMedia::Refuse => {
                Some(Refused("the provider takes only text from tools"))
            }
        },
        Field::ToolResultError => Some(Dropped("the format has no mark for results that are errors")),
        Field::ReasoningHistory => mapped_if(
            dialect.reasoning_echo != ReasoningEcho::Strip,
            Dropped("the provider takes no earlier thinking back"),
        ),
        Field::RefusalHistory => mapped_if(dialect.refusal_parts, Rewritten("sent as text")),
        _ => None,
    }
}

fn in_tools(dialect: &Dialect, field: Field) -> Option<Handling> {
    let ignores_choice = dialect.required_choice == RequiredChoice::Drop;
    match field {
        Field::ToolStrict => mapped_if(dialect.strict_tools, Dropped("the provider knows no strict tools")),
        Field::CustomTools => mapped_if(dialect.custom_tools, Refused("the provider knows only function tools")),
        Field::ToolChoiceRequired => mapped_if(!ignores_choice, Dropped("the provider cannot be made to call a tool")),
        Field::ToolChoiceNone => mapped_if(!ignores_choice, Rewritten("no tools are sent")),
        Field::AllowedTools => mapped_if(dialect.allowed_tools, Rewritten("only the allowed tools are sent")),
        _ => None,
    }
}

fn in_answer(dialect: &Dialect, model: &str, field: Field) -> Option<Handling> {
    match field {
        Field::TopP => mapped_if(dialect.top_p_min <= 0.0, Rewritten("raised to the least the provider takes")),
        Field::TopLogprobs => {
            mapped_if(dialect.top_logprobs_max >= 20, Rewritten("lowered to the most the provider gives"))
        }
        Field::Seed => mapped_if(dialect.seed != Seed::SeedI32, Rewritten("folded to 31 bits")),
        Field::ChoiceCount => Some(match dialect.choices {
            Choices::Native => Mapped,
            Choices::FanOut => Rewritten("one request for each choice"),
            Choices::Refuse => Refused("the provider gives one answer per request; send several requests"),
        }),
        Field::JsonObject if !dialect.json_object => Some(match dialect.json_schema {
            true => Rewritten("sent as a schema that allows any object"),
            false => Refused("the provider cannot be held to JSON; ask for it in the prompt"),
        }),
        Field::JsonSchema if !dialect.json_schema => Some(match dialect.json_object {
            true => Rewritten("sent as any JSON object, with the schema in a system message"),
            false => Refused("the provider cannot be held to JSON; ask for it in the prompt"),
        }),
        Field::JsonSchema if dialect.json_schema_alone => {
            Some(Rewritten("in streams and beside tools as any JSON object, with the schema in a system message"))
        }
        Field::Reasoning | Field::ReasoningBudget | Field::ReasoningInclude => Some(reasoning(dialect, model, field)),
        Field::WebSearchFilters if dialect.lacks(model, Field::WebSearch) => {
            Some(Dropped("the provider does not search"))
        }
        Field::WebSearchFilters => Some(match dialect.web_search {
            WebSearchForm::Nested => Dropped("the provider's search has no filters"),
            WebSearchForm::Flat => Rewritten("ages become hour, day, week, month or year"),
        }),
        Field::ProviderOptions => mapped_if(dialect.extras, Dropped("the provider takes no further members")),
        _ => None,
    }
}

fn reasoning(dialect: &Dialect, model: &str, field: Field) -> Handling {
    use ReasoningForm::{ChatTemplate, Effort as ByEffort, Object, Thinking, ThinkingOff};
    let only_switch = matches!(dialect.reasoning, Thinking | ChatTemplate);
    match field {
        _ if dialect.lacks(model, Field::Reasoning) => Dropped(NOT_TAKEN),
        Field::ReasoningInclude if dialect.reasoning == Object => Mapped,
        Field::ReasoningInclude if dialect.reasoning_format && matches!(dialect.reasoning, ByEffort | ThinkingOff) => {
            Mapped
        }
        Field::ReasoningInclude => Dropped("the provider decides itself whether to show its thinking"),
        _ if only_switch => Rewritten("thinking is switched on or off"),
        Field::ReasoningBudget if dialect.reasoning == Object => Mapped,
        Field::ReasoningBudget => Rewritten("sent as the effort that spends about as much"),
        _ if dialect.efforts(model).is_empty() && dialect.effort_map.is_empty() => Mapped,
        _ => Rewritten("sent as the nearest effort the model knows"),
    }
}
