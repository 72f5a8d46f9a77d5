//! What several operations share, and the longer examples. A test sends the requests and holds the answers against their
//! schemas.

use serde_json::{Value, json};

use super::operation::Parameter;

/// Of a provider key or an entry.
pub const KEY_ID: &str = "0199f0c2-b7a5-7d0e-9c5b-1a2f3d4e5f60";
pub const GATEWAY_KEY_ID: &str = "k7QmZx2VbN4p";
const TIME: &str = "2026-11-23T08:00:00.125Z";

pub const ID: &[&str] = &["x-request-id"];
/// How an answer came about.
pub const MADE: &[&str] = &["x-request-id", "x-gateway-provider", "x-gateway-attempts", "x-gateway-warnings"];
pub const CREATED: &[&str] = &["x-request-id", "location"];
pub const PAGED: &[&str] = &["x-request-id", "x-next-page-token", "link"];

/// Parameters of every list.
pub fn pages() -> [Parameter; 2] {
    let count = json!({"type": "integer", "minimum": 1, "maximum": 1000, "examples": [50]});
    [
        Parameter::query("limit", count, "One page of this size."),
        Parameter::query(
            "page_token",
            json!({"type": "string"}),
            "Where the page begins: `x-next-page-token` of the one before.",
        ),
    ]
}

type Named = Vec<(&'static str, Value)>;

pub fn chats() -> Named {
    let hello = json!([{"role": "user", "content": "Hello"}]);
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    vec![
        ("one message", json!({"model": "sandbox/echo", "messages": hello})),
        (
            "streamed",
            json!({
                "model": "sandbox/echo", "messages": hello, "stream": true, "stream_options": {"include_usage": true},
            }),
        ),
        (
            "with a tool",
            json!({
                "model": "sandbox/tools",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": [{"type": "text", "text": "What is the weather in Hanoi?"}]},
                ],
                "tools": [{"type": "function", "function": {"name": "weather", "parameters": schema}}],
            }),
        ),
    ]
}

pub fn completion() -> Value {
    json!({
        "id": "chatcmpl-0199f0c2", "object": "chat.completion", "created": 1795420800, "model": "sandbox/echo",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "Hello", "refusal": null, "annotations": []},
            "logprobs": null, "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
}

pub fn response_requests() -> Named {
    vec![
        ("a text", json!({"model": "sandbox/echo", "input": "Hello"})),
        (
            "a conversation",
            json!({
                "model": "sandbox/echo", "instructions": "Be brief.",
                "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
            }),
        ),
        ("streamed", json!({"model": "sandbox/echo", "input": "Hello", "stream": true})),
    ]
}

pub fn response() -> Value {
    json!({
        "id": "resp_0199f0c2", "object": "response", "created_at": 1795420800, "status": "completed",
        "error": null, "incomplete_details": null,
        "output": [{
            "type": "message", "id": "msg_0199f0c2_0", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}],
        }],
        "instructions": null, "max_output_tokens": null, "model": "sandbox/echo", "parallel_tool_calls": true,
        "previous_response_id": null, "reasoning": {"effort": null, "summary": null}, "store": false, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "metadata": {},
        "usage": {
            "input_tokens": 1, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2,
        },
    })
}

pub fn text_requests() -> Named {
    vec![
        ("one text", json!({"model": "sandbox/echo", "prompt": "Once upon a time", "max_tokens": 64})),
        ("two texts", json!({"model": "sandbox/echo", "prompt": ["One", "Two"]})),
    ]
}

