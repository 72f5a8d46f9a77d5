//! What a compatible server may answer, whole or in chunks. Members that are rare or need care stay unparsed.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::providers::lenient::{Count, List, Object, Text, Wrapped};

/// A chunk of a stream, or a whole completion: they differ only in where the choice keeps its content.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reply<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub object: Text<'a>,
    pub created: Count,
    #[serde(borrow)]
    pub model: Text<'a>,
    #[serde(borrow)]
    pub service_tier: Text<'a>,
    #[serde(borrow)]
    pub choices: Option<List<Object<Choice<'a>>>>,
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub x_groq: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub detail: Option<&'a RawValue>,
    #[serde(borrow)]
    pub system_fingerprint: Option<&'a RawValue>,
    #[serde(borrow)]
    pub citations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub search_results: Option<&'a RawValue>,
    #[serde(borrow)]
    pub images: Option<&'a RawValue>,
    #[serde(borrow)]
    pub videos: Option<&'a RawValue>,
    #[serde(borrow)]
    pub related_questions: Option<&'a RawValue>,
    #[serde(borrow)]
    pub output_files: Option<&'a RawValue>,
    /// The completion itself, in the report of a finished background job.
    #[serde(borrow)]
    pub response: Option<&'a RawValue>,
}

impl<'a> Reply<'a> {
    /// Whether this is an error object instead of an answer.
    pub fn is_error(&self) -> bool {
        let has_choices = self.choices.as_ref().is_some_and(|choices| !choices.0.is_empty());
        let error = self.error.is_some_and(|raw| !matches!(raw.get(), "false" | "0" | "\"\"" | "{}" | "[]"));
        error || self.object.0 == "error" || (self.detail.is_some() && !has_choices)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    pub index: Count,
    #[serde(borrow)]
    pub delta: Object<Delta<'a>>,
    /// In chunks it repeats what was said so far, if it is there at all, so it is parsed only when it is needed.
    #[serde(borrow)]
    pub message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub finish_reason: Text<'a>,
    #[serde(borrow)]
    pub logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
}

/// New content of a choice, or its whole message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Delta<'a> {
    #[serde(borrow)]
    pub content: Content<'a>,
    #[serde(borrow)]
    pub refusal: Text<'a>,
    #[serde(borrow)]
    pub reasoning_content: Wrapped<'a>,
    #[serde(borrow)]
    pub reasoning: Wrapped<'a>,
    #[serde(borrow)]
    pub reasoning_details: Wrapped<'a>,
    #[serde(borrow)]
    pub reasoning_steps: Wrapped<'a>,
    #[serde(borrow)]
    pub thinking: Wrapped<'a>,
    #[serde(borrow)]
    pub tool_calls: List<Object<ToolCall<'a>>>,
    #[serde(borrow)]
    pub function_call: Object<Function<'a>>,
    #[serde(borrow)]
    pub annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub audio: Object<Audio<'a>>,
}

impl<'a> Delta<'a> {
    /// Returns the thinking in whichever spelling it came, never in two of them.
    pub fn take_reasoning(&mut self) -> Cow<'a, str> {
        let spellings = [
            &mut self.content.thinking,
            &mut self.reasoning_content.0,
            &mut self.reasoning.0,
            &mut self.reasoning_details.0,
            &mut self.thinking.0,
            &mut self.reasoning_steps.0,
        ];
        spellings.into_iter().find(|text| !text.is_empty()).map(std::mem::take).unwrap_or_default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    pub index: Count,
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub function: Object<Function<'a>>,
    #[serde(borrow)]
    pub custom: Object<Custom<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    /// A text with JSON in it by the book; some local servers send the object itself.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

impl<'a> Function<'a> {
    /// Returns the arguments as JSON text: unwrapped from a string, or an object as it stands.
    pub fn arguments(&self) -> Cow<'a, str> {
        let Some(raw) = self.arguments else { return Cow::Borrowed("") };
        if !raw.get().starts_with('"') {
            return Cow::Borrowed(raw.get());
        }
        serde_json::from_str::<Text<'a>>(raw.get()).unwrap_or_default().0
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Custom<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub input: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Audio<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub data: Text<'a>,
    #[serde(borrow)]
    pub transcript: Text<'a>,
    pub expires_at: Count,
}

/// Content as a text or as a list of parts, in which thinking may hide.
#[derive(Debug, Default)]
pub struct Content<'a> {
    pub text: Cow<'a, str>,
    pub thinking: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContentPart<'a> {
    #[serde(borrow)]
    text: Wrapped<'a>,
    #[serde(borrow)]
    thinking: Wrapped<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor(PhantomData))
    }
}

struct ContentVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ContentVisitor<'a> {
    type Value = Content<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content { text: Cow::Borrowed(text), thinking: Cow::Borrowed("") })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content { text: Cow::Owned(text.to_owned()), thinking: Cow::Borrowed("") })
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut text, mut thinking) = (String::new(), String::new());
        while let Some(part) = seq.next_element::<Object<ContentPart<'a>>>()? {
            let part = part.0.unwrap_or_default();
            text.push_str(&part.text.0);
            thinking.push_str(&part.thinking.0);
        }
        Ok(Content { text: text.into(), thinking: thinking.into() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::default())
    }
}
