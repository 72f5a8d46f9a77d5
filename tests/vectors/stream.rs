//! What a streamed answer adds up to, however it was cut into chunks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Adds up chunks of chat completions: one object per choice, the usage, the error or the end.
pub fn add_up(chunks: &[Value]) -> Value {
    let mut choices: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut whole = json!({"ended": false});
    for chunk in chunks {
        match chunk {
            Value::String(text) if text == "[DONE]" => whole["ended"] = true.into(),
            Value::String(_) => {}
            chunk if !chunk["error"].is_null() => {
                whole["error"] = json!({"type": chunk["error"]["type"], "code": chunk["error"]["code"]});
            }
            chunk => {
                if !chunk["usage"].is_null() {
                    whole["usage"] = chunk["usage"].clone();
                }
                for choice in chunk["choices"].as_array().into_iter().flatten() {
                    let index = choice["index"].as_u64().unwrap_or_default();
                    add_choice(choices.entry(index).or_default(), choice);
                }
            }
        }
    }
    whole["choices"] = choices.into_values().map(Value::Object).collect();
    whole
}

fn add_choice(into: &mut Map<String, Value>, choice: &Value) {
    let delta = &choice["delta"];
    for name in ["content", "reasoning_content", "refusal", "text"] {
        let more = if name == "text" { &choice["text"] } else { &delta[name] };
        if let Some(more) = more.as_str().filter(|more| !more.is_empty()) {
            append(into, name, more);
        }
    }
    for call in delta["tool_calls"].as_array().into_iter().flatten() {
        let calls = into.entry("tool_calls").or_insert_with(|| json!([]));
        add_call(calls.as_array_mut().unwrap(), call);
    }
    for (name, value) in [("finish_reason", &choice["finish_reason"]), ("annotations", &delta["annotations"])] {
        if !value.is_null() {
            into.insert(name.into(), value.clone());
        }
    }
}

fn add_call(calls: &mut Vec<Value>, call: &Value) {
    let index = call["index"].as_u64().unwrap_or_default() as usize;
    while calls.len() <= index {
        calls.push(json!({"arguments": ""}));
    }
    let known = calls[index].as_object_mut().unwrap();
    for (name, value) in [("id", &call["id"]), ("name", &call["function"]["name"])] {
        if !value.is_null() {
            known.insert(name.into(), value.clone());
        }
    }
    if let Some(more) = call["function"]["arguments"].as_str() {
        append(known, "arguments", more);
    }
    if !call["extra_content"].is_null() {
        known.insert("extra_content".into(), call["extra_content"].clone());
    }
}

fn append(into: &mut Map<String, Value>, name: &str, more: &str) {
    let known = into.get(name).and_then(Value::as_str).unwrap_or_default();
    into.insert(name.into(), format!("{known}{more}").into());
}

/// Takes server-sent events apart: the data of each, as JSON where it is JSON.
pub fn events(body: &str) -> Vec<Value> {
    let frames = body.split("\n\n").filter(|frame| !frame.is_empty() && !frame.starts_with(':'));
    let data = frames.filter_map(|frame| frame.lines().find_map(|line| line.strip_prefix("data: ")));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect()
}

/// Reduces the events of a Responses stream: runs of deltas are joined, numbers of the sequence left out.
pub fn responses(events: &[Value]) -> Value {
    let mut joined: Vec<Value> = Vec::new();
    for event in events {
        let mut event = event.clone();
        if let Some(event) = event.as_object_mut() {
            event.remove("sequence_number");
        }
        match joined.last_mut() {
            Some(last) if last["type"] == event["type"] && event["delta"].is_string() => {
                let text = format!("{}{}", last["delta"].as_str().unwrap(), event["delta"].as_str().unwrap());
                last["delta"] = text.into();
            }
            _ => joined.push(event),
        }
    }
    joined.into()
}
