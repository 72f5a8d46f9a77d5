//! Providers that read pictures: each answers in its own format with the same text.

use serde_json::{Value, json};

use super::upstream::{Act, STREAM_HEAD, Seen, json_reply};

pub const TEXT: &str = "Xin chào 🌍";
/// What GigaChat calls the file that was uploaded last.
pub const FILE_ID: &str = "7d0e5a34-91c2-4f6b-8f0a-1c2d3e4f5a6b";

/// Addresses and keys of all providers behind one upstream.
pub fn settings(url: &str) -> Vec<(&'static str, String)> {
    let at = |path: &str| format!("{url}{path}");
    vec![
        ("GOOGLE_AI_STUDIO_BASE_URL", at("")),
        ("GOOGLE_AI_STUDIO_API_KEY", "upstream-key".to_owned()),
        ("XAI_API_BASE_URL", at("/xai/v1")),
        ("XAI_API_KEY", "upstream-key".to_owned()),
        ("PERPLEXITY_API_BASE_URL", at("")),
        ("PERPLEXITY_API_KEY", "upstream-key".to_owned()),
        ("GIGACHAT_TOKEN_URL", at("/oauth")),
        ("GIGACHAT_CHAT_URL", at("/gigachat/chat/completions")),
        ("GIGACHAT_FILES_URL", at("/gigachat/files")),
        ("GIGACHAT_AUTH_KEY", "upstream-key".to_owned()),
    ]
}

/// A configured provider behind the same upstream, as the file of the configuration has it.
pub fn configuration(url: &str) -> String {
    format!("providers:\n  - name: acme\n    preset: none\n    base_url: {url}/acme/v1\n    api_key: upstream-key\n")
        + "    dialect:\n      extra_body: {own: true}\n"
}

/// Answers whatever was asked.
pub fn answer(seen: &Seen) -> Vec<Act> {
    let path = seen.head.split(' ').nth(1).unwrap_or_default();
    if path.contains("alt=sse") {
        return stream_of(&[gemini(&TEXT[..8], None), gemini(&TEXT[8..], Some("STOP"))]);
    }
    let body = match path {
        "/oauth" => json!({"access_token": "token", "expires_at": 4_000_000_000_000_i64}),
        "/gigachat/files" => json!({"id": FILE_ID, "object": "file"}),
        "/v1/agent" => agent(),
        _ if path.starts_with("/v1beta/") => gemini(TEXT, Some("STOP")),
        _ => completion(),
    };
    vec![Act::Send(json_reply("200 OK", &body.to_string()))]
}

/// A stream of these events, whole.
pub fn stream_of(events: &[Value]) -> Vec<Act> {
    let events = events.iter().map(|event| Act::Send(format!("data: {event}\r\n\r\n").into_bytes()));
    std::iter::once(Act::Send(STREAM_HEAD.into())).chain(events).collect()
}

pub fn gemini(text: &str, reason: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": [{"text": text}]}, "index": 0});
    if let Some(reason) = reason {
        candidate["finishReason"] = reason.into();
    }
    let usage = json!({"promptTokenCount": 1000, "candidatesTokenCount": 5, "totalTokenCount": 1005});
    json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-3.8-flash", "responseId": "r1"})
}

fn completion() -> Value {
    let message = json!({"role": "assistant", "content": TEXT});
    json!({
        "id": "c1", "object": "chat.completion", "created": 1, "model": "seer",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1005},
    })
}

fn agent() -> Value {
    let content = json!([{"type": "output_text", "text": TEXT, "annotations": []}]);
    json!({
        "id": "resp_1", "object": "response", "created_at": 1, "model": "perplexity/sonar", "status": "completed",
        "output": [{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": content}],
        "usage": {"input_tokens": 1000, "output_tokens": 5, "total_tokens": 1005},
    })
}
