//! The dialects of the providers we know, each one table.

use std::borrow::Cow;

use super::dialect::{
    DeveloperRole, Dialect, EffortName, EmptyContent, Field, MaxTokens, ModelRule, ReasoningEcho, ReasoningForm,
    RequiredChoice, Seed, SystemMessages, ToolCallIds, WebSearchForm,
};

impl Dialect {
    pub const OPENAI: Self = Self {
        max_tokens: MaxTokens::MaxCompletionTokens,
        developer_role: DeveloperRole::Keep,
        system_messages: SystemMessages::Anywhere,
        alternating_roles: false,
        text_parts: true,
        tool_call_content: EmptyContent::Null,
        tool_call_ids: ToolCallIds::Any,
        tool_result_name: false,
        strict_tools: true,
        parameters_required: false,
        custom_tools: true,
        allowed_tools: true,
        required_choice: RequiredChoice::Required,
        images: true,
        image_types: Cow::Borrowed(&[]),
        audio_input: true,
        files: true,
        refusal_parts: true,
        json_object: true,
        json_schema: true,
        reasoning: ReasoningForm::Effort,
        reasoning_echo: ReasoningEcho::Strip,
        efforts: Cow::Borrowed(&[]),
        web_search: WebSearchForm::Nested,
        stream_options: true,
        seed: Seed::Seed,
        top_p_min: 0.0,
        extras: true,
        unsupported: Cow::Borrowed(&[Field::TopK]),
        models: Cow::Borrowed(&[]),
        think_tags: false,
        citation_marks: false,
        done_completes: false,
    };

    /// What most servers understand.
    pub const GENERIC: Self = Self {
        max_tokens: MaxTokens::MaxTokens,
        developer_role: DeveloperRole::System,
        text_parts: false,
        tool_call_content: EmptyContent::Empty,
        custom_tools: false,
        allowed_tools: false,
        audio_input: false,
        files: false,
        refusal_parts: false,
        unsupported: Cow::Borrowed(&[
            Field::Verbosity,
            Field::Modalities,
            Field::Audio,
            Field::PredictedOutput,
            Field::Metadata,
            Field::ServiceTier,
            Field::WebSearch,
            Field::Store,
            Field::PromptCacheKey,
            Field::PromptCacheRetention,
        ]),
        ..Self::OPENAI
    };

    pub const XAI: Self = Self {
        max_tokens: MaxTokens::MaxCompletionTokens,
        text_parts: true,
        strict_tools: false,
        parameters_required: true,
        image_types: Cow::Borrowed(&[
            Cow::Borrowed("image/jpeg"),
            Cow::Borrowed("image/jpg"),
            Cow::Borrowed("image/png"),
        ]),
        seed: Seed::SeedI32,
        top_p_min: 0.01,
        unsupported: Cow::Borrowed(&[
            Field::LogitBias,
            Field::MessageName,
            Field::TopK,
            Field::Verbosity,
            Field::Modalities,
            Field::Audio,
            Field::PredictedOutput,
            Field::Metadata,
            Field::ServiceTier,
            // Search on this endpoint answers 410 since January 2026.
            Field::WebSearch,
            Field::Store,
            Field::PromptCacheKey,
            Field::PromptCacheRetention,
        ]),
        models: Cow::Borrowed(XAI_MODELS),
        ..Self::GENERIC
    };

    /// Perplexity's chat completions, retired in September 2026; proxies still speak it.
    pub const SONAR: Self = Self {
        system_messages: SystemMessages::First,
        alternating_roles: true,
        strict_tools: false,
        json_object: false,
        web_search: WebSearchForm::Flat,
        stream_options: false,
        efforts: Cow::Borrowed(&[EffortName::Minimal, EffortName::Low, EffortName::Medium, EffortName::High]),
        unsupported: Cow::Borrowed(&[
            Field::LogitBias,
            Field::MessageName,
            Field::Seed,
            Field::Logprobs,
            Field::TopLogprobs,
            Field::ChoiceCount,
            Field::Verbosity,
            Field::Modalities,
            Field::Audio,
            Field::PredictedOutput,
            Field::Metadata,
            Field::ServiceTier,
            Field::Store,
            Field::EndUserId,
            Field::PromptCacheKey,
            Field::PromptCacheRetention,
        ]),
        think_tags: true,
        citation_marks: true,
        done_completes: true,
        ..Self::GENERIC
    };
}

const NOT_FOR_REASONING: Cow<'static, [Field]> =
    Cow::Borrowed(&[Field::Stop, Field::PresencePenalty, Field::FrequencyPenalty]);
const NO_EFFORT: Cow<'static, [Field]> =
    Cow::Borrowed(&[Field::Stop, Field::PresencePenalty, Field::FrequencyPenalty, Field::Reasoning]);

/// Support moves with every model and retired names resolve to newer models, so this is a table and not a rule.
const XAI_MODELS: &[ModelRule] = &[
    rule("grok-3", NOT_FOR_REASONING, &[EffortName::Low, EffortName::High]),
    rule("grok-code", NOT_FOR_REASONING, &[EffortName::Low, EffortName::High]),
    rule("grok-4", NO_EFFORT, &[]),
    rule("grok-4-fast-non-reasoning", Cow::Borrowed(&[Field::Reasoning]), &[]),
    rule("grok-4-1-fast-non-reasoning", Cow::Borrowed(&[Field::Reasoning]), &[]),
    rule("grok-4.20-0309-non-reasoning", Cow::Borrowed(&[Field::Reasoning]), &[]),
    rule(
        "grok-4.20-multi-agent",
        NOT_FOR_REASONING,
        &[EffortName::Low, EffortName::Medium, EffortName::High, EffortName::Xhigh],
    ),
    rule("grok-4.3", NOT_FOR_REASONING, &[EffortName::None, EffortName::Low, EffortName::Medium, EffortName::High]),
    rule("grok-4.5", NOT_FOR_REASONING, &[EffortName::Low, EffortName::Medium, EffortName::High]),
    rule("grok-4.6", NOT_FOR_REASONING, FROM_4_6),
    rule("grok-4.7", NOT_FOR_REASONING, FROM_4_6),
];

const FROM_4_6: &[EffortName] = &[EffortName::Low, EffortName::Medium, EffortName::High, EffortName::Xhigh];

const fn rule(prefix: &'static str, unsupported: Cow<'static, [Field]>, efforts: &'static [EffortName]) -> ModelRule {
    ModelRule { prefix: Cow::Borrowed(prefix), unsupported, efforts: Cow::Borrowed(efforts) }
}
