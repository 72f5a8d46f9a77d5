//! What the sandbox's models say.

use super::picture::describe;
use crate::domain::{
    chat::{ChatRequest, File, Image, Part, Role, Tool},
    consumption::Operation,
    event::ChatEvent,
};

/// What `sandbox/reasoning` thinks, piece by piece.
pub const THINKING: [&str; 3] = ["The user said something. ", "I am an echo. ", "So I repeat it."];

/// Returns the pieces of the answer, one event each.
pub fn answer(request: &ChatRequest, model: &str) -> Vec<ChatEvent> {
    let mut events = Vec::new();
    if model == "reasoning" {
        events.extend(THINKING.map(|text| ChatEvent::Reasoning { choice: 0, text: text.to_owned() }));
    }
    match model {
        _ if request.operation == Operation::Vision => events.extend(pieces(&describe_images(request))),
        "tools" if calls_tool(request) => events.extend(tool_call(request)),
        "tools" => events.extend(pieces(&format!("The tool answered: {}", last_text(request, Role::Tool)))),
        "vision" => events.extend(pieces(&describe_images(request))),
        _ => events.extend(pieces(&echo(request))),
    }
    events
}

/// Whether the tools model calls a tool now; after a tool's result it answers instead.
pub fn calls_tool(request: &ChatRequest) -> bool {
    !request.tools.is_empty() && request.messages.last().is_some_and(|m| m.role != Role::Tool)
}

/// Counts words, the sandbox's tokens.
pub fn input_words(request: &ChatRequest) -> u64 {
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    parts.map(|p| if let Part::Text(text) = p { text.split_whitespace().count() as u64 } else { 1 }).sum()
}

fn echo(request: &ChatRequest) -> String {
    let text = last_text(request, Role::User);
    if text.is_empty() { "Hello from the sandbox.".to_owned() } else { text }
}

/// The text of the last message of that role.
fn last_text(request: &ChatRequest, role: Role) -> String {
    let Some(message) = request.messages.iter().rev().find(|m| m.role == role) else { return String::new() };
    let mut text = String::new();
    for part in &message.parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::ToolResult(result) => {
                result.parts.iter().for_each(|p| {
                    if let Part::Text(more) = p {
                        text.push_str(more);
                    }
                });
            }
            _ => {}
        }
    }
    text
}

/// Cuts text after each word, so that it streams the way a model writes.
fn pieces(text: &str) -> Vec<ChatEvent> {
    let words = text.split_inclusive(char::is_whitespace);
    words.map(|word| ChatEvent::Text { choice: 0, text: word.to_owned(), logprobs: Vec::new() }).collect()
}

fn tool_call(request: &ChatRequest) -> Vec<ChatEvent> {
    let Some(tool) = request.tools.first() else { return Vec::new() };
    let (name, kind, pieces) = match tool {
        Tool::Function { name, .. } => {
            let said = serde_json::to_string(&last_text(request, Role::User)).unwrap_or_default();
            (name, crate::domain::chat::ToolKind::Function, vec!["{\"said\":".to_owned(), said, "}".to_owned()])
        }
        Tool::Custom { name, .. } => {
            (name, crate::domain::chat::ToolKind::Custom, vec![last_text(request, Role::User)])
        }
    };
    let id = "call_sandbox_1".to_owned();
    let start = ChatEvent::ToolCallStarted { choice: 0, index: 0, id, name: name.clone(), kind };
    let arguments = pieces.into_iter().map(|arguments| ChatEvent::ToolCallArguments { choice: 0, index: 0, arguments });
    std::iter::once(start).chain(arguments).collect()
}

/// Says what came, and that nobody read it.
fn describe_images(request: &ChatRequest) -> String {
    let parts = request.messages.iter().flat_map(|m| &m.parts);
    let came: Vec<String> = parts
        .filter_map(|part| match part {
            Part::Image(Image { source, .. }) | Part::File(File { source, .. }) => Some(describe(source)),
            _ => None,
        })
        .collect();
    let came = match came.as_slice() {
        [] => "no image".to_owned(),
        [one] => format!("1 image: {one}"),
        many => format!("{} images: {}", many.len(), many.join("; ")),
    };
    format!("The sandbox reads no images. It was sent {came}.")
}
