//! What holds for every fixture: pieces do not matter, a cut is an error, a stream adds up to its whole reply.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    errors::{ERRORS, body_of},
    streams::{BROKEN, COMPLETE, complete},
    support::{adapter_of, decode, dialect_of, run},
};
use crate::providers::{
    adapter::{Adapter, Memo, Reply},
    openai::{Dialect, OpenAiAdapter},
    testing::{
        damage::damaged,
        files::fixture,
        streams::{check_cuts, check_splits, fold, sse_body},
    },
};

#[test]
fn any_split_gives_the_same_events() {
    for name in &complete().into_iter().chain(BROKEN.iter().map(|(name, _)| (*name).to_owned())).collect::<Vec<_>>() {
        let (body, _) = sse_body(&fixture(name)["provider"]);
        check_splits(name, &adapter_of(name), &Memo::default(), &body);
    }
}

#[test]
fn a_cut_is_an_error() {
    for name in &complete() {
        let side = &fixture(name)["provider"];
        let (body, ends) = sse_body(side);
        let chunks = side["chunks"].as_array().expect("chunks");
        // With a finish reason the answer is whole: no server promises the end mark.
        let last = chunks.iter().position(|chunk| chunk["choices"][0]["finish_reason"].is_string()).expect("a reason");
        check_cuts(name, &adapter_of(name), &Memo::default(), &body, ends[last]);
    }
}

/// Composes the whole reply a server would have given instead of these chunks.
fn whole_reply(chunks: &[Value]) -> Value {
    let chunks: Vec<_> = chunks.iter().filter(|chunk| chunk.is_object() && chunk["id"] != "").collect();
    let mut reply = json!({});
    let (mut message, mut finish) = (json!({"role": "assistant"}), Value::Null);
    for chunk in chunks {
        for (name, value) in chunk.as_object().expect("an object") {
            let once = matches!(name.as_str(), "id" | "created" | "model") && !reply[name].is_null();
            if name != "choices" && !once && !value.is_null() {
                reply[name] = value.clone();
            }
        }
        let choice = &chunk["choices"][0];
        if finish.is_null() {
            finish = choice["finish_reason"].clone();
        }
        for (name, value) in choice["delta"].as_object().into_iter().flatten() {
            match value {
                Value::String(text) if name != "role" => {
                    message[name] = json!(message[name].as_str().unwrap_or_default().to_owned() + text);
                }
                Value::Array(calls) => calls.iter().for_each(|call| add_call(&mut message, call)),
                _ => {}
            }
        }
    }
    reply["object"] = json!("chat.completion");
    reply["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish}]);
    reply
}

fn add_call(message: &mut Value, call: &Value) {
    if !message["tool_calls"].is_array() {
        message["tool_calls"] = json!([]);
    }
    let calls = message["tool_calls"].as_array_mut().expect("a list");
    let index = call["index"].as_u64().expect("an index") as usize;
    if calls.len() == index {
        calls.push(call.clone());
    } else {
        let before = calls[index]["function"]["arguments"].as_str().expect("a text").to_owned();
        calls[index]["function"]["arguments"] = json!(before + call["function"]["arguments"].as_str().expect("a text"));
    }
}

#[test]
fn a_stream_adds_up_to_its_whole_reply() {
    for name in COMPLETE {
        let side = &fixture(name)["provider"];
        let adapter = adapter_of(name);
        let (events, _) = run(&adapter, &sse_body(side).0, usize::MAX);
        let body = whole_reply(side["chunks"].as_array().expect("chunks")).to_string();
        let whole = decode(&adapter, &body).unwrap_or_else(|e| panic!("{name}: {e}: {body}"));
        let (mut streamed, mut whole) = (fold(&events).expect("finished"), fold(&whole).expect("finished"));
        // A stream names the tier it has at its start; Groq tells it later.
        (streamed.service_tier, whole.service_tier) = Default::default();
        assert_eq!(streamed, whole, "{name}");
    }
}

fn bodies() -> Vec<Vec<u8>> {
    let streams = complete().into_iter().map(|name| sse_body(&fixture(&name)["provider"]).0);
    let wholes = COMPLETE.iter().map(|name| {
        let side = &fixture(name)["provider"];
        whole_reply(side["chunks"].as_array().expect("chunks")).to_string().into_bytes()
    });
    let errors = ERRORS.iter().map(|(name, _)| body_of(&fixture(name)["provider"]).into_bytes());
    streams.chain(wholes).chain(errors).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics(
        body in damaged(bodies()),
        dialect in prop::sample::select(vec![
            Dialect::OPENAI, Dialect::XAI, Dialect::SONAR, Dialect::GENERIC, dialect_of("vendors/deepseek/"),
        ]),
        size in 1usize..200,
        status in 100u16..600,
    ) {
        let adapter = OpenAiAdapter::new(dialect);
        let (events, result) = run(&adapter, &body, size);
        let finished = fold(&events).is_some();
        prop_assert_eq!(finished, result.is_ok(), "finished exactly when it succeeded");
        let reply = Reply { status, headers: &http::HeaderMap::new(), body: &body };
        if let Ok(events) = adapter.decode(&Memo::default(), reply) {
            prop_assert!(fold(&events).is_some());
        }
        adapter.decode_error(reply);
    }
}