pub fn text() -> Value {
    json!({
        "id": "cmpl-0199f0c2", "object": "text_completion", "created": 1795420800, "model": "sandbox/echo",
        "choices": [{"text": "Once upon a time", "index": 0, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 4, "total_tokens": 8},
    })
}

pub fn embeddings() -> Value {
    let vector = |index: u32| json!({"object": "embedding", "index": index, "embedding": [0.25, -0.5]});
    json!({
        "object": "list", "data": [vector(0), vector(1)], "model": "sandbox/embed",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    })
}

pub fn model() -> Value {
    json!({
        "id": "sandbox/echo", "object": "model", "created": 0, "owned_by": "sandbox", "context_window": 128_000,
        "capabilities": ["chat", "streaming"], "input_modalities": ["text"],
    })
}

pub fn models() -> Value {
    json!({"object": "list", "data": [model()]})
}

pub fn gateway_key() -> Value {
    json!({
        "id": GATEWAY_KEY_ID, "name": "team", "public_id": GATEWAY_KEY_ID, "is_active": true, "expires_at": "2030-01-01T00:00:00Z",
        "scopes": ["models"], "allowed_models": [], "user_id": "0199f0c2-0000-7000-8000-000000000001", "created_at": TIME,
        "updated_at": TIME, "last_used_at": null,
    })
}

pub fn provider_key() -> Value {
    json!({
        "id": KEY_ID, "provider_name": "google", "provider": "google", "name": "work", "key_hint": "9xQ2", "hint": "9xQ2",
        "fingerprint": "5f0c", "is_active": true, "is_selected": true, "state": "cooling", "state_start_time": TIME,
        "state_end_time": "2026-11-23T08:00:30.125Z", "state_reason": "too many requests", "failure_class": "rate_limit",
        "quota_owner": null, "parameters": {}, "created_at": TIME, "updated_at": TIME, "last_used_at": TIME,
    })
}

pub fn test_result() -> Value {
    json!({
        "provider_key": provider_key(), "verdict": "passed", "failure_class": null, "http_status": 200, "duration_ms": 120,
        "message": "the provider lists 40 models", "upstream_models": ["gemini-3.8-flash"],
    })
}

pub fn imported() -> Value {
    json!({
        "rows": [{
            "line": 2, "verdict": "created", "provider_name": "google", "provider": "google", "name": "work",
            "key_hint": "mple", "hint": "mple", "provider_key_id": KEY_ID, "message": null,
        }],
        "created_count": 1, "duplicate_count": 0, "rejected_count": 0,
    })
}

pub fn entry() -> Value {
    json!({
        "id": KEY_ID, "created_at": TIME, "action": "FAILOVER", "provider_name": "google", "provider": "google",
        "key_id": KEY_ID, "provider_key_id": KEY_ID, "provider_key_name": "work", "next_provider_key_id": null,
        "next_provider_key_name": null, "gateway_key_id": null, "gateway_key_name": null, "model": "google/gemini-3.8-flash",
        "request_id": "req_0199f0c2", "description": "the next key answered", "message": "the next key answered",
        "failure_class": "rate_limit",
        "attempts": [{
            "provider": "google", "model": "gemini-3.8-flash", "key_name": "work", "failure_class": "rate_limit",
            "http_status": 429, "duration_ms": 80, "message": "too many requests",
        }],
    })
}

pub fn usage() -> Value {
    json!({
        "day": "2026-11-23", "key_id": null, "key_name": null, "provider": null, "model": null, "request_count": 3,
        "failed_request_count": 1, "cancelled_request_count": 0, "attempt_count": 4, "input_tokens": 120,
        "output_tokens": 80, "cached_input_tokens": 0, "reasoning_tokens": 0, "estimated_request_count": 0,
        "unmetered_request_count": 0, "nano_usd": 1_200_000, "unpriced_request_count": 0,
    })
}

pub fn messages() -> Named {
    vec![
        ("a message", json!({"message": "Hello", "model": "sandbox/echo"})),
        (
            "with history",
            json!({
                "message": "And in winter?",
                "history": [
                    {"role": "user", "content": "How warm is Hanoi in summer?"},
                    {"role": "model", "content": "About 33 degrees."},
                ],
                "model": "sandbox/echo",
            }),
        ),
    ]
}

/// What is told of every answer's making.
fn made(mut answer: Value) -> Value {
    let counts = json!({
        "input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "cached_input_tokens": null, "reasoning_tokens": null,
        "image_input_tokens": null, "source": "provider",
    });
    let attempt = json!({
        "provider": "sandbox", "model": "echo", "key_name": null, "failure_class": null, "http_status": 200,
        "duration_ms": 3, "message": null,
    });
    answer["id"] = json!("chatcmpl-0199f0c2");
    answer["provider"] = json!("sandbox");
    answer["finish_reason"] = json!("stop");
    answer["usage"] = counts;
    answer["cost"] = json!({"nano_usd": null, "basis": "unpriced"});
    answer["attempts"] = json!([attempt]);
    answer["warnings"] = json!([]);
    answer
}

pub fn generated() -> Value {
    made(json!({"response_text": "Hello", "model_used": "sandbox/echo", "citations": []}))
}

pub fn extracted() -> Value {
    made(json!({
        "filename": "receipt.png", "content_type": "image/png", "extracted_text": "Total 12.50", "model_used": "sandbox/vision",
    }))
}
