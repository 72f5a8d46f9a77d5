//! How one compatible provider differs from another, as data. A new provider is a new row of `hosted` or `local`, or of
//! the operator's configuration, never a new branch.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::switches::{
    AssistantLast, Choices, DeveloperRole, Dimensions, EffortName, EmptyContent, FileForm, KeyTests, MaxTokens,
    Members, ModelList, PathStyle, ReasoningEcho, ReasoningForm, RequiredChoice, Seed, SystemMessages, ToolCallIds,
    ToolResultMedia, WebSearchForm, Words,
};
use crate::providers::{key_test::KeyTest, support::Field};

/// The switches. In a configuration every one that is absent stays as in the preset, or as in [`Dialect::GENERIC`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    pub path: PathStyle,
    /// Sent in the query as `api-version`; empty means not at all.
    pub api_version: Cow<'static, str>,
    pub max_tokens: MaxTokens,
    pub choices: Choices,
    pub developer_role: DeveloperRole,
    pub system_messages: SystemMessages,
    /// Whether user and assistant must take turns.
    pub alternating_roles: bool,
    pub assistant_last: AssistantLast,
    /// Whether several texts of one message may stay apart; otherwise they are joined by line breaks.
    pub text_parts: bool,
    /// What stands for the text of an assistant message that only calls tools.
    pub tool_call_content: EmptyContent,
    pub tool_call_ids: ToolCallIds,
    /// Whether a tool's result repeats the tool's name.
    pub tool_result_name: bool,
    pub tool_result_media: ToolResultMedia,
    /// Whether tools may be `strict`.
    pub strict_tools: bool,
    /// Whether a tool without arguments must still have a schema.
    pub parameters_required: bool,
    pub custom_tools: bool,
    /// Whether the choice of tools can be limited to some of them; otherwise only those are sent.
    pub allowed_tools: bool,
    pub required_choice: RequiredChoice,
    pub images: bool,
    /// Whether the provider fetches images from their addresses itself.
    pub image_urls: bool,
    pub image_file_ids: bool,
    /// Media types of images sent as bytes; empty means any.
    pub image_types: Words,
    /// Largest image sent as bytes; absent means unknown.
    pub image_max_bytes: Option<usize>,
    pub audio_input: bool,
    pub files: bool,
    pub file_form: FileForm,
    /// Media types of documents sent as bytes; empty means any.
    pub file_types: Words,
    /// Whether an assistant's refusal is a part of its own; otherwise it is sent as text.
    pub refusal_parts: bool,
    pub json_object: bool,
    pub json_schema: bool,
    /// Whether a schema is taken neither in streams nor beside tools.
    pub json_schema_alone: bool,
    pub reasoning: ReasoningForm,
    /// Whether `reasoning_format` decides if thinking is shown.
    pub reasoning_format: bool,
    pub reasoning_echo: ReasoningEcho,
    /// Efforts the provider knows, lowest first; others become the nearest. Empty means all.
    pub efforts: Cow<'static, [EffortName]>,
    /// What single efforts become where the nearest would be wrong.
    pub effort_map: Cow<'static, [(EffortName, EffortName)]>,
    pub web_search: WebSearchForm,
    /// Whether streams are asked to report usage; some servers refuse the question and report it anyway.
    pub stream_options: bool,
    /// Whether streams are padded unless somebody asks for less.
    pub padding: bool,
    pub seed: Seed,
    /// Values below become this one.
    pub top_p_min: f64,
    /// Values above become this one.
    pub top_logprobs_max: u32,
    /// Whether members of `provider_options` are passed on.
    pub extras: bool,
    /// Members every chat has that does not set them itself.
    pub extra_body: Members,
    /// Fields the provider refuses or ignores, by their names in the contract. What an answer can do without is
    /// dropped, what it cannot is refused.
    pub unsupported: Cow<'static, [Field]>,
    /// What single models differ in; the longest prefix that fits counts.
    pub models: Cow<'static, [ModelRule]>,
    /// Whether the text may begin with a `<think>` block.
    pub think_tags: bool,
    /// Whether thinking may come as a filler that is repeated again and again.
    pub reasoning_filler: bool,
    /// Whether `[1]` in the text refers to the reply's list of sources.
    pub citation_marks: bool,
    /// Whether `[DONE]` completes an answer that has no finish reason.
    pub done_completes: bool,
    pub embeddings: bool,
    /// Whether vectors are asked for in base64, which is a third as long.
    pub base64_vectors: bool,
    /// Whether texts to embed may come as numbers of the model's tokenizer.
    pub token_inputs: bool,
    pub dimensions: Dimensions,
    pub model_list: ModelList,
    pub key_test: KeyTests,
}

/// What a model differs in from its provider's other ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    pub prefix: Cow<'static, str>,
    /// In addition to the provider's.
    #[serde(default)]
    pub unsupported: Cow<'static, [Field]>,
    /// Instead of the provider's.
    #[serde(default)]
    pub efforts: Cow<'static, [EffortName]>,
    /// Instead of the provider's.
    #[serde(default)]
    pub max_tokens: Option<MaxTokens>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self::GENERIC
    }
}

impl Dialect {
    /// Returns this dialect with the switches that `overrides` names set anew.
    pub fn with(&self, overrides: &Value) -> Result<Self, serde_json::Error> {
        let mut switches = serde_json::to_value(self)?;
        if let (Some(switches), Some(overrides)) = (switches.as_object_mut(), overrides.as_object()) {
            switches.extend(overrides.clone());
        }
        serde_json::from_value(switches)
    }

    /// Returns what `model` differs in, if anything.
    pub fn rule(&self, model: &str) -> Option<&ModelRule> {
        let rules = self.models.iter().filter(|rule| model.starts_with(&*rule.prefix));
        rules.max_by_key(|rule| rule.prefix.len())
    }

    pub fn max_tokens(&self, model: &str) -> MaxTokens {
        self.rule(model).and_then(|rule| rule.max_tokens).unwrap_or(self.max_tokens)
    }

    /// Returns the efforts `model` knows; none means all.
    pub fn efforts(&self, model: &str) -> &[EffortName] {
        let of_model = self.rule(model).map(|rule| &*rule.efforts).filter(|efforts| !efforts.is_empty());
        of_model.unwrap_or(&self.efforts)
    }

    /// Returns how a key is tried out.
    pub fn key_test(&self) -> KeyTest {
        match self.key_test {
            KeyTests::Models => KeyTest::Models,
            KeyTests::ModelsIfPrivate => KeyTest::ModelsIfPrivate,
            KeyTests::Key => KeyTest::Path("/key".into()),
            KeyTests::Deployable => KeyTest::Path(format!("/openai/models?api-version={}", self.api_version).into()),
            KeyTests::Chat => KeyTest::Chat(""),
        }
    }

    /// Whether the provider or the model takes no such field.
    pub fn lacks(&self, model: &str, field: Field) -> bool {
        self.unsupported.contains(&field) || self.rule(model).is_some_and(|rule| rule.unsupported.contains(&field))
    }
}
