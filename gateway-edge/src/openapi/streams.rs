//! What streams consist of. Chunks of chats are written byte by byte and events of responses by what happened, so their
//! schemas are written here; a test holds real streams against them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{
    api::{
        activity::{Entry, Gap},
        provider_keys::{DeletedKey, ProviderKey},
    },
    error::{ApiBody, OpenAiBody},
    openai::{ResponseObject, TextChunk, parts},
};

use super::operation::{SchemaOf, schema_of};

/// One event of a stream. OpenAPI 3.1 has no word for that; this is how 3.2 describes the items of a stream.
fn events_of(data: Schema) -> Schema {
    event(json!({"type": "string", "contentMediaType": "application/json", "contentSchema": data}))
}

/// The same where the last event is no JSON.
fn events_until_done(data: Schema) -> Schema {
    let json = json!({"type": "string", "contentMediaType": "application/json", "contentSchema": data});
    event(json!({"anyOf": [{"const": "[DONE]"}, json]}))
}

fn event(data: Value) -> Schema {
    json_schema!({
        "type": "object",
        "description": "One of the server-sent events.",
        "required": ["data"],
        "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": data},
    })
}

pub fn chat(generator: &mut SchemaGenerator) -> Schema {
    let choices = [generator.subschema_for::<ChatChunk>(), generator.subschema_for::<OpenAiBody<'static>>()];
    events_until_done(json_schema!({"anyOf": choices}))
}

pub fn text(generator: &mut SchemaGenerator) -> Schema {
    let choices = [generator.subschema_for::<TextChunk<'static>>(), generator.subschema_for::<OpenAiBody<'static>>()];
    events_until_done(json_schema!({"anyOf": choices}))
}

pub fn response(generator: &mut SchemaGenerator) -> Schema {
    let event = generator.subschema_for::<ResponseEvent>();
    events_of(event)
}

pub fn keys(generator: &mut SchemaGenerator) -> Schema {
    let synced = json_schema!({"type": "object", "maxProperties": 0});
    let choices = [
        generator.subschema_for::<ProviderKey<'static>>(),
        synced,
        generator.subschema_for::<DeletedKey<'static>>(),
        generator.subschema_for::<ApiBody<'static>>(),
    ];
    events_of(json_schema!({"anyOf": choices}))
}

pub fn activity(generator: &mut SchemaGenerator) -> Schema {
    let choices = [
        generator.subschema_for::<Entry<'static>>(),
        generator.subschema_for::<Gap>(),
        generator.subschema_for::<ApiBody<'static>>(),
    ];
    events_of(json_schema!({"anyOf": choices}))
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    (schema_of::<T> as SchemaOf)(generator).to_value()
}

struct ChatChunk;

impl JsonSchema for ChatChunk {
    fn schema_name() -> Cow<'static, str> {
        "ChatCompletionChunk".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let choice = json!({
            "type": "object",
            "required": ["index", "delta", "finish_reason"],
            "properties": {
                "index": {"type": "integer", "minimum": 0},
                "delta": delta(generator),
                "logprobs": reference::<parts::Logprobs<'static>>(generator),
                "finish_reason": {"anyOf": [parts::finish_reasons(generator), {"type": "null"}]},
            },
        });
        json_schema!({
            "description": "A part of a chat completion. Strings of the same place are joined; the last chunk has the usage when \
                            `stream_options.include_usage` asks for it, and no choice.",
            "type": "object",
            "required": ["id", "object", "created", "model", "choices"],
            "properties": {
                "id": {"type": "string"},
                "object": {"const": "chat.completion.chunk"},
                "created": {"type": "integer"},
                "model": {"type": "string"},
                "service_tier": {"type": "string"},
                "choices": {"type": "array", "items": choice},
                "usage": {"anyOf": [reference::<parts::Usage>(generator), {"type": "null"}]},
                "warnings": reference::<parts::Warnings<'static>>(generator),
            },
            "additionalProperties": true,
        })
    }
}

