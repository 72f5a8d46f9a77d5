//! The words of requests: what each means in the contract, and how schemas list them. Where a table is all there is, a
//! schema has an `enum`; where the provider decides, it names the usual words beside any other text.

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::{error::Failure, pb};

/// Who says a message.
#[derive(Clone, Copy, PartialEq)]
pub enum Speaker {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    /// Deprecated: a tool message that names the function instead of the call.
    Function,
}

pub const SPEAKERS: &[(&str, Speaker)] = &[
    ("user", Speaker::User),
    ("assistant", Speaker::Assistant),
    ("system", Speaker::System),
    ("tool", Speaker::Tool),
    ("developer", Speaker::Developer),
    ("function", Speaker::Function),
];

/// Roles of the items of Responses, where results of tools are items of their own.
pub const ITEM_ROLES: &[(&str, pb::Role)] = &[
    ("user", pb::Role::User),
    ("assistant", pb::Role::Assistant),
    ("system", pb::Role::System),
    ("developer", pb::Role::Developer),
];

/// What a part of a message is.
#[derive(Clone, Copy)]
pub enum PartKind {
    Text,
    Image,
    Audio,
    File,
    Refusal,
}

pub const PARTS: &[(&str, PartKind)] = &[
    ("text", PartKind::Text),
    ("image_url", PartKind::Image),
    ("input_audio", PartKind::Audio),
    ("file", PartKind::File),
    ("refusal", PartKind::Refusal),
];

pub const DETAILS: &[(&str, pb::ImageDetail)] = &[
    ("auto", pb::ImageDetail::Auto),
    ("low", pb::ImageDetail::Low),
    ("high", pb::ImageDetail::High),
    ("original", pb::ImageDetail::Original),
];

pub const TOOLS: &[(&str, pb::ToolKind)] = &[("function", pb::ToolKind::Function), ("custom", pb::ToolKind::Custom)];

pub const MODES: &[(&str, pb::ToolChoiceMode)] = &[
    ("none", pb::ToolChoiceMode::None),
    ("auto", pb::ToolChoiceMode::Auto),
    ("required", pb::ToolChoiceMode::Required),
];

/// In what form the answer is written.
#[derive(Clone, Copy)]
pub enum FormatKind {
    Text,
    Json,
    Schema,
}

pub const FORMATS: &[(&str, FormatKind)] =
    &[("text", FormatKind::Text), ("json_object", FormatKind::Json), ("json_schema", FormatKind::Schema)];

pub const EFFORTS: &[(&str, pb::ReasoningEffort)] = &[
    ("none", pb::ReasoningEffort::None),
    ("minimal", pb::ReasoningEffort::Minimal),
    ("low", pb::ReasoningEffort::Low),
    ("medium", pb::ReasoningEffort::Medium),
    ("high", pb::ReasoningEffort::High),
    ("xhigh", pb::ReasoningEffort::Xhigh),
    ("max", pb::ReasoningEffort::Max),
];

pub const VERBOSITIES: &[(&str, pb::Verbosity)] =
    &[("low", pb::Verbosity::Low), ("medium", pb::Verbosity::Medium), ("high", pb::Verbosity::High)];

pub const MODALITIES: &[(&str, pb::Modality)] =
    &[("text", pb::Modality::Text), ("audio", pb::Modality::Audio), ("image", pb::Modality::Image)];

/// How a vector is written. Clients that do not choose ask for base64: it is a fifth of the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Float,
    Base64,
}

pub const ENCODINGS: &[(&str, Encoding)] = &[("float", Encoding::Float), ("base64", Encoding::Base64)];

