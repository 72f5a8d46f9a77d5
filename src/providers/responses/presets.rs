//! The dialects of the providers we know, each one table.

use std::borrow::Cow;

use super::dialect::{
    AnswerFormat, Conversation, Dialect, ModelList, ModelRule, NameRule, OptionRule, SearchForm, SentAs, StrictTools,
    ToolChoiceForm, Word, Words,
};
use crate::providers::{pictures::USUAL, support::Field};

impl Dialect {
    pub const OPENAI: Self = Self {
        path: Cow::Borrowed("/responses"),
        issuer: Cow::Borrowed("openai"),
        conversation: Conversation::Items,
        developer_role: true,
        image_types: Cow::Borrowed(USUAL),
        image_max_bytes: None,
        result_name: false,
        strict_tools: StrictTools::Always,
        tool_choice: ToolChoiceForm::Allowed,
        answer_format: AnswerFormat::Text,
        web_search: SearchForm::Nested,
        max_domains: 100,
        min_output_tokens: 16,
        top_p_min: 0.0,
        end_user: Cow::Borrowed("safety_identifier"),
        encrypted_reasoning: true,
        efforts: Cow::Borrowed(&[]),
        unsupported: Cow::Borrowed(&[]),
        options: OptionRule::Open,
        withdrawn: Cow::Borrowed(&[]),
        models: Cow::Borrowed(OPENAI_MODELS),
        names: Cow::Borrowed(&[]),
        name_prefix: Cow::Borrowed(""),
        citation_marks: false,
        model_list: None,
    };

    pub const XAI: Self = Self {
        issuer: Cow::Borrowed("xai"),
        developer_role: false,
        image_types: Cow::Borrowed(&[
            Cow::Borrowed("image/jpeg"),
            Cow::Borrowed("image/jpg"),
            Cow::Borrowed("image/png"),
        ]),
        image_max_bytes: Some(20 << 20),
        strict_tools: StrictTools::Unknown,
        tool_choice: ToolChoiceForm::Typed,
        web_search: SearchForm::Domains,
        max_domains: 5,
        top_p_min: 0.01,
        end_user: Cow::Borrowed("user"),
        unsupported: Cow::Borrowed(&[
            Field::FileData,
            Field::CustomTools,
            Field::Logprobs,
            Field::TopLogprobs,
            Field::Verbosity,
            Field::Metadata,
            Field::ServiceTier,
            Field::PromptCacheKey,
            Field::PromptCacheRetention,
        ]),
        withdrawn: Cow::Borrowed(&[(
            Cow::Borrowed("search_parameters"),
            Cow::Borrowed("live search is no longer offered by this provider; set web_search"),
        )]),
        models: Cow::Borrowed(XAI_MODELS),
        ..Self::OPENAI
    };