/// What a chunk adds to a choice.
fn delta(generator: &mut SchemaGenerator) -> Value {
    let text = json!({"type": "string"});
    let called = json!({
        "type": "object",
        "properties": {"name": text, "arguments": text, "input": text},
    });
    json!({
        "type": "object",
        "properties": {
            "role": {"const": "assistant"},
            "content": {"type": ["string", "null"]},
            "refusal": {"type": ["string", "null"]},
            "reasoning_content": text,
            "tool_calls": {"type": "array", "items": {
                "type": "object",
                "required": ["index"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "id": text,
                    "type": {"enum": ["function", "custom"]},
                    "function": called,
                    "custom": called,
                    "extra_content": reference::<parts::ExtraContent<'static>>(generator),
                },
                "additionalProperties": false,
            }},
            "function_call": called,
            "audio": {"type": "object", "properties": {
                "id": text, "data": text, "transcript": text, "expires_at": {"type": "integer"},
            }},
            "annotations": reference::<parts::Annotations<'static>>(generator),
            "extra_content": reference::<parts::ExtraContent<'static>>(generator),
        },
        "additionalProperties": false,
    })
}

struct ResponseEvent;

/// Events of a response, and the members that each has beside `type` and `sequence_number`.
const EVENTS: &[(&str, &[&str])] = &[
    ("response.created", &["response"]),
    ("response.in_progress", &["response"]),
    ("response.completed", &["response"]),
    ("response.incomplete", &["response"]),
    ("response.failed", &["response"]),
    ("response.output_item.added", &["output_index", "item"]),
    ("response.output_item.done", &["output_index", "item"]),
    ("response.content_part.added", &["item_id", "output_index", "content_index", "part"]),
    ("response.content_part.done", &["item_id", "output_index", "content_index", "part"]),
    ("response.output_text.delta", &["item_id", "output_index", "content_index", "delta", "logprobs"]),
    ("response.output_text.done", &["item_id", "output_index", "content_index", "text", "logprobs"]),
    (
        "response.output_text.annotation.added",
        &["item_id", "output_index", "content_index", "annotation_index", "annotation"],
    ),
    ("response.refusal.delta", &["item_id", "output_index", "content_index", "delta"]),
    ("response.refusal.done", &["item_id", "output_index", "content_index", "refusal"]),
    ("response.reasoning_summary_part.added", &["item_id", "output_index", "summary_index", "part"]),
    ("response.reasoning_summary_part.done", &["item_id", "output_index", "summary_index", "part"]),
    ("response.reasoning_summary_text.delta", &["item_id", "output_index", "summary_index", "delta"]),
    ("response.reasoning_summary_text.done", &["item_id", "output_index", "summary_index", "text"]),
    ("response.function_call_arguments.delta", &["item_id", "output_index", "delta"]),
    ("response.function_call_arguments.done", &["item_id", "output_index", "name", "arguments"]),
    ("response.custom_tool_call_input.delta", &["item_id", "output_index", "delta"]),
    ("response.custom_tool_call_input.done", &["item_id", "output_index", "input"]),
    ("error", &["code", "message", "param"]),
];

impl JsonSchema for ResponseEvent {
    fn schema_name() -> Cow<'static, str> {
        "ResponseStreamEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut one = |(kind, members): &(&'static str, &'static [&'static str])| {
            let required: Vec<_> = ["type", "sequence_number"].iter().chain(*members).collect();
            let mut properties = json!({"type": {"const": kind}, "sequence_number": {"type": "integer", "minimum": 0}});
            for member in *members {
                properties[*member] = member_of_event(member, generator);
            }
            json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
        };
        let events: Vec<_> = EVENTS.iter().map(&mut one).collect();
        json_schema!({"description": "An event of a response; `type` is the name of the event, too.", "oneOf": events})
    }
}

fn member_of_event(member: &str, generator: &mut SchemaGenerator) -> Value {
    match member {
        "response" => reference::<ResponseObject<'static>>(generator),
        "item" => reference::<parts::OutputItem>(generator),
        "part" => json!({"anyOf": [
            reference::<parts::OutputContent>(generator),
            reference::<parts::OutputSummary>(generator),
        ]}),
        "annotation" => reference::<parts::OutputAnnotation>(generator),
        "logprobs" => reference::<Vec<parts::OutputLogprob>>(generator),
        "code" | "param" => json!({"type": ["string", "null"]}),
        index if index.ends_with("_index") => json!({"type": "integer", "minimum": 0}),
        _ => json!({"type": "string"}),
    }
}
