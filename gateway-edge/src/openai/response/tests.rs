//! Whole answers: the response vectors, built from the contract, compared as JSON.

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::*;

fn part(content: Content) -> pb::Part {
    pb::Part { content: Some(content) }
}

fn text(text: &str) -> pb::Part {
    part(Content::Text(pb::TextPart { text: text.into() }))
}

fn call(id: &str, name: &str, arguments: &str, kind: pb::ToolKind) -> pb::Part {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    part(Content::ToolCall(pb::ToolCall { id, name, arguments, kind: kind.into() }))
}

fn answer(index: u32, parts: Vec<pb::Part>, reason: pb::FinishReason) -> pb::Choice {
    let message = Some(pb::Message { role: pb::Role::Assistant.into(), parts, name: String::new() });
    pb::Choice { index, message, finish_reason: reason.into(), ..pb::Choice::default() }
}

fn completion(choices: Vec<pb::Choice>) -> pb::ChatCompletion {
    pb::ChatCompletion {
        id: "chatcmpl-A1".into(),
        create_time: Some(Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        model: "m-1".into(),
        choices,
        ..pb::ChatCompletion::default()
    }
}

fn json_of(completion: &pb::ChatCompletion) -> Value {
    serde_json::from_slice(&write(completion, false)).unwrap()
}

/// Returns the choices of a vector.
fn vector(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    vector["openai"]["body"]["choices"].clone()
}

#[test]
fn choices_are_the_vectors() {
    use pb::{FinishReason as F, ToolKind as K};
    let mut cited = answer(0, vec![text("Oslo is cold [1].")], F::Stop);
    cited.citations = vec![pb::Citation {
        url: "https://w.example/oslo".into(),
        title: "Oslo".into(),
        span: Some(pb::TextSpan { start: 0, end: 12 }),
        ..pb::Citation::default()
    }];
    let mut spoken = answer(0, vec![], F::Stop);
    spoken.audio = Some(pb::AudioDelta {
        id: "audio_9f".into(),
        data: "RIFF".into(),
        transcript: "Hello".into(),
        expire_time: Some(Timestamp { seconds: 1_790_003_600, nanos: 0 }),
    });
    let refusal = part(Content::Refusal(pb::RefusalPart { text: "I can't help with that.".into() }));
    let rows = [
        ("resp-01-text", vec![answer(0, vec![text("Two.")], F::Stop)]),
        (
            "resp-02-tool-calls",
            vec![answer(
                0,
                vec![
                    call("call_k1", "get_weather", r#"{"town":"Oslo"}"#, K::Function),
                    call("call_k2", "get_weather", r#"{"town":"Rome"}"#, K::Unspecified),
                ],
                F::ToolCalls,
            )],
        ),
        ("resp-03-refusal", vec![answer(0, vec![refusal], F::Stop)]),
        ("resp-06-web-annotations", vec![cited]),
        (
            "resp-08-n2-length-and-filter",
            vec![answer(0, vec![text("one"), text(" two")], F::Length), answer(1, vec![], F::ContentFilter)],
        ),
        (
            "resp-09-custom-tool-call",
            vec![answer(0, vec![call("call_c", "run_sql", "select 1", K::Custom)], F::ToolCalls)],
        ),
        ("resp-10-audio", vec![spoken]),
    ];
    for (name, choices) in rows {
        assert_eq!(json_of(&completion(choices))["choices"], vector(name), "{name}");
    }
}

#[test]
fn the_outside_of_an_answer() {
    let mut whole = completion(vec![answer(0, vec![text("a")], pb::FinishReason::Stop)]);
    let bare = json_of(&whole);
    let keys: Vec<&String> = bare.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["choices", "created", "id", "model", "object"]);
    assert_eq!(bare["created"], 1_790_000_000);

    whole.usage = Some(pb::Usage {
        input_tokens: Some(13),
        output_tokens: Some(3),
        cached_input_tokens: Some(4),
        reasoning_tokens: Some(0),
        ..pb::Usage::default()
    });
    whole.service_tier = "flex".into();
    whole.provider_metadata = r#"{"b":1.10,"a":2}"#.into();
    whole.warnings = vec![pb::Warning { field: "prompt.top_k".into(), action: 1, message: "m".into() }];
    let full = json_of(&whole);
    let usage = json!({"prompt_tokens": 13, "completion_tokens": 3, "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 0}});
    assert_eq!((&full["usage"], &full["service_tier"]), (&usage, &json!("flex")));
    assert_eq!(full["warnings"], json!([{"field": "top_k", "action": "dropped", "message": "m"}]));
    assert!(String::from_utf8(write(&whole, false)).unwrap().contains(r#""provider_metadata":{"b":1.10,"a":2}"#));
}

#[test]
fn reasoning_state_and_logprobs() {
    let state = |id: &str, provider: &str, kind: &str| {
        part(Content::ProviderState(pb::ProviderState {
            provider: provider.into(),
            kind: kind.into(),
            data: "opaque".into(),
            tool_call_id: id.into(),
            key_scope: "k1".into(),
        }))
    };
    let parts = vec![
        part(Content::Reasoning(pb::ReasoningPart { text: "hm".into() })),
        state("c1", "google", "thought_signature"),
        call("c1", "f", "{}", pb::ToolKind::Function),
        state("", "gigachat", "functions_state_id"),
    ];
    let mut choice = answer(0, parts, pb::FinishReason::ToolCalls);
    choice.logprobs = vec![pb::TokenLogprob { token: "a".into(), logprob: -0.5, ..pb::TokenLogprob::default() }];
    let json = json_of(&completion(vec![choice]));
    let message = &json["choices"][0]["message"];
    assert_eq!(message["reasoning_content"], "hm");
    let whole = |provider: &str, kind: &str| json!({"states": [{"provider": provider, "key_scope": "k1", "kind": kind, "data": "b3BhcXVl"}]});
    assert_eq!(message["extra_content"], json!({"gateway": whole("gigachat", "functions_state_id")}));
    let of_call = &message["tool_calls"][0]["extra_content"];
    assert_eq!(of_call["gateway"], whole("google", "thought_signature"));
    // The order of parts does not matter: a state may come before its call.
    assert_eq!(message["extra_content"].get("google"), None);
    assert_eq!(message["tool_calls"][0]["extra_content"]["google"]["thought_signature"], "b3BhcXVl");
    assert_eq!(json["choices"][0]["logprobs"]["refusal"], Value::Null);
    assert_eq!(json["choices"][0]["logprobs"]["content"][0]["logprob"], -0.5);
}

#[test]
fn legacy_callers_get_a_function_call() {
    let choice = answer(0, vec![call("c1", "f", "{}", pb::ToolKind::Function)], pb::FinishReason::ToolCalls);
    let json: Value = serde_json::from_slice(&write(&completion(vec![choice]), true)).unwrap();
    let choice = &json["choices"][0];
    assert_eq!(choice["finish_reason"], "function_call");
    assert_eq!(choice["message"]["function_call"], json!({"name": "f", "arguments": "{}"}));
    assert!(choice["message"].get("tool_calls").is_none());
}
