//! The column of the table: what becomes of each field in a dialect.

use super::dialect::{AnswerFormat, Dialect, OptionRule, SearchForm, StrictTools, ToolChoiceForm};
use crate::providers::support::{
    Field,
    Handling::{self, Dropped, Mapped, Refused, Rewritten},
};

const NO_PLACE: &str = "the provider's format has no place for it";

/// Fields that no dialect of the format has.
const NOT_IN_FORMAT: &[Field] = &[
    Field::MessageName,
    Field::AudioInput,
    Field::AudioId,
    Field::ToolResultError,
    Field::ReasoningHistory,
    Field::TopK,
    Field::Stop,
    Field::Seed,
    Field::FrequencyPenalty,
    Field::PresencePenalty,
    Field::LogitBias,
    Field::Modalities,
    Field::Audio,
    Field::PredictedOutput,
];

/// Tells what becomes of `field` for `model`.
pub fn support(dialect: &Dialect, model: &str, field: Field) -> Handling {
    if NOT_IN_FORMAT.contains(&field) || dialect.unsupported.contains(&field) {
        return without(field);
    }
    match field {
        Field::DeveloperMessages if !dialect.developer_role => Rewritten("sent as a message of the system"),
        Field::RefusalHistory => Rewritten("sent as the assistant's text"),
        Field::ChoiceCount => Rewritten("sent as so many requests"),
        Field::MaxOutputTokens if dialect.min_output_tokens > 1 => Rewritten("raised to the least the provider takes"),
        Field::TopP if dialect.top_p_min > 0.0 => Rewritten("raised to the least the provider takes"),
        Field::ToolStrict if dialect.strict_tools == StrictTools::Unknown => {
            Dropped("the provider knows no strict tools")
        }
        Field::EndUserId if dialect.end_user.is_empty() => Dropped(NO_PLACE),
        Field::AllowedTools if dialect.tool_choice != ToolChoiceForm::Allowed => {
            Rewritten("only the allowed tools are sent")
        }
        Field::JsonObject if dialect.answer_format == AnswerFormat::TopLevel => {
            Rewritten("sent as a schema that allows any object")
        }
        Field::Reasoning | Field::ReasoningBudget if dialect.rule(model).is_some_and(|rule| !rule.effort) => {
            Dropped("the model's effort cannot be chosen")
        }
        Field::Reasoning if !dialect.efforts_of(model).is_empty() => {
            Rewritten("sent as the nearest effort the model knows")
        }
        Field::ReasoningBudget => Rewritten("sent as the nearest effort"),
        Field::ReasoningInclude if dialect.rule(model).is_some_and(|rule| !rule.thinks) => {
            Dropped("the model does not think")
        }
        Field::ReasoningInclude => Rewritten("sent as a wish for summaries"),
        Field::WebSearch => search(dialect.web_search),
        Field::WebSearchFilters => filters(dialect.web_search),
        Field::ProviderOptions if dialect.options != OptionRule::Open => {
            Rewritten("members the provider knows are sent, all others dropped")
        }
        _ => Mapped,
    }
}

/// Says what happens without a field: an option is dropped; content and custom tools are what the answer is about.
fn without(field: Field) -> Handling {
    match field {
        Field::AudioInput => Refused("the provider takes no audio"),
        Field::AudioId => Refused("the provider keeps no audio; send what was said as text"),
        Field::ImageFileId => Refused("send the picture itself or its address"),
        Field::FileData => Refused("the provider takes no documents sent as bytes"),
        Field::FileUrl | Field::FileId => Refused("the provider takes no documents"),
        Field::ToolResultMedia => Refused("the provider takes only text from tools"),
        Field::CustomTools => Refused("the provider knows only function tools"),
        Field::ToolResultError => Dropped("the provider knows no failed results; the text tells"),
        Field::ReasoningHistory => Dropped("the provider takes earlier thinking only as its own state"),
        _ => Dropped(NO_PLACE),
    }
}

fn search(form: SearchForm) -> Handling {
    match form {
        SearchForm::Nested => Mapped,
        SearchForm::Domains => Rewritten("sent as the tool `web_search`; amount and place are dropped"),
        SearchForm::Filters => Rewritten("sent as the tool `web_search`; the time zone is dropped"),
    }
}

fn filters(form: SearchForm) -> Handling {
    match form {
        SearchForm::Nested => Rewritten("allowed domains are sent, all else dropped"),
        SearchForm::Domains => Rewritten("five domains of one kind are sent, all else dropped"),
        SearchForm::Filters => Rewritten("domains of one kind, dates, or the nearest age are sent"),
    }
}
