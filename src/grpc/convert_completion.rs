//! Events, completions and their parts to the contract. Nothing here can fail.

use prost_types::Timestamp;

use super::convert_usage::{attempt_to_pb, cost_to_pb, usage_to_pb, warning_to_pb};
use crate::{
    domain::{
        chat::{Message, Part, ProviderState, ToolKind},
        completion::{ChatCompletion, Choice},
        event::{AudioDelta, ChatEvent, Citation, FinishReason, Finished, Started, TokenLogprob},
    },
    pb::{self, stream_chat_completion_response::Event},
};

/// Converts one event of a stream.
pub fn event_to_pb(event: ChatEvent, sequence: u64) -> pb::StreamChatCompletionResponse {
    let (choice_index, event) = match event {
        ChatEvent::Started(started) => (0, Event::Started(started_to_pb(started))),
        ChatEvent::Text { choice, text, logprobs } => {
            (choice, Event::TextDelta(pb::TextDelta { text, logprobs: logprobs_to_pb(logprobs) }))
        }
        ChatEvent::Refusal { choice, text, logprobs } => {
            (choice, Event::RefusalDelta(pb::RefusalDelta { text, logprobs: logprobs_to_pb(logprobs) }))
        }
        ChatEvent::Reasoning { choice, text } => (choice, Event::ReasoningDelta(pb::ReasoningDelta { text })),
        ChatEvent::Audio { choice, audio } => (choice, Event::AudioDelta(audio_to_pb(audio))),
        ChatEvent::ToolCallStarted { choice, index, id, name, kind } => {
            let kind = kind_to_pb(kind).into();
            (choice, Event::ToolCallStarted(pb::ToolCallStarted { tool_call_index: index, id, name, kind }))
        }
        ChatEvent::ToolCallArguments { choice, index, arguments } => {
            let delta = pb::ToolCallArgumentsDelta { tool_call_index: index, arguments };
            (choice, Event::ToolCallArgumentsDelta(delta))
        }
        ChatEvent::Citation { choice, citation } => (choice, Event::Citation(citation_to_pb(citation))),
        ChatEvent::ProviderState { choice, state } => (choice, Event::ProviderState(state_to_pb(state))),
        ChatEvent::Warning(warning) => (0, Event::Warning(warning_to_pb(warning))),
        ChatEvent::Attempt(attempt) => (0, Event::Attempt(attempt_to_pb(attempt))),
        ChatEvent::Usage(usage) => (0, Event::Usage(usage_to_pb(usage))),
        ChatEvent::Finished(finished) => (0, Event::Finished(finished_to_pb(finished))),
    };
    pb::StreamChatCompletionResponse { sequence, choice_index, event: Some(event) }
}

/// Converts a whole completion.
pub fn completion_to_pb(completion: ChatCompletion) -> pb::ChatCompletion {
    pb::ChatCompletion {
        id: completion.id,
        create_time: Some(seconds(completion.created)),
        model: completion.model,
        provider: completion.provider,
        choices: completion.choices.into_iter().map(choice_to_pb).collect(),
        usage: completion.usage.map(usage_to_pb),
        cost: completion.cost.map(cost_to_pb),
        attempts: completion.attempts.into_iter().map(attempt_to_pb).collect(),
        warnings: completion.warnings.into_iter().map(warning_to_pb).collect(),
        service_tier: completion.service_tier,
        provider_metadata: completion.provider_metadata,
    }
}

fn choice_to_pb(choice: Choice) -> pb::Choice {
    pb::Choice {
        index: choice.index,
        message: Some(message_to_pb(choice.message)),
        finish_reason: reason_to_pb(choice.finish_reason).into(),
        native_finish_reason: choice.native_finish_reason,
        citations: choice.citations.into_iter().map(citation_to_pb).collect(),
        logprobs: logprobs_to_pb(choice.logprobs),
        refusal_logprobs: logprobs_to_pb(choice.refusal_logprobs),
        audio: choice.audio.map(audio_to_pb),
    }
}

