//! Reads the fixtures and brings both of their sides to one form.

use serde_json::{Value, json};

use crate::{
    domain::{chat::Part, completion::ChatCompletion},
    providers::{
        adapter::Memo,
        testing::{answer::reason_name, files},
    },
};

/// Fixtures of what the adapter has no side of, each with the reason.
pub const NOT_OURS: &[(&str, &str)] = &[
    ("err_tls_unknown_issuer", "a failure of the connection, without any bytes to read; the driver's"),
    ("req_tokens_count", "the contract does not count tokens ahead of a request"),
    ("resp_tokens_count", "the contract does not count tokens ahead of a request"),
    ("resp_balance", "the contract does not ask for balances"),
];

/// Returns every fixture of ours whose name begins so, in the order of their names, and says how many.
pub fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    let mut found = files::fixtures("gigachat", prefix);
    found.retain(|(name, _)| !NOT_OURS.iter().any(|(other, _)| other == name));
    println!("{prefix}: {} fixtures", found.len());
    assert!(!found.is_empty(), "no fixtures {prefix}");
    found
}

pub fn fixture(name: &str) -> Value {
    files::fixture(&format!("gigachat/{name}"))
}

/// Returns what the reader of an answer knows in a fixture: whether a function stands for the answer.
pub fn memo(name: &str) -> Memo {
    Memo { answer_tool: name.contains("structured").then(|| "out".to_owned()), ..Memo::default() }
}

/// Returns what both sides must agree on.
pub fn summary(completion: &ChatCompletion) -> Value {
    let choice = &completion.choices[0];
    assert_eq!(completion.choices.len(), 1);
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &choice.message.parts {
        match part {
            Part::Text(more) => text += more,
            Part::Reasoning(more) => reasoning += more,
            Part::ToolCall(call) => calls.push(json!([call.id, call.name, call.arguments])),
            Part::ProviderState(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    let finish = reason_name(choice.finish_reason);
    let usage = completion
        .usage
        .as_ref()
        .map(|u| json!([u.input_tokens, u.output_tokens, u.total_tokens, u.cached_input_tokens]));
    json!({
        "model": completion.model, "created": completion.created, "text": text, "reasoning": reasoning,
        "calls": calls, "finish": finish, "usage": usage,
    })
}

/// Returns the client's side of a fixture in the same form: one body, or the chunks of a stream.
pub fn expected(chunks: &[Value], choice_member: &str) -> Value {
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    let (mut finish, mut usage) = (Value::Null, Value::Null);
    for chunk in chunks {
        let choice = &chunk["choices"][0];
        let message = &choice[choice_member];
        text += message["content"].as_str().unwrap_or_default();
        reasoning += message["reasoning_content"].as_str().unwrap_or_default();
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            calls.push(json!([call["id"], call["function"]["name"], call["function"]["arguments"]]));
        }
        // The edge gives clients of 2023 the call without its id.
        if let Value::Object(call) = &message["function_call"] {
            calls.push(json!(["call_0f3c1d52-7a7e-4a55-9d61-2f1d5f6b8a01", call["name"], call["arguments"]]));
        }
        match choice["finish_reason"].as_str() {
            Some("function_call") => finish = json!("tool_calls"),
            Some(reason) => finish = json!(reason),
            None => {}
        }
        if let Value::Object(_) = &chunk["usage"] {
            let u = &chunk["usage"];
            let cached = &u["prompt_tokens_details"]["cached_tokens"];
            usage = json!([u["prompt_tokens"], u["completion_tokens"], u["total_tokens"], cached]);
        }
    }
    json!({
        "model": chunks[0]["model"], "created": chunks[0]["created"], "text": text, "reasoning": reasoning,
        "calls": calls, "finish": finish, "usage": usage,
    })
}

#[test]
fn no_fixture_is_forgotten() {
    let read = ["err_", "req_", "resp_", "stream_", "table_finish_reasons"].map(|prefix| fixtures(prefix).len());
    let all = files::fixtures("gigachat", "").len();
    assert_eq!(read.iter().sum::<usize>() + NOT_OURS.len(), all);
    println!("{all} fixtures, {} of them not ours", NOT_OURS.len());
}
