//! Input items: a flat list in, turns of a conversation out. What the model said between two turns of others becomes one
//! message, as chat completions have it.

use crate::{
    error::Failure,
    openai::{
        body::{FileBody, ImageBody, PartBody},
        content::{self, At},
        lenient::{Str, StringOr},
        state, tools,
        words::{ITEM_ROLES, one_of},
    },
    pb::{self, media_source::Source, part::Content},
};

use super::body::{ContentBody, ItemBody};

#[derive(Clone, Copy)]
enum Kind {
    Message,
    Call(pb::ToolKind),
    Output,
    Reasoning,
    /// What built-in tools did. Their results are in the text that followed.
    Trace,
    /// Points to an item that OpenAI would have stored.
    Reference,
}

const KINDS: &[(&str, Kind)] = &[
    ("message", Kind::Message),
    ("function_call", Kind::Call(pb::ToolKind::Function)),
    ("function_call_output", Kind::Output),
    ("custom_tool_call", Kind::Call(pb::ToolKind::Custom)),
    ("custom_tool_call_output", Kind::Output),
    ("reasoning", Kind::Reasoning),
    ("web_search_call", Kind::Trace),
    ("item_reference", Kind::Reference),
];

/// Reads the whole input, instructions first.
pub fn convert(instructions: Option<String>, input: StringOr<Vec<ItemBody<'_>>>) -> Result<Vec<pb::Message>, Failure> {
    let mut turns = Turns::default();
    if let Some(text) = instructions.filter(|text| !text.is_empty()) {
        turns.push(pb::Role::Developer, vec![content::text(text)]);
    }
    match input {
        StringOr::String(text) => turns.push(pb::Role::User, vec![content::text(text)]),
        StringOr::Other(items) => {
            for (at, item) in items.into_iter().enumerate() {
                turns.item(item, at)?;
            }
        }
    }
    if turns.0.is_empty() {
        let message = "Invalid 'input': expected a string or at least one item.";
        return Err(Failure::invalid("input", message).with_code("empty_array"));
    }
    Ok(turns.0)
}

#[derive(Default)]
struct Turns(Vec<pb::Message>);

impl Turns {
    fn push(&mut self, role: pb::Role, parts: Vec<pb::Part>) {
        self.0.push(pb::Message { role: role.into(), parts, name: String::new() });
    }