/// Converts an answer. It has only the parts a model produces.
fn message_to_pb(message: Message) -> pb::Message {
    use pb::part::Content;
    let content = |part| match part {
        Part::Text(text) => Some(Content::Text(pb::TextPart { text })),
        Part::Reasoning(text) => Some(Content::Reasoning(pb::ReasoningPart { text })),
        Part::Refusal(text) => Some(Content::Refusal(pb::RefusalPart { text })),
        Part::ToolCall(call) => Some(Content::ToolCall(pb::ToolCall {
            id: call.id,
            name: call.name,
            arguments: call.arguments,
            kind: kind_to_pb(call.kind).into(),
        })),
        Part::ProviderState(state) => Some(Content::ProviderState(state_to_pb(state))),
        Part::Image(_) | Part::Audio(_) | Part::File(_) | Part::ToolResult(_) => None,
    };
    let parts = message.parts.into_iter().filter_map(content);
    pb::Message {
        role: pb::Role::Assistant.into(),
        parts: parts.map(|content| pb::Part { content: Some(content) }).collect(),
        name: message.name,
    }
}

fn started_to_pb(started: Started) -> pb::ChatStarted {
    pb::ChatStarted {
        completion_id: started.completion_id,
        model: started.model,
        provider: started.provider,
        create_time: Some(seconds(started.created)),
        service_tier: started.service_tier,
    }
}

fn finished_to_pb(finished: Finished) -> pb::ChatFinished {
    let other = finished.other_choices.into_iter().map(|c| pb::ChoiceFinish {
        choice_index: c.choice,
        reason: reason_to_pb(c.reason).into(),
        native_reason: c.native_reason,
    });
    pb::ChatFinished {
        reason: reason_to_pb(finished.reason).into(),
        native_reason: finished.native_reason,
        usage: finished.usage.map(usage_to_pb),
        cost: finished.cost.map(cost_to_pb),
        attempts: finished.attempts.into_iter().map(attempt_to_pb).collect(),
        other_choices: other.collect(),
        provider_metadata: finished.provider_metadata,
    }
}

pub fn reason_to_pb(reason: FinishReason) -> pb::FinishReason {
    match reason {
        FinishReason::Stop => pb::FinishReason::Stop,
        FinishReason::Length => pb::FinishReason::Length,
        FinishReason::ToolCalls => pb::FinishReason::ToolCalls,
        FinishReason::ContentFilter => pb::FinishReason::ContentFilter,
    }
}

fn kind_to_pb(kind: ToolKind) -> pb::ToolKind {
    match kind {
        ToolKind::Function => pb::ToolKind::Function,
        ToolKind::Custom => pb::ToolKind::Custom,
    }
}

fn audio_to_pb(audio: AudioDelta) -> pb::AudioDelta {
    let expire_time = audio.expires.map(seconds);
    pb::AudioDelta { id: audio.id, data: audio.data, transcript: audio.transcript, expire_time }
}

fn citation_to_pb(citation: Citation) -> pb::Citation {
    pb::Citation {
        url: citation.url,
        title: citation.title,
        span: citation.span.map(|(start, end)| pb::TextSpan { start, end }),
        snippet: citation.snippet,
        number: citation.number,
    }
}

fn state_to_pb(state: ProviderState) -> pb::ProviderState {
    let ProviderState { provider, key_scope, kind, data, tool_call_id } = state;
    pb::ProviderState { provider, key_scope, kind, data, tool_call_id }
}

fn logprobs_to_pb(logprobs: Vec<TokenLogprob>) -> Vec<pb::TokenLogprob> {
    let top = |t: crate::domain::event::TopLogprob| pb::TopLogprob {
        token: t.token,
        logprob: t.logprob,
        token_bytes: t.bytes.unwrap_or_default(),
    };
    let token = |t: TokenLogprob| pb::TokenLogprob {
        token: t.token,
        logprob: t.logprob,
        token_bytes: t.bytes.unwrap_or_default(),
        top_logprobs: t.top.into_iter().map(top).collect(),
    };
    logprobs.into_iter().map(token).collect()
}

pub fn seconds(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}
