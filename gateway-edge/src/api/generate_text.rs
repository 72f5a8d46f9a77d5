//! Generating text: a message with what was said before it, and the answer with how it came about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Failure, field},
    pb::{self, part::Content},
};

use super::{
    outcome::{Attempt, Cost, Usage, Warning},
    provider_keys::filled,
    schemas,
    words::{self, word},
};

/// The body of `POST /api/v1/chat/generate-text`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GenerateTextRequest")]
pub struct GenerateText {
    #[schemars(required, length(min = 1))]
    message: Option<String>,
    history: Option<Vec<Turn>>,
    model: Option<String>,
}

/// What somebody said before. Some clients keep the history in `parts`, as their provider's library had it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with the members `role` and `content`")]
#[schemars(rename = "HistoryTurn")]
struct Turn {
    #[schemars(required, schema_with = "schemas::role")]
    role: Option<String>,
    #[schemars(required)]
    #[serde(alias = "parts", alias = "text")]
    content: Option<Said>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a string, or an array of strings and objects with the member `text`")]
#[schemars(inline)]
enum Said {
    One(Piece),
    Many(Vec<Piece>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Piece {
    Bare(String),
    Object(TextObject),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TextPiece")]
struct TextObject {
    text: String,
    #[serde(rename = "type")]
    _kind: Option<TextKind>,
}

/// The only kind of piece there is.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum TextKind {
    Text,
}

impl Said {
    fn into_parts(self) -> Vec<pb::Part> {
        let pieces = match self {
            Self::One(piece) => vec![piece],
            Self::Many(pieces) => pieces,
        };
        let text = |piece| match piece {
            Piece::Bare(text) | Piece::Object(TextObject { text, .. }) => part(text),
        };
        pieces.into_iter().map(text).collect()
    }
}

fn part(text: String) -> pb::Part {
    pb::Part { content: Some(Content::Text(pb::TextPart { text })) }
}

impl GenerateText {
    pub fn into_prompt(self) -> Result<pb::ChatPrompt, Failure> {
        let message = self.message.ok_or_else(|| Failure::missing("message"))?;
        if message.trim().is_empty() {
            return Err(Failure::invalid(
                "message",
                "Invalid 'message': it is empty; say what the model shall answer.",
            ));
        }
        let history = self.history.unwrap_or_default().into_iter().enumerate();
        let mut messages = history.map(|(at, turn)| turn.into_message(at)).collect::<Result<Vec<_>, _>>()?;
        messages.push(pb::Message { role: pb::Role::User.into(), parts: vec![part(message)], name: String::new() });
        Ok(pb::ChatPrompt { model: self.model.unwrap_or_default(), messages, ..Default::default() })
    }
}

impl Turn {
    fn into_message(self, at: usize) -> Result<pb::Message, Failure> {
        let role = self.role.ok_or_else(|| Failure::missing(format!("history[{at}].role")))?;
        let content = self.content.ok_or_else(|| Failure::missing(format!("history[{at}].content")))?;
        let role = words::value(&role, words::ROLES, &format!("history[{at}].role"))?;
        Ok(pb::Message { role, parts: content.into_parts(), name: String::new() })
    }
}

/// Tells a field of the prompt's messages in the names of this route: the last one is `message`, the others are history.
pub fn retell(param: String, messages: usize) -> String {
    if param == "messages" {
        return "history".into();
    }
    let Some((index, rest)) = param.strip_prefix("messages[").and_then(|rest| rest.split_once(']')) else {
        return param;
    };
    if index.parse() == Ok(messages.saturating_sub(1)) { "message".into() } else { format!("history[{index}]{rest}") }
}

/// The answer.
#[derive(Serialize, JsonSchema)]
pub struct GeneratedText<'a> {
    response_text: String,
    model_used: &'a str,
    id: &'a str,
    provider: &'a str,
    #[schemars(schema_with = "schemas::finish_reason")]
    finish_reason: Option<&'static str>,
    citations: Vec<Citation<'a>>,
    usage: Option<Usage>,
    cost: Option<Cost>,
    attempts: Vec<Attempt<'a>>,
    warnings: Vec<Warning<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Citation<'a> {
    url: &'a str,
    title: Option<&'a str>,
    /// What the text calls it, `[1]`.
    number: Option<u32>,
}

impl<'a> GeneratedText<'a> {
    pub fn of(completion: &'a pb::ChatCompletion) -> Self {
        let choice = completion.choices.first();
        let citations = choice.map_or(&[][..], |choice| &choice.citations);

        Self {
            response_text: choice.and_then(|choice| choice.message.as_ref()).map(text_of).unwrap_or_default(),
            model_used: &completion.model,
            id: &completion.id,
            provider: &completion.provider,
            finish_reason: choice.and_then(|choice| word(choice.finish_reason, words::FINISH_REASONS)),
            citations: citations.iter().map(Citation::of).collect(),
            usage: completion.usage.as_ref().map(Usage::of),
            cost: completion.cost.as_ref().map(Cost::of),
            attempts: Attempt::all(&completion.attempts),
            warnings: Warning::all(&completion.warnings, |field| field::API.tell(field)),
        }
    }
}

impl<'a> Citation<'a> {
    fn of(citation: &'a pb::Citation) -> Self {
        Self { url: &citation.url, title: filled(&citation.title), number: citation.number }
    }
}

fn text_of(message: &pb::Message) -> String {
    message.parts.iter().filter_map(|part| said(part.content.as_ref()?)).collect()
}

/// A refusal is what the model has to say, too.
fn said(content: &Content) -> Option<&str> {
    match content {
        Content::Text(part) => Some(&part.text),
        Content::Refusal(part) => Some(&part.text),
        Content::Image(_)
        | Content::Audio(_)
        | Content::File(_)
        | Content::ToolCall(_)
        | Content::ToolResult(_)
        | Content::Reasoning(_)
        | Content::ProviderState(_) => None,
    }
}