    fn item(&mut self, item: ItemBody<'_>, at: usize) -> Result<(), Failure> {
        let missing = |name: &str| Failure::missing(format!("input[{at}].{name}"));
        // Clients leave `type` out of messages only.
        let kind = item.r#type.as_deref().unwrap_or("message");
        let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            return Err(Failure::unsupported(format!("input[{at}].type"), "This type of input item is not supported."));
        };
        match *kind {
            Kind::Message => self.message(item, at)?,
            Kind::Call(kind) => {
                let arguments = match kind {
                    pb::ToolKind::Custom => item.input.unwrap_or_default(),
                    pb::ToolKind::Function | pb::ToolKind::Unspecified => tools::arguments(item.arguments),
                };
                let id = item.call_id.ok_or_else(|| missing("call_id"))?;
                let name = item.name.ok_or_else(|| missing("name"))?;
                self.say(Content::ToolCall(pb::ToolCall { id, name, arguments, kind: kind.into() }));
            }
            Kind::Output => {
                let tool_call_id = item.call_id.ok_or_else(|| missing("call_id"))?;
                let output = item.output.ok_or_else(|| missing("output"))?;
                let parts = parts(output, at, "output")?;
                let name = item.name.unwrap_or_default();
                let result = pb::ToolResult { tool_call_id, name, parts, is_error: false };
                self.push(pb::Role::Tool, vec![pb::Part { content: Some(Content::ToolResult(result)) }]);
            }
            Kind::Reasoning => {
                let sealed = item.encrypted_content.filter(|text| !text.is_empty());
                for state in sealed.map(|text| state::unseal(&text)).unwrap_or_default() {
                    self.say(Content::ProviderState(state));
                }
            }
            Kind::Trace => {}
            Kind::Reference => {
                let message = "Items are not stored here, so they cannot be referred to: send them whole. With the \
                               Vercel AI SDK set `store: false`.";
                return Err(Failure::unsupported(format!("input[{at}]"), message));
            }
        }
        Ok(())
    }

    fn message(&mut self, item: ItemBody<'_>, at: usize) -> Result<(), Failure> {
        let missing = |name: &str| Failure::missing(format!("input[{at}].{name}"));
        let role = item.role.ok_or_else(|| missing("role"))?;
        let role = one_of(&role, ITEM_ROLES, || format!("input[{at}].role"))?;
        let parts = parts(item.content.ok_or_else(|| missing("content"))?, at, "content")?;
        if role == pb::Role::Assistant {
            if self.has_spoken() {
                self.push(role, Vec::new());
            }
            parts.into_iter().filter_map(|part| part.content).for_each(|content| self.say(content));
            return Ok(());
        }
        if parts.is_empty() {
            let message = "Invalid content: expected a string or at least one content part.";
            return Err(Failure::invalid(format!("input[{at}].content"), message));
        }
        self.push(role, parts);
        Ok(())
    }

    /// Whether the model's turn at the end is a text that a second message would run into.
    fn has_spoken(&self) -> bool {
        let Some(last) = self.0.last().filter(|last| last.role() == pb::Role::Assistant) else { return false };
        let has = |test: fn(&Content) -> bool| last.parts.iter().filter_map(|part| part.content.as_ref()).any(test);
        has(|content| matches!(content, Content::Text(_))) && !has(|content| matches!(content, Content::ToolCall(_)))
    }

    /// Adds to the model's turn, which begins here if the last one is somebody else's.
    fn say(&mut self, content: Content) {
        if self.0.last().is_none_or(|last| last.role() != pb::Role::Assistant) {
            self.push(pb::Role::Assistant, Vec::new());
        }
        if let Some(last) = self.0.last_mut() {
            last.parts.push(pb::Part { content: Some(content) });
        }
    }
}

fn parts(content: StringOr<Vec<ContentBody<'_>>>, item: usize, member: &'static str) -> Result<Vec<pb::Part>, Failure> {
    match content {
        StringOr::String(text) => Ok(vec![content::text(text)]),
        StringOr::Other(bodies) => {
            let at = |part| At { list: "input", item, member, part };
            bodies.into_iter().enumerate().map(|(n, body)| part(body, at(n))).collect()
        }
    }
}

/// Turns a part into the one chat completions have, which is read in one place.
fn part(body: ContentBody<'_>, at: At) -> Result<pb::Part, Failure> {
    let kind = body.r#type.as_deref().unwrap_or("input_text");
    let named = |kind: &'static str| Some(Str(kind.into()));
    let chat = match kind {
        "input_text" | "output_text" | "text" => {
            PartBody { r#type: named("text"), text: body.text, ..Default::default() }
        }
        "refusal" => PartBody { r#type: named("refusal"), refusal: body.refusal, ..Default::default() },
        "input_image" => match (body.image_url, body.file_id) {
            (None, Some(id)) => return content::stored_image(id, body.detail.as_deref(), at),
            (url, _) => {
                let image_url = Some(StringOr::Other(ImageBody { url, detail: body.detail }));
                PartBody { r#type: named("image_url"), image_url, ..Default::default() }
            }
        },
        "input_file" => match (body.file_url, body.file_data, body.file_id) {
            (Some(url), None, None) => return Ok(file_at(url, body.filename)),
            (_, file_data, file_id) => {
                let file = Some(FileBody { file_data, file_id, filename: body.filename });
                PartBody { r#type: named("file"), file, ..Default::default() }
            }
        },
        "input_audio" => PartBody { r#type: named("input_audio"), input_audio: body.input_audio, ..Default::default() },
        _ => return Err(Failure::unsupported(at.field("type"), "This type of content part is not supported.")),
    };
    content::part(chat, at)
}

fn file_at(url: Str<'_>, filename: Option<String>) -> pb::Part {
    let source = Some(pb::MediaSource { source: Some(Source::Url(url.0.into_owned())), mime_type: String::new() });
    let file = pb::FilePart { source, filename: filename.unwrap_or_default() };
    pb::Part { content: Some(Content::File(file)) }
}
