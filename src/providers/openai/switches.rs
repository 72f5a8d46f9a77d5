//! The words of a dialect: the forms a thing can take on the wire.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::chat::Effort;

/// Declares switches, each with its values as operators write them.
macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "snake_case")]
            pub enum $name {
                $($(#[$value_doc])* $value,)*
            }
        )*
    };
}

switches! {
    /// Where requests go, below the base URL.
    PathStyle {
        /// `/chat/completions`.
        Openai,
        /// `/openai/deployments/{model}/chat/completions`.
        AzureDeployment,
        /// The base URL is the whole address.
        Bare,
    }

    MaxTokens {
        MaxTokens,
        MaxCompletionTokens,
    }

    /// How more than one choice is asked for.
    Choices {
        /// With `n`.
        Native,
        /// With one request for each.
        FanOut,
        Refuse,
    }

    DeveloperRole {
        Keep,
        System,
    }

    SystemMessages {
        Anywhere,
        /// Before all others.
        First,
        /// Before all others, as one.
        Merged,
    }

    /// What becomes of a conversation in which the assistant had the last word.
    AssistantLast {
        Allowed,
        /// The message is marked as the beginning of the answer.
        Prefix,
        /// A user's turn is added.
        Continue,
    }

    EmptyContent {
        Null,
        Empty,
        Omit,
    }

    ToolCallIds {
        Any,
        /// Exactly nine letters and digits.
        Alnum9,
    }

    RequiredChoice {
        Required,
        Any,
        /// The provider does not read `tool_choice`.
        Drop,
    }

    /// Where pictures and documents go that a tool returned.
    ToolResultMedia {
        /// Into the result.
        Native,
        /// Into a user's message behind the results.
        UserMessage,
        Refuse,
    }

    /// How documents are sent.
    FileForm {
        /// `file` with the bytes or an id.
        Data,
        /// `file` with an address or an id.
        Url,
        /// `file_url` with an address or bare base64.
        FileUrl,
    }

    ReasoningForm {
        /// `reasoning_effort`.
        Effort,
        /// `reasoning: {effort | max_tokens, exclude}`.
        Object,
        /// `thinking: {type}`, on or off.
        Thinking,
        /// `reasoning_effort`, and `thinking: {type}` to turn it off.
        ThinkingOff,
        /// `chat_template_kwargs: {enable_thinking}`, on or off.
        ChatTemplate,
    }

    ReasoningEcho {
        Strip,
        /// As `reasoning_content` of the assistant's message.
        Keep,
        /// The same, and empty in messages that call tools and have none.
        Always,
    }

    WebSearchForm {
        /// `web_search_options` with the place under `approximate`.
        Nested,
        /// `web_search_options` with a flat place, and filters beside it.
        Flat,
    }

    Seed {
        Seed,
        /// 31 bits; larger ones are folded.
        SeedI32,
        RandomSeed,
    }

    /// The member that asks for shorter vectors.
    Dimensions {
        Dimensions,
        OutputDimension,
        Never,
    }

    /// Which list of models the provider keeps.
    ModelList {
        None,
        /// `/models`.
        Models,
        /// `/language-models`, which knows prices.
        LanguageModels,
    }

    /// What is asked to see whether the provider takes a key.
    KeyTests {
        /// The list of models, which needs a key.
        Models,
        /// The same where it turns out to be so, else a chat of one token.
        ModelsIfPrivate,
        /// `/key`, which tells of the key.
        Key,
        /// `/openai/models`, the list of what could be deployed.
        Deployable,
        /// A chat of one token.
        Chat,
    }

    EffortName {
        None,
        Minimal,
        Low,
        Medium,
        High,
        Xhigh,
        Max,
    }
}

impl EffortName {
    pub fn effort(self) -> Effort {
        match self {
            Self::None => Effort::None,
            Self::Minimal => Effort::Minimal,
            Self::Low => Effort::Low,
            Self::Medium => Effort::Medium,
            Self::High => Effort::High,
            Self::Xhigh => Effort::Xhigh,
            Self::Max => Effort::Max,
        }
    }
}

pub type Words = Cow<'static, [Cow<'static, str>]>;

/// Members of a JSON object, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Members(pub Cow<'static, str>);

impl From<Map<String, Value>> for Members {
    fn from(members: Map<String, Value>) -> Self {
        Self(if members.is_empty() { Cow::Borrowed("") } else { Value::Object(members).to_string().into() })
    }
}

impl From<Members> for Map<String, Value> {
    fn from(members: Members) -> Self {
        serde_json::from_str(&members.0).unwrap_or_default()
    }
}
