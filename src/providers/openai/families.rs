//! What single models differ in from their provider's other ones. Support moves with every model and retired names
//! resolve to newer models, so these are tables and no rules.

use std::borrow::Cow;

use super::{
    dialect::ModelRule,
    switches::EffortName::{self, High, Low, Medium, Minimal, Xhigh},
};
use crate::providers::support::Field;

/// What reasoning models of OpenAI answer with 400.
const NOT_FOR_REASONING: &[Field] = &[
    Field::Temperature,
    Field::TopP,
    Field::FrequencyPenalty,
    Field::PresencePenalty,
    Field::LogitBias,
    Field::Logprobs,
    Field::TopLogprobs,
    Field::Stop,
];
const O_EFFORTS: &[EffortName] = &[Low, Medium, High];

pub const OPENAI: &[ModelRule] = &[
    rule("gpt-3.5", &[Field::Reasoning], &[]),
    rule("gpt-5", NOT_FOR_REASONING, &[Minimal, Low, Medium, High]),
    // From 5.1 on the efforts differ from model to model.
    rule("gpt-5.", NOT_FOR_REASONING, &[]),
    rule("gpt-5-chat", &[Field::Reasoning], &[]),
    rule("o1", NOT_FOR_REASONING, O_EFFORTS),
    rule("o3", NOT_FOR_REASONING, O_EFFORTS),
    rule("o4", NOT_FOR_REASONING, O_EFFORTS),
];

const GROK_REASONING: &[Field] = &[Field::Stop, Field::PresencePenalty, Field::FrequencyPenalty];
const GROK_NO_EFFORT: &[Field] = &[Field::Stop, Field::PresencePenalty, Field::FrequencyPenalty, Field::Reasoning];
const FROM_4_6: &[EffortName] = &[Low, Medium, High, Xhigh];

pub const XAI: &[ModelRule] = &[
    rule("grok-3", GROK_REASONING, &[Low, High]),
    rule("grok-code", GROK_REASONING, &[Low, High]),
    rule("grok-4", GROK_NO_EFFORT, &[]),
    rule("grok-4-fast-non-reasoning", &[Field::Reasoning], &[]),
    rule("grok-4-1-fast-non-reasoning", &[Field::Reasoning], &[]),
    rule("grok-4.20-0309-non-reasoning", &[Field::Reasoning], &[]),
    rule("grok-4.20-multi-agent", GROK_REASONING, FROM_4_6),
    rule("grok-4.3", GROK_REASONING, &[EffortName::None, Low, Medium, High]),
    rule("grok-4.5", GROK_REASONING, &[Low, Medium, High]),
    rule("grok-4.6", GROK_REASONING, FROM_4_6),
    rule("grok-4.7", GROK_REASONING, FROM_4_6),
];

/// Only deep research lets itself be told how much to think.
pub const SONAR: &[ModelRule] = &[rule("sonar", &[Field::Reasoning], &[]), rule("sonar-deep-research", &[], &[])];

/// Only the families named here think, each in its own way.
pub const GROQ: &[ModelRule] = &[
    rule("llama", &[Field::Reasoning], &[]),
    rule("meta-llama/", &[Field::Reasoning], &[]),
    // `none` and `default`, and nothing in between.
    rule("qwen/", &[Field::Reasoning], &[]),
    rule("openai/gpt-oss", &[Field::ReasoningInclude], &[Low, Medium, High]),
];

const fn rule(prefix: &'static str, unsupported: &'static [Field], efforts: &'static [EffortName]) -> ModelRule {
    ModelRule {
        prefix: Cow::Borrowed(prefix),
        unsupported: Cow::Borrowed(unsupported),
        efforts: Cow::Borrowed(efforts),
        max_tokens: None,
    }
}
