//! How one provider of the Responses format differs from another, as data. A new provider is a new row in `presets` or
//! in the operator's configuration, never a new branch.

use std::borrow::Cow;

use serde::Deserialize;

use crate::providers::support::Field;

pub type Word = Cow<'static, str>;
pub type Words = Cow<'static, [Word]>;

/// The switches. In a configuration every one that is absent stays as in [`Dialect::OPENAI`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// Where requests go; joined to the base URL.
    pub path: Word,
    /// Who issues the state that must come back; state of anybody else is dropped.
    pub issuer: Word,
    pub conversation: Conversation,
    /// Whether there is a role `developer`; otherwise it is sent as `system`.
    pub developer_role: bool,
    /// Media types of images sent as bytes; empty means any.
    pub image_types: Words,
    /// Largest image sent as bytes; absent means unknown.
    pub image_max_bytes: Option<usize>,
    /// Whether a tool's result repeats the tool's name.
    pub result_name: bool,
    pub strict_tools: StrictTools,
    pub tool_choice: ToolChoiceForm,
    pub answer_format: AnswerFormat,
    pub web_search: SearchForm,
    /// Most domains a search can be limited to; more are cut off.
    pub max_domains: usize,
    /// Fewer output tokens become so many.
    pub min_output_tokens: u32,
    /// Values below become this one.
    pub top_p_min: f64,
    /// Member for the person behind the request; empty when there is none.
    pub end_user: Word,
    /// Whether encrypted thinking can be asked for.
    pub encrypted_reasoning: bool,
    /// Efforts the provider knows; others become the nearest. Empty means all.
    pub efforts: Words,
    /// Fields the provider does not take, beside those the format has no place for.
    pub unsupported: Cow<'static, [Field]>,
    pub options: OptionRule,
    /// Members of `provider_options` that once worked, with what to do instead.
    pub withdrawn: Cow<'static, [(Word, Word)]>,
    /// What single models differ in; the longest prefix that fits counts.
    pub models: Cow<'static, [ModelRule]>,
    /// Models that are asked for in another way than by their name.
    pub names: Cow<'static, [NameRule]>,
    /// Put before model names that have no `/`.
    pub name_prefix: Word,
    /// Whether `[1]` in the text refers to a search result by its id.
    pub citation_marks: bool,
    pub model_list: Option<ModelList>,
}

/// What a model differs in from its provider's other ones.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    pub prefix: Word,
    /// Whether its effort can be chosen.
    #[serde(default = "yes")]
    pub effort: bool,
    /// Whether it thinks, so that there is something to keep from turn to turn.
    #[serde(default = "yes")]
    pub thinks: bool,
    /// Instead of the provider's.
    #[serde(default)]
    pub efforts: Words,
    /// Sent when the caller sets no limit, because the model must have one.
    #[serde(default)]
    pub output_limit: Option<u32>,
    /// Whether callers expect it to search in any case.
    #[serde(default)]
    pub searches: bool,
}

/// A model that is asked for in another way.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRule {
    pub name: Word,
    pub sent: SentAs,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentAs {
    /// As `model`, under this name.
    Model(Word),
    /// As `effort`, a level that stands for a model, its tools and its steps. It is not `reasoning.effort`.
    Effort(Word),
}

/// How the conversation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversation {
    /// As items; messages need no type, and instructions are messages.
    Items,
    /// As items that all name their type, or one text when nothing else was said. What the system says first is
    /// `instructions`.
    Typed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrictTools {
    /// Tools are strict unless they say otherwise, so they always say it.
    Always,
    /// Sent when the caller says it.
    WhenSet,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoiceForm {
    /// A mode, a typed name or a list of allowed tools.
    Allowed,
    /// A mode or a typed name; of a list only those tools are sent.
    Typed,
    /// A mode or a bare name; of a list only those tools are sent.
    Bare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    /// `text.format`, flat.
    Text,
    /// `response_format` with a nested schema, and nothing but a schema.
    TopLevel,
}

/// How the tool that searches the web is told what to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchForm {
    /// The place under `approximate`, allowed domains under `filters`.
    Nested,
    /// Domains only, on the tool itself.
    Domains,
    /// A flat place; domains, dates and ages under `filters`. The model searches only when it must.
    Filters,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionRule {
    /// Every member of `provider_options` is passed on.
    Open,
    /// One unknown member fails the request, so only these are.
    Known(Words),
}

/// The provider's list of its models.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelList {
    pub path: Word,
    /// Others are resold and left out. Empty keeps all.
    #[serde(default)]
    pub owner: Word,
}

impl Default for Dialect {
    fn default() -> Self {
        Self::OPENAI
    }
}

impl Dialect {
    /// Returns how a model is asked for.
    pub fn sent_as(&self, model: &str) -> SentAs {
        if let Some(rule) = self.names.iter().find(|rule| rule.name == model) {
            return rule.sent.clone();
        }
        let prefix = if model.contains('/') { "" } else { &*self.name_prefix };
        SentAs::Model(format!("{prefix}{model}").into())
    }

    /// Returns what `model` differs in, if anything.
    pub fn rule(&self, model: &str) -> Option<&ModelRule> {
        let name = match self.sent_as(model) {
            SentAs::Model(name) => name,
            SentAs::Effort(_) => return None,
        };
        let rules = self.models.iter().filter(|rule| name.starts_with(&*rule.prefix));
        rules.max_by_key(|rule| rule.prefix.len())
    }

    /// Returns the efforts a model knows; empty means all.
    pub fn efforts_of(&self, model: &str) -> &[Word] {
        let own = self.rule(model).map(|rule| &*rule.efforts).filter(|efforts| !efforts.is_empty());
        own.unwrap_or(&self.efforts)
    }
}

fn yes() -> bool {
    true
}