    /// Perplexity's Agent API. Bodies are strict there, and nothing is searched unless it must be.
    pub const AGENT: Self = Self {
        path: Cow::Borrowed("/v1/agent"),
        issuer: Cow::Borrowed("perplexity"),
        conversation: Conversation::Typed,
        result_name: true,
        strict_tools: StrictTools::WhenSet,
        tool_choice: ToolChoiceForm::Bare,
        answer_format: AnswerFormat::TopLevel,
        web_search: SearchForm::Filters,
        max_domains: 20,
        end_user: Cow::Borrowed(""),
        encrypted_reasoning: false,
        efforts: Cow::Borrowed(&[NONE, MINIMAL, LOW, MEDIUM, HIGH, XHIGH]),
        unsupported: Cow::Borrowed(&[
            Field::ImageDetail,
            Field::ImageFileId,
            Field::FileData,
            Field::FileUrl,
            Field::FileId,
            Field::ToolResultMedia,
            Field::CustomTools,
            Field::ParallelToolCalls,
            Field::Logprobs,
            Field::TopLogprobs,
            Field::ReasoningInclude,
            Field::Verbosity,
            Field::Metadata,
            Field::PromptCacheRetention,
        ]),
        options: OptionRule::Known(Cow::Borrowed(&[
            Cow::Borrowed("effort"),
            Cow::Borrowed("preset"),
            Cow::Borrowed("profile"),
            Cow::Borrowed("models"),
            Cow::Borrowed("max_steps"),
            Cow::Borrowed("language_preference"),
            Cow::Borrowed("previous_response_id"),
            Cow::Borrowed("skills"),
        ])),
        models: Cow::Borrowed(AGENT_MODELS),
        names: Cow::Borrowed(&[
            NameRule { name: Cow::Borrowed("sonar-pro"), sent: SentAs::Effort(LOW) },
            NameRule { name: Cow::Borrowed("sonar-reasoning"), sent: SentAs::Effort(MEDIUM) },
            NameRule { name: Cow::Borrowed("sonar-reasoning-pro"), sent: SentAs::Effort(MEDIUM) },
            NameRule { name: Cow::Borrowed("sonar-deep-research"), sent: SentAs::Effort(HIGH) },
        ]),
        name_prefix: Cow::Borrowed("perplexity/"),
        citation_marks: true,
        model_list: Some(ModelList { path: Cow::Borrowed("/v1/models"), owner: Cow::Borrowed("perplexity") }),
        ..Self::OPENAI
    };
}

const NONE: Word = Cow::Borrowed("none");
const MINIMAL: Word = Cow::Borrowed("minimal");
const LOW: Word = Cow::Borrowed("low");
const MEDIUM: Word = Cow::Borrowed("medium");
const HIGH: Word = Cow::Borrowed("high");
const XHIGH: Word = Cow::Borrowed("xhigh");

const fn rule(prefix: &'static str, effort: bool, efforts: &'static [Word]) -> ModelRule {
    let (prefix, efforts): (Word, Words) = (Cow::Borrowed(prefix), Cow::Borrowed(efforts));
    ModelRule { prefix, effort, thinks: true, efforts, output_limit: None, searches: false }
}

/// A model that does not think, and refuses everything about it.
const fn plain(prefix: &'static str) -> ModelRule {
    let (prefix, efforts): (Word, Words) = (Cow::Borrowed(prefix), Cow::Borrowed(&[]));
    ModelRule { prefix, effort: false, thinks: false, efforts, output_limit: None, searches: false }
}

/// Models from before thinking; whatever comes next will think.
const OPENAI_MODELS: &[ModelRule] = &[plain("gpt-4"), plain("gpt-3"), plain("chatgpt-")];

const AGENT_MODELS: &[ModelRule] = &[
    ModelRule {
        prefix: Cow::Borrowed("perplexity/sonar"),
        effort: true,
        thinks: true,
        efforts: Cow::Borrowed(&[]),
        output_limit: None,
        searches: true,
    },
    ModelRule {
        prefix: Cow::Borrowed("anthropic/"),
        effort: true,
        thinks: true,
        efforts: Cow::Borrowed(&[]),
        output_limit: Some(8192),
        searches: false,
    },
];

/// Support moves with every model and retired names resolve to newer models, so this is a table and not a rule.
const XAI_MODELS: &[ModelRule] = &[
    rule("grok-3", true, &[LOW, HIGH]),
    rule("grok-code", true, &[LOW, HIGH]),
    rule("grok-4", false, &[]),
    plain("grok-4-fast-non-reasoning"),
    plain("grok-4-1-fast-non-reasoning"),
    plain("grok-4.20-0309-non-reasoning"),
    rule("grok-4.20-multi-agent", true, &[LOW, MEDIUM, HIGH, XHIGH]),
    rule("grok-4.3", true, &[NONE, LOW, MEDIUM, HIGH]),
    rule("grok-4.5", true, &[LOW, MEDIUM, HIGH]),
    rule("grok-4.6", true, &[LOW, MEDIUM, HIGH, XHIGH]),
    rule("grok-4.7", true, &[LOW, MEDIUM, HIGH, XHIGH]),
];
