//! Reads the fixtures and brings both of their sides to one form.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    domain::{chat::Part, completion::ChatCompletion},
    providers::{
        gemini::signatures::THOUGHT_SIGNATURE,
        testing::{answer::reason_name, files},
    },
};

/// Returns every fixture whose name begins so, in the order of their names.
pub fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    files::fixtures("gemini", prefix)
}

/// Every file is of a kind that a test reads whole. A new kind would fall through all of them.
#[test]
fn every_fixture_is_of_a_known_kind() {
    let kinds = ["err_", "req_", "resp_", "stream_", "table_"].map(|kind| (kind, fixtures(kind).len()));
    println!("vectors that are run: {kinds:?}");
    assert_eq!(kinds.iter().map(|(_, count)| count).sum::<usize>(), fixtures("").len());
}

/// Returns a completion of ours in the form fixtures are compared in.
pub fn summary(completion: &ChatCompletion) -> Value {
    let choice = &completion.choices[0];
    let (mut text, mut reasoning) = (String::new(), String::new());
    let (mut calls, mut signatures) = (Vec::new(), Map::new());
    for part in &choice.message.parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Reasoning(more) => reasoning.push_str(more),
            Part::ToolCall(call) => calls.push(json!([call.id, call.name, call.arguments])),
            Part::ProviderState(state) => {
                assert_eq!((state.provider.as_str(), state.kind.as_str()), ("", THOUGHT_SIGNATURE));
                let signature = STANDARD.encode(&state.data);
                signatures.insert(state.tool_call_id.clone(), signature.into());
            }
            other => panic!("unexpected part {other:?}"),
        }
    }
    let citations: Vec<_> = choice.citations.iter().map(|c| json!([c.url, c.title, c.span])).collect();
    let logprobs: Vec<_> = choice.logprobs.iter().map(|t| json!([t.token, t.logprob, t.top.len()])).collect();
    let finish = reason_name(choice.finish_reason);
    let usage = completion
        .usage
        .as_ref()
        .map(|u| json!([u.input_tokens, u.output_tokens, u.total_tokens, u.cached_input_tokens, u.reasoning_tokens]));
    json!({
        "id": completion.id, "model": completion.model, "text": text, "reasoning": reasoning, "calls": calls,
        "signatures": signatures, "citations": citations, "logprobs": logprobs, "finish": finish, "usage": usage,
    })
}

/// Returns the client's side of a fixture in the same form: one body, or the chunks of a stream.
pub fn expected(chunks: &[Value], choice_member: &str) -> Value {
    let (mut text, mut reasoning) = (String::new(), String::new());
    let (mut calls, mut signatures) = (Vec::new(), Map::new());
    let (mut citations, mut logprobs) = (Vec::new(), Vec::new());
    let (mut finish, mut usage) = (Value::Null, Value::Null);
    for chunk in chunks {
        let choice = &chunk["choices"][0];
        let message = &choice[choice_member];
        text += message["content"].as_str().unwrap_or_default();
        reasoning += message["reasoning_content"].as_str().unwrap_or_default();
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            if let Some(signature) = signature(call) {
                signatures.insert(call["id"].as_str().unwrap().to_owned(), signature);
            }
            calls.push(json!([call["id"], call["function"]["name"], call["function"]["arguments"]]));
        }
        if let Some(signature) = signature(message) {
            signatures.insert(String::new(), signature);
        }
        for annotation in message["annotations"].as_array().into_iter().flatten() {
            let cited = &annotation["url_citation"];
            citations.push(json!([cited["url"], cited["title"], [cited["start_index"], cited["end_index"]]]));
        }
        for token in choice["logprobs"]["content"].as_array().into_iter().flatten() {
            let top = token["top_logprobs"].as_array().unwrap().len();
            logprobs.push(json!([token["token"], token["logprob"], top]));
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
        if let Value::Object(_) = &chunk["usage"] {
            let u = &chunk["usage"];
            let cached = &u["prompt_tokens_details"]["cached_tokens"];
            let thoughts = &u["completion_tokens_details"]["reasoning_tokens"];
            usage = json!([u["prompt_tokens"], u["completion_tokens"], u["total_tokens"], cached, thoughts]);
        }
    }
    json!({
        "id": chunks[0]["id"], "model": chunks[0]["model"], "text": text, "reasoning": reasoning, "calls": calls,
        "signatures": signatures, "citations": citations, "logprobs": logprobs, "finish": finish, "usage": usage,
    })
}

/// Compares, taking wildcards for any value and leaving out what the fixture does not say.
pub fn assert_same(name: &str, mut ours: Value, theirs: Value) {
    for (ours, theirs) in ours["calls"].as_array_mut().unwrap().iter_mut().zip(theirs["calls"].as_array().unwrap()) {
        if theirs[0] == "{{call_id}}" {
            assert_ne!(ours[0], "", "{name}");
            ours[0] = theirs[0].clone();
        }
    }
    if theirs["usage"].is_null() {
        ours["usage"] = Value::Null;
    }
    assert_eq!(ours, theirs, "{name}");
}

fn signature(value: &Value) -> Option<Value> {
    value.pointer("/extra_content/google/thought_signature").cloned()
}
