//! A whole answer: the contract's completion in, a response object out.

use crate::{
    error::Failure,
    openai::{frame::json, told::Told},
    pb::{self, part::Content},
};

use super::{
    echo::Echo,
    fold::Fold,
    object::{Ending, Head},
};

/// Writes the body of an answer. `stem` makes its ids.
pub fn write(completion: pb::ChatCompletion, echo: Echo, stem: &str) -> Result<Vec<u8>, Failure> {
    let mut fold = Fold::new(stem.to_owned());
    // Responses have one choice; `n` is not among their parameters.
    let choice = completion.choices.into_iter().next().unwrap_or_default();
    let ending = Ending::of(choice.finish_reason());
    let mut logprobs = choice.logprobs;
    let mut calls = 0;
    for part in choice.message.map(|message| message.parts).unwrap_or_default() {
        match part.content {
            Some(Content::Text(part)) => {
                fold.text(pb::TextDelta { text: part.text, logprobs: std::mem::take(&mut logprobs) })?;
            }
            Some(Content::Refusal(part)) => fold.refusal(part.text)?,
            Some(Content::Reasoning(part)) => fold.reasoning(part.text)?,
            Some(Content::ToolCall(call)) => {
                let (tool_call_index, kind) = (calls, call.kind);
                fold.call(pb::ToolCallStarted { tool_call_index, id: call.id, name: call.name, kind })?;
                fold.arguments(pb::ToolCallArgumentsDelta { tool_call_index, arguments: call.arguments })?;
                calls += 1;
            }
            Some(Content::ProviderState(state)) => fold.state(state)?,
            // An answer holds no pictures, files or results, and Responses have no audio.
            Some(Content::Image(_) | Content::Audio(_) | Content::File(_) | Content::ToolResult(_)) | None => {}
        }
    }
    for citation in choice.citations {
        fold.citation(citation)?;
    }
    fold.finish(ending.items)?;
    let head = Head {
        id: format!("resp_{stem}"),
        created_at: completion.create_time.as_ref().map_or(0, |time| time.seconds),
        service_tier: completion.service_tier,
        echo,
    };
    let mut object =
        head.object(ending.status).ended(&ending, &fold.items, completion.usage.as_ref(), &completion.warnings);
    object.told = Told::of(&completion.provider_metadata);
    let mut out = Vec::with_capacity(4096);
    json(&mut out, &object);
    Ok(out)
}
