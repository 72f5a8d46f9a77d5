//! Messages of the history: one message in, one message of the contract out, so that indexes mean the same on both
//! sides.

use crate::{error::Failure, pb};

use super::{
    body::{MessageBody, PartBody},
    content::{self, At},
    lenient::StringOr,
    state, tools,
    words::{SPEAKERS, Speaker, one_of},
};
use pb::part::Content;

type Said<'a> = Option<StringOr<Vec<PartBody<'a>>>>;

pub fn convert(bodies: Vec<MessageBody<'_>>) -> Result<Vec<pb::Message>, Failure> {
    let mut legacy = LegacyCalls::default();
    let mut messages = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        messages.push(message(body, index, &mut legacy)?);
    }
    Ok(messages)
}

fn message(mut body: MessageBody<'_>, index: usize, legacy: &mut LegacyCalls) -> Result<pb::Message, Failure> {
    let role = body.role.take().ok_or_else(|| Failure::missing(format!("messages[{index}].role")))?;
    let speaker = one_of(&role, SPEAKERS, || format!("messages[{index}].role"))?;
    let name = body.name.take();
    let (role, parts) = match speaker {
        Speaker::System => (pb::Role::System, required(body.content, index)?),
        Speaker::Developer => (pb::Role::Developer, required(body.content, index)?),
        Speaker::User => (pb::Role::User, required(body.content, index)?),
        Speaker::Assistant => (pb::Role::Assistant, assistant(body, index, legacy)?),
        Speaker::Tool => {
            let missing = || Failure::missing(format!("messages[{index}].tool_call_id"));
            let tool_call_id = body.tool_call_id.ok_or_else(missing)?;
            let parts = required(body.content, index)?;
            let tool = name.unwrap_or_default();
            return Ok(result(pb::ToolResult { tool_call_id, name: tool, parts, is_error: false }));
        }
        Speaker::Function => {
            let name = name.ok_or_else(|| Failure::missing(format!("messages[{index}].name")))?;
            let tool_call_id = legacy.answer(&name);
            // null is legal here, unlike in a tool message.
            let parts = match body.content {
                Some(content) => required(Some(content), index)?,
                None => vec![content::text(String::new())],
            };
            return Ok(result(pb::ToolResult { tool_call_id, name, parts, is_error: false }));
        }
    };
    Ok(pb::Message { role: role.into(), parts, name: name.unwrap_or_default() })
}

fn result(result: pb::ToolResult) -> pb::Message {
    let part = pb::Part { content: Some(Content::ToolResult(result)) };
    pb::Message { role: pb::Role::Tool.into(), parts: vec![part], name: String::new() }
}

fn required(content: Said<'_>, index: usize) -> Result<Vec<pb::Part>, Failure> {
    let content = content.ok_or_else(|| Failure::missing(format!("messages[{index}].content")))?;
    let parts = parts(content, index)?;
    if parts.is_empty() {
        let param = format!("messages[{index}].content");
        return Err(Failure::invalid(param, "Invalid content: expected a string or at least one content part."));
    }
    Ok(parts)
}

fn parts(content: StringOr<Vec<PartBody<'_>>>, message: usize) -> Result<Vec<pb::Part>, Failure> {
    match content {
        StringOr::String(text) => Ok(vec![content::text(text)]),
        StringOr::Other(parts) => {
            let at = |part| At { list: "messages", item: message, member: "content", part };
            let one = |(part, body)| content::part(body, at(part));
            parts.into_iter().enumerate().map(one).collect()
        }
    }
}

fn assistant(body: MessageBody<'_>, index: usize, legacy: &mut LegacyCalls) -> Result<Vec<pb::Part>, Failure> {
    let has_more = body.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty())
        || body.function_call.is_some()
        || body.audio.is_some()
        || body.refusal.is_some()
        || body.reasoning_content.is_some()
        || body.reasoning.is_some();
    let mut out = Vec::new();
    let mut push = |content| out.push(pb::Part { content: Some(content) });

    let elsewhere = || serde_json::from_str::<String>(body.reasoning?.get()).ok();
    if let Some(text) = body.reasoning_content.or_else(elsewhere).filter(|text| !text.is_empty()) {
        push(Content::Reasoning(pb::ReasoningPart { text }));
    }
    if let Some(raw) = body.extra_content {
        state::read(raw, "").into_iter().for_each(|state| push(Content::ProviderState(state)));
    }
    match body.content {
        // Beside a call some clients send "", some null, some nothing: all mean the same.
        Some(StringOr::String(text)) if text.is_empty() && has_more => {}
        Some(content) => parts(content, index)?.into_iter().filter_map(|part| part.content).for_each(&mut push),
        None if has_more => {}
        None => return Err(Failure::missing(format!("messages[{index}].content"))),
    }
    if let Some(text) = body.refusal {
        push(Content::Refusal(pb::RefusalPart { text }));
    }
    if let Some(audio_id) = body.audio.and_then(|audio| audio.id) {
        push(Content::Audio(pb::AudioPart { source: None, audio_id }));
    }
    for (at, call) in body.tool_calls.unwrap_or_default().into_iter().enumerate() {
        let (call, states) = tools::call(call, || format!("messages[{index}].tool_calls[{at}]"))?;
        push(Content::ToolCall(call));
        states.into_iter().for_each(|state| push(Content::ProviderState(state)));
    }
    if let Some(call) = body.function_call {
        let missing = || Failure::missing(format!("messages[{index}].function_call.name"));
        let name = call.name.ok_or_else(missing)?;
        let id = legacy.call(&name);
        let kind = pb::ToolKind::Function.into();
        push(Content::ToolCall(pb::ToolCall { id, name, arguments: tools::arguments(call.arguments), kind }));
    }
    Ok(out)
}

/// Makes the ids that the deprecated function calls lack: a function message answers the nearest earlier open call with
/// its name.
#[derive(Default)]
struct LegacyCalls {
    made: usize,
    open: Vec<(String, String)>,
}

impl LegacyCalls {
    fn call(&mut self, name: &str) -> String {
        let id = format!("call_fn_{}", self.made);
        self.made += 1;
        self.open.push((name.to_owned(), id.clone()));
        id
    }

    fn answer(&mut self, name: &str) -> String {
        match self.open.iter().rposition(|(open, _)| open == name) {
            Some(at) => self.open.remove(at).1,
            // Nothing asked for it. The service decides what to make of an answer without a call.
            None => self.call(name),
        }
    }
}