// Words that go to the provider as they are.
pub const TIERS: &[&str] = &["auto", "default", "flex", "scale", "priority"];
pub const CONTEXT_SIZES: &[&str] = &["low", "medium", "high"];
pub const CACHE_RETENTIONS: &[&str] = &["in_memory", "24h"];
pub const SOUNDS: &[&str] = &["wav", "mp3"];
pub const VOICED: &[&str] = &["wav", "mp3", "flac", "opus", "aac", "pcm16"];
pub const SYNTAXES: &[&str] = &["lark", "regex"];
// Words with other forms beside them, such as one for each version of a built-in tool.
pub const FLAT_TOOLS: &[&str] = &["function", "custom", "web_search"];
pub const CHOICES: &[&str] = &["function", "custom", "allowed_tools"];
pub const ITEMS: &[&str] = &[
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
    "web_search_call",
];
pub const ITEM_PARTS: &[&str] = &["input_text", "output_text", "refusal", "input_image", "input_file", "input_audio"];

/// Finds `value` in a table of names; `param` is called only to name the field in the failure.
pub fn one_of<T: Copy>(value: &str, table: &[(&str, T)], param: impl FnOnce() -> String) -> Result<T, Failure> {
    if let Some((_, found)) = table.iter().find(|(name, _)| *name == value) {
        return Ok(*found);
    }
    let names: Vec<String> = table.iter().map(|(name, _)| format!("'{name}'")).collect();
    let param = param();
    let shown: String = value.chars().take(64).collect();
    let message = format!("Invalid value: '{shown}'. Supported values of '{param}' are: {}.", names.join(", "));
    Err(Failure::invalid(param, message))
}

/// Lists in a schema of a text all words that it may be.
pub fn only<T>(table: &'static [(&'static str, T)]) -> impl Fn(&mut Schema) {
    move |schema| {
        let Some(text) = text_of(schema) else { return };
        let mut words: Vec<Value> = table.iter().map(|(word, _)| json!(word)).collect();
        if text.get("type").and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&json!("null"))) {
            words.push(Value::Null);
        }
        text.insert("enum".into(), words.into());
    }
}

/// Lists in a schema of a text the words that are usual.
pub fn usually(words: &'static [&'static str]) -> impl Fn(&mut Schema) {
    move |schema| {
        let Some(text) = text_of(schema) else { return };
        let Some(kind) = text.remove("type") else { return };
        text.insert("anyOf".into(), json!([{"type": "string", "enum": words}, {"type": kind}]));
    }
}

/// Returns where the text is described: in a list its items, in a union its first half, also where that may be null.
fn text_of(schema: &mut Schema) -> Option<&mut Map<String, Value>> {
    let inner = ["/items", "/anyOf/0/anyOf/0", "/anyOf/0"].into_iter().find(|inner| schema.pointer(inner).is_some());
    match inner {
        Some(inner) => schema.pointer_mut(inner)?.as_object_mut(),
        None => Some(schema.ensure_object()),
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, generate::SchemaSettings};

    use super::*;
    use crate::openai::lenient::{Alternative, Str, StringOr};

    #[derive(JsonSchema)]
    struct Named {}

    impl Alternative for Named {
        const EXPECTED: &'static str = "an object";
    }

    fn listed<T: JsonSchema>(list: impl Fn(&mut Schema)) -> Value {
        let mut schema = T::json_schema(&mut SchemaSettings::draft2020_12().into_generator());
        list(&mut schema);
        schema.to_value()
    }

    #[test]
    fn words_stand_where_the_text_is() {
        const WORDS: &[(&str, u8)] = &[("a", 1), ("b", 2)];
        let rows = [
            (listed::<Str<'_>>(only(WORDS)), json!({"type": "string", "enum": ["a", "b"]})),
            (listed::<Option<Str<'_>>>(only(WORDS)), json!({"type": ["string", "null"], "enum": ["a", "b", null]})),
            (
                listed::<Vec<Str<'_>>>(only(WORDS)),
                json!({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
            ),
            (
                listed::<Option<String>>(usually(&["a"])),
                json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": ["string", "null"]}]}),
            ),
        ];
        for (schema, want) in rows {
            assert_eq!(schema, want);
        }
        let text = json!({"type": "string", "enum": ["a", "b"]});
        assert_eq!(listed::<StringOr<Named>>(only(WORDS))["anyOf"][0], text);
        assert_eq!(listed::<Option<StringOr<Named>>>(only(WORDS))["anyOf"][0]["anyOf"][0], text);
    }
}
