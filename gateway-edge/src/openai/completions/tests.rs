//! The vectors of text completions on both sides, and what they leave out.

use bytes::BytesMut;
use pb::{part::Content, stream_chat_completion_response::Event as E};
use serde_json::{Value, json};

use super::*;
use crate::{error::Failure, openai::EventWriter, pb};

fn vector(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn read(body: Value) -> Result<CompletionCall, Failure> {
    parse(&serde_json::to_vec(&body).unwrap())
}

fn usage(input: u64, output: u64) -> Option<pb::Usage> {
    let (input_tokens, output_tokens) = (Some(input), Some(output));
    Some(pb::Usage { input_tokens, output_tokens, total_tokens: Some(input + output), ..pb::Usage::default() })
}

fn created() -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 })
}

fn answer(text: &str) -> pb::ChatCompletion {
    let part = pb::Part { content: Some(Content::Text(pb::TextPart { text: text.into() })) };
    let message = Some(pb::Message { role: 4, parts: vec![part], name: String::new() });
    let choices = vec![pb::Choice { message, finish_reason: 1, ..pb::Choice::default() }];
    pb::ChatCompletion { create_time: created(), choices, usage: usage(5, 1), ..pb::ChatCompletion::default() }
}

fn stream(call: CompletionCall, events: Vec<(u32, E)>) -> Vec<Value> {
    let mut writer = CompletionWriter::new(call.shape, "cmpl-2".into());
    let mut out = BytesMut::new();
    for (choice_index, event) in events {
        let event = pb::StreamChatCompletionResponse { sequence: 0, choice_index, event: Some(event) };
        writer.feed(event, &mut out).unwrap();
    }
    assert!(writer.is_over());
    let text = String::from_utf8(out.to_vec()).unwrap();
    let text = text.strip_suffix("data: [DONE]\n\n").unwrap();
    text.split_terminator("\n\n").map(|f| serde_json::from_str(f.strip_prefix("data: ").unwrap()).unwrap()).collect()
}

fn started() -> E {
    E::Started(pb::ChatStarted { create_time: created(), ..pb::ChatStarted::default() })
}

fn text(text: &str) -> E {
    E::TextDelta(pb::TextDelta { text: text.into(), logprobs: vec![] })
}

fn finished() -> E {
    E::Finished(pb::ChatFinished { reason: 1, usage: usage(5, 1), ..pb::ChatFinished::default() })
}

#[test]
fn each_prompt_is_a_chat_as_in_the_vector() {
    let vector = vector("compl-01-legacy-array-prompt");
    let call = read(vector["openai"]["body"].clone()).unwrap();
    let expected: Vec<pb::ChatPrompt> = vector["provider"]["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| crate::openai::parse(&serde_json::to_vec(&request["body"]).unwrap()).unwrap().prompt)
        .collect();
    assert_eq!(call.chats, expected);
}

#[test]
fn a_whole_answer_is_the_vector() {
    let call = read(json!({"model": "gpt-4o-mini", "prompt": ["Say A", "Say B"]})).unwrap();
    let body = write(&[answer("A"), answer("B")], &call.shape, "cmpl-1");
    let ours: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(ours, vector("compl-02-legacy-response")["openai"]["body"]);
}

#[test]
fn a_stream_is_the_vector() {
    let call = read(json!({"model": "gpt-4o-mini", "prompt": "Say A", "stream": true})).unwrap();
    let ours = stream(call, vec![(0, started()), (0, text("A")), (0, finished())]);
    assert_eq!(Value::from(ours), vector("compl-03-legacy-stream")["openai"]["chunks"]);
}

#[test]
fn prompts_come_one_after_the_other_in_a_stream() {
    let options = json!({"include_usage": true});
    let body =
        json!({"model": "m", "prompt": ["p", "q"], "n": 2, "echo": true, "stream": true, "stream_options": options});
    let one = |said: &str| vec![(0, started()), (0, text(said)), (1, text(said)), (0, finished())];
    let frames = stream(read(body).unwrap(), [one("a"), one("b")].concat());
    let mut texts = vec![String::new(); 4];
    for choice in frames.iter().filter_map(|frame| frame["choices"].get(0)) {
        texts[choice["index"].as_u64().unwrap() as usize].push_str(choice["text"].as_str().unwrap());
    }
    assert_eq!(texts, ["pa", "pa", "qb", "qb"]);
    let last = frames.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(12)));
    assert!(frames[..frames.len() - 1].iter().all(|frame| frame["usage"].is_null()));
    assert_eq!(frames.iter().filter(|frame| frame["choices"][0]["finish_reason"] == "stop").count(), 4);
}

#[test]
fn log_probabilities_are_four_lists() {
    let call = read(json!({"model": "m", "prompt": "p", "logprobs": 2, "max_tokens": null})).unwrap();
    assert_eq!((call.chats[0].logprobs, call.chats[0].top_logprobs), (Some(true), Some(2)));
    assert_eq!(call.chats[0].max_output_tokens, Some(16));
    let mut completion = answer("ab");
    let token = |text: &str| pb::TokenLogprob { token: text.into(), logprob: -0.5, ..pb::TokenLogprob::default() };
    completion.choices[0].logprobs = vec![token("a"), token("b")];
    let ours: Value = serde_json::from_slice(&write(&[completion], &call.shape, "cmpl-1")).unwrap();
    let expected =
        json!({"tokens": ["a", "b"], "token_logprobs": [-0.5, -0.5], "top_logprobs": [{}, {}], "text_offset": [0, 1]});
    assert_eq!(ours["choices"][0]["logprobs"], expected);
}

#[test]
fn refusals_name_their_parameter() {
    #[rustfmt::skip]
    let rows = [
        (json!({"prompt": [1, 2]}), "unsupported_parameter", "prompt"),
        (json!({"prompt": [[1], [2]]}), "unsupported_parameter", "prompt"),
        (json!({"prompt": {"a": 1}}), "invalid_value", "prompt"),
        (json!({"prompt": []}), "empty_array", "prompt"),
        (json!({"prompt": null}), "missing_required_parameter", "prompt"),
        (json!({"suffix": "x"}), "unsupported_parameter", "suffix"),
        (json!({"best_of": 2}), "unsupported_parameter", "best_of"),
        (json!({"echo": true, "logprobs": 1}), "unsupported_parameter", "echo"),
        (json!({"logprobs": 6}), "invalid_value", "logprobs"),
        (json!({"prompt": ["a", "b"], "n": 128}), "invalid_value", "prompt"),
    ];
    for (extra, code, param) in rows {
        let mut body = json!({"model": "m", "prompt": "x"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let failure = read(body).unwrap_err();
        assert_eq!((failure.code(), failure.param()), (Some(code), Some(param)), "{extra}");
    }
}
