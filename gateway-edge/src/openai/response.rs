//! A whole completion: the contract in, OpenAI's JSON out.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::field,
    pb::{self, part::Content},
};

use super::{
    shapes::{self, Annotations, Logprobs, Usage, Warnings, code_points},
    state::ExtraContent,
    told::Told,
};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChatCompletion")]
pub struct Completion<'a> {
    id: &'a str,
    #[schemars(extend("const" = "chat.completion"))]
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "str::is_empty")]
    service_tier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Warnings<'a>>,
    #[serde(flatten)]
    told: Told<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChatChoice")]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<Logprobs<'a>>,
    #[schemars(schema_with = "shapes::finish_reasons")]
    finish_reason: &'static str,
}

/// `content` and `refusal` are required keys, null or not; `tool_calls` is absent when there are none.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "ChatMessage")]
struct Message<'a> {
    #[schemars(extend("const" = "assistant"))]
    role: &'static str,
    content: Option<Cow<'a, str>>,
    refusal: Option<Cow<'a, str>>,
    annotations: Option<Annotations<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Called<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Audio<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extra<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct ToolCall<'a> {
    id: &'a str,
    #[schemars(extend("enum" = ["function", "custom"]))]
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Called<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extra<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CalledFunction")]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CalledCustomTool")]
struct Custom<'a> {
    name: &'a str,
    input: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Audio<'a> {
    id: &'a str,
    data: String,
    expires_at: i64,
    transcript: &'a str,
}

#[derive(JsonSchema)]
#[schemars(inline, with = "ExtraContent<'a>")]
struct Extra<'a> {
    of_call: bool,
    states: Vec<&'a pb::ProviderState>,
}

impl Serialize for Extra<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let states = &self.states;
        if self.of_call { ExtraContent::OfCall(states) } else { ExtraContent::OfMessage(states) }.serialize(serializer)
    }
}

/// Writes the body of an answer.
pub fn write(completion: &pb::ChatCompletion, legacy_functions: bool) -> Vec<u8> {
    let text: usize = completion.choices.iter().filter_map(|choice| choice.message.as_ref()).map(size).sum();
    let out = Completion {
        id: &completion.id,
        object: "chat.completion",
        created: completion.create_time.as_ref().map_or(0, |time| time.seconds),
        model: &completion.model,
        choices: completion.choices.iter().map(|one| choice(one, legacy_functions)).collect(),
        usage: completion.usage.as_ref().and_then(Usage::of),
        service_tier: &completion.service_tier,
        warnings: (!completion.warnings.is_empty())
            .then_some(Warnings { list: &completion.warnings, names: field::CHAT }),
        told: Told::of(&completion.provider_metadata),
    };
    let mut json = Vec::with_capacity(text + text / 8 + 512);
    // Neither the types nor a Vec can fail to be written.
    let _ = serde_json::to_writer(&mut json, &out);
    json
}

fn size(message: &pb::Message) -> usize {
    let length = |part: &pb::Part| match &part.content {
        Some(Content::Text(text)) => text.text.len(),
        Some(Content::Reasoning(text)) => text.text.len(),
        Some(Content::ToolCall(call)) => call.arguments.len() + 128,
        _ => 32,
    };
    message.parts.iter().map(length).sum()
}

fn choice(choice: &pb::Choice, legacy_functions: bool) -> Choice<'_> {
    Choice {
        index: choice.index,
        message: message(choice, legacy_functions),
        logprobs: Logprobs::of(&choice.logprobs, &choice.refusal_logprobs),
        finish_reason: shapes::finish_reason(choice.finish_reason(), legacy_functions),
    }
}

fn message(choice: &pb::Choice, legacy_functions: bool) -> Message<'_> {
    let mut out = Message { role: "assistant", ..Message::default() };
    let parts = choice.message.as_ref().map_or(&[][..], |message| &message.parts);
    let mut states = Vec::new();
    for part in parts {
        match &part.content {
            Some(Content::Text(part)) => append(&mut out.content, &part.text),
            Some(Content::Refusal(part)) => append(&mut out.refusal, &part.text),
            Some(Content::Reasoning(part)) => append(&mut out.reasoning_content, &part.text),
            Some(Content::ToolCall(call)) => out.tool_calls.push(tool_call(call)),
            Some(Content::ProviderState(state)) => states.push(state),
            // An answer holds no pictures, files or results; generated audio has its own field.
            Some(Content::Image(_) | Content::Audio(_) | Content::File(_) | Content::ToolResult(_)) | None => {}
        }
    }
    let end = out.content.as_deref().map_or(0, code_points);
    out.annotations = Some(Annotations { citations: &choice.citations, end });
    out.audio = choice.audio.as_ref().map(audio);
    place(states, &mut out);
    // null, not "", where the answer is something else than text.
    let silent = out.content.as_ref().is_none_or(|text| text.is_empty());
    if silent {
        let other = !out.tool_calls.is_empty() || out.refusal.is_some() || out.audio.is_some();
        out.content = (!other).then_some(Cow::Borrowed(""));
    }
    if legacy_functions && !out.tool_calls.is_empty() {
        // The deprecated form has room for one call and no id.
        out.function_call = out.tool_calls.swap_remove(0).function;
        out.tool_calls.clear();
    }
    out
}

/// Joins parts without a separator; one part alone is not copied.
fn append<'a>(to: &mut Option<Cow<'a, str>>, text: &'a str) {
    match to {
        Some(known) => known.to_mut().push_str(text),
        None => *to = Some(Cow::Borrowed(text)),
    }
}

fn tool_call(call: &pb::ToolCall) -> ToolCall<'_> {
    let (id, name, arguments) = (&*call.id, &*call.name, &*call.arguments);
    match call.kind() {
        pb::ToolKind::Custom => {
            let custom = Some(Custom { name, input: arguments });
            ToolCall { id, r#type: "custom", function: None, custom, extra_content: None }
        }
        pb::ToolKind::Function | pb::ToolKind::Unspecified => {
            let function = Some(Called { name, arguments });
            ToolCall { id, r#type: "function", function, custom: None, extra_content: None }
        }
    }
}

fn audio(audio: &pb::AudioDelta) -> Audio<'_> {
    Audio {
        id: &audio.id,
        data: STANDARD.encode(&audio.data),
        expires_at: audio.expire_time.as_ref().map_or(0, |time| time.seconds),
        transcript: &audio.transcript,
    }
}

/// Puts every state beside the call it belongs to, the others beside the message.
fn place<'a>(states: Vec<&'a pb::ProviderState>, out: &mut Message<'a>) {
    for state in states {
        let call =
            out.tool_calls.iter_mut().find(|call| !state.tool_call_id.is_empty() && call.id == state.tool_call_id);
        let (of_call, slot) = match call {
            Some(call) => (true, &mut call.extra_content),
            None => (false, &mut out.extra_content),
        };
        slot.get_or_insert_with(|| Extra { of_call, states: Vec::new() }).states.push(state);
    }
}

#[cfg(test)]
mod tests;
