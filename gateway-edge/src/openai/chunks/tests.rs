//! The rules that measured clients impose on a stream, one test each, and the stream vectors.

use pb::stream_chat_completion_response::Event as E;
use serde_json::{Value, json};

use super::*;

fn event(choice_index: u32, event: E) -> pb::StreamChatCompletionResponse {
    pb::StreamChatCompletionResponse { sequence: 0, choice_index, event: Some(event) }
}

fn started() -> E {
    E::Started(pb::ChatStarted {
        completion_id: "chatcmpl-S".into(),
        model: "m-1".into(),
        provider: "google".into(),
        create_time: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 5 }),
        service_tier: String::new(),
    })
}

fn text(text: &str) -> E {
    E::TextDelta(pb::TextDelta { text: text.into(), logprobs: vec![] })
}

fn tool(tool_call_index: u32, id: &str, name: &str) -> E {
    E::ToolCallStarted(pb::ToolCallStarted { tool_call_index, id: id.into(), name: name.into(), kind: 1 })
}

fn arguments(tool_call_index: u32, arguments: &str) -> E {
    E::ToolCallArgumentsDelta(pb::ToolCallArgumentsDelta { tool_call_index, arguments: arguments.into() })
}

fn finished(reason: pb::FinishReason) -> pb::ChatFinished {
    let usage = pb::Usage {
        input_tokens: Some(13),
        output_tokens: Some(3),
        total_tokens: Some(16),
        cached_input_tokens: Some(0),
        ..pb::Usage::default()
    };
    pb::ChatFinished { reason: reason.into(), usage: Some(usage), ..pb::ChatFinished::default() }
}

fn writer(include_usage: bool) -> ChunkWriter {
    ChunkWriter::new(include_usage, false, "chatcmpl-fallback".into())
}

fn feed(writer: &mut ChunkWriter, events: Vec<pb::StreamChatCompletionResponse>) -> String {
    let mut out = BytesMut::new();
    for event in events {
        writer.feed(event, &mut out).unwrap();
    }
    String::from_utf8(out.to_vec()).unwrap()
}

/// Splits frames and checks the framing: one `data:` line and one blank line each.
fn frames(stream: &str) -> Vec<Value> {
    assert!(stream.is_empty() || stream.ends_with("\n\n"));
    let frame = |frame: &str| {
        assert!(!frame.contains('\n'), "{frame}");
        let data = frame.strip_prefix("data: ").unwrap();
        if data == "[DONE]" { json!("[DONE]") } else { serde_json::from_str(data).unwrap() }
    };
    stream.split_terminator("\n\n").map(frame).collect()
}

fn run(include_usage: bool, events: Vec<pb::StreamChatCompletionResponse>) -> Vec<Value> {
    frames(&feed(&mut writer(include_usage), events))
}

fn deltas(frames: &[Value]) -> Vec<Value> {
    frames.iter().filter(|f| f["choices"][0].is_object()).map(|f| f["choices"][0]["delta"].clone()).collect()
}

fn fixture(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    vector["openai"]["chunks"].as_array().unwrap().clone()
}

/// Removes what a vector may have and we leave out by choice, and ids that differ.
fn comparable(mut frames: Vec<Value>) -> Vec<Value> {
    for frame in &mut frames {
        let Some(frame) = frame.as_object_mut() else { continue };
        for key in ["id", "model", "service_tier", "system_fingerprint"] {
            frame.remove(key);
        }
        if let Some(choice) = frame.get_mut("choices").and_then(|choices| choices.get_mut(0)) {
            choice.as_object_mut().unwrap().remove("logprobs");
        }
        if let Some(usage) = frame.get_mut("usage").and_then(Value::as_object_mut) {
            usage.retain(|key, _| key.ends_with("_tokens"));
        }
    }
    frames.retain(|frame| frame != "[DONE]");
    frames
}

#[test]
fn text_with_usage_is_the_vector() {
    let events = || {
        vec![
            event(0, started()),
            event(0, text("Two")),
            event(0, text(".")),
            event(0, E::Usage(pb::Usage::default())),
            event(0, E::Finished(finished(pb::FinishReason::Stop))),
        ]
    };
    let frames = run(true, events());
    assert_eq!(frames.last().unwrap(), "[DONE]");
    assert_eq!(comparable(frames.clone()), comparable(fixture("stream-01-text-usage")));
    for frame in &frames[..frames.len() - 1] {
        assert_eq!((&frame["id"], &frame["created"]), (&json!("chatcmpl-S"), &json!(1_790_000_000)));
        assert_eq!((&frame["object"], &frame["model"]), (&json!("chat.completion.chunk"), &json!("m-1")));
    }
    let without = run(false, events());
    assert_eq!(comparable(without.clone()), comparable(fixture("stream-02-usage-swallowed")));
    assert!(without.iter().all(|frame| frame.get("usage").is_none()));
}

#[test]
fn an_end_without_usage_is_the_vector() {
    let events = vec![started(), text("Two"), E::Finished(finished(pb::FinishReason::Stop))];
    let frames = run(false, events.into_iter().map(|what| event(0, what)).collect());
    assert_eq!(frames.last().unwrap(), "[DONE]");
    assert_eq!(comparable(frames), comparable(fixture("stream-09-no-done-but-finished")));
}

#[test]
fn exact_bytes_of_a_text_delta() {
    let mut w = writer(false);
    let _ = feed(&mut w, vec![event(0, started()), event(0, text("a"))]);
    let bytes = feed(&mut w, vec![event(0, text("é\"\n\u{1}😀"))]);
    assert_eq!(
        bytes,
        "data: {\"id\":\"chatcmpl-S\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"m-1\",\
         \"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\\\"\\n\\u0001😀\"},\"finish_reason\":null}]}\n\n"
    );
}

#[test]
fn parallel_tools_are_the_vector() {
    let frames = run(
        true,
        vec![
            event(0, started()),
            event(0, tool(0, "call_k1", "get_weather")),
            event(0, arguments(0, "{\"to")),
            event(0, arguments(0, "wn\":\"Oslo\"}")),
            event(0, tool(1, "call_k2", "get_weather")),
            event(0, tool(1, "call_k2", "get_weather")),
            event(0, arguments(1, "")),
            event(0, arguments(1, "{\"town\":\"Rome\"}")),
            event(0, E::Finished(finished(pb::FinishReason::ToolCalls))),
        ],
    );
    let (ours, theirs) = (comparable(frames), comparable(fixture("stream-03-parallel-tools")));
    let last = ours.len() - 1;
    assert_eq!(ours[..last], theirs[..last]);
}

#[test]
fn refusal_is_the_vector() {
    let refusal = |text: &str| E::RefusalDelta(pb::RefusalDelta { text: text.into(), logprobs: vec![] });
    let frames = run(
        true,
        vec![
            event(0, started()),
            event(0, refusal("I can't")),
            event(0, refusal(" help.")),
            event(0, E::Finished(finished(pb::FinishReason::Stop))),
        ],
    );
    let (ours, theirs) = (comparable(frames), comparable(fixture("stream-05-refusal")));
    assert_eq!(ours[..4], theirs[..4]);
}

#[test]
fn failures_are_one_frame_and_no_done() {
    for (name, failure) in [
        ("stream-07-error-midway", Failure::new(http::StatusCode::BAD_GATEWAY, "x").with_code("upstream_error")),
        ("stream-08-upstream-cut", Failure::incomplete()),
    ] {
        let mut w = writer(false);
        let mut out = BytesMut::new();
        for event in [event(0, started()), event(0, text("Tw"))] {
            w.feed(event, &mut out).unwrap();
        }
        w.fail(&failure, &mut out);
        assert!(w.is_over());
        w.fail(&failure, &mut out);
        w.feed(event(0, text("late")), &mut out).unwrap();
        let (mut ours, mut theirs) =
            (comparable(frames(std::str::from_utf8(&out).unwrap())), comparable(fixture(name)));
        for frames in [&mut ours, &mut theirs] {
            frames.last_mut().unwrap()["error"].as_object_mut().unwrap().remove("message").unwrap();
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn roles_come_once_and_in_order() {
    let mut end = finished(pb::FinishReason::Stop);
    end.other_choices = vec![
        pb::ChoiceFinish { choice_index: 2, reason: pb::FinishReason::Length.into(), native_reason: String::new() },
        pb::ChoiceFinish {
            choice_index: 1,
            reason: pb::FinishReason::ContentFilter.into(),
            native_reason: String::new(),
        },
    ];
    let frames = run(
        false,
        vec![
            event(0, started()),
            event(2, text("c")),
            event(0, text("a")),
            event(2, text("C")),
            event(0, E::Finished(end)),
        ],
    );
    let roles: Vec<_> = frames.iter().filter(|f| f["choices"][0]["delta"].get("role").is_some()).collect();
    let indexes: Vec<_> = roles.iter().map(|f| f["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [0, 1, 2]);
    let ends: Vec<_> = frames
        .iter()
        .filter(|f| f["choices"][0]["finish_reason"].is_string())
        .map(|f| (f["choices"][0]["index"].as_u64().unwrap(), f["choices"][0]["finish_reason"].as_str().unwrap()))
        .collect();
    assert_eq!(ends, [(0, "stop"), (1, "content_filter"), (2, "length")]);
}

#[test]
fn one_kind_of_content_per_delta() {
    let reasoning = E::ReasoningDelta(pb::ReasoningDelta { text: "hm".into() });
    let frames = run(
        false,
        vec![
            event(0, started()),
            event(0, reasoning),
            event(0, text("a")),
            event(0, tool(0, "c", "f")),
            event(0, E::Finished(finished(pb::FinishReason::ToolCalls))),
        ],
    );
    let keys: Vec<Vec<String>> =
        deltas(&frames).iter().map(|d| d.as_object().unwrap().keys().cloned().collect()).collect();
    assert_eq!(keys[0], ["content", "refusal", "role"]);
    assert_eq!(keys[1..], [vec!["reasoning_content"], vec!["content"], vec!["tool_calls"], vec![]]);
}

#[test]
fn silent_events_write_nothing() {
    let warning = pb::Warning { field: "prompt.choice_count".into(), action: 1, message: "left out".into() };
    let mut w = writer(false);
    let silent = vec![
        event(0, E::Attempt(pb::Attempt::default())),
        event(0, E::Warning(warning)),
        event(0, started()),
        event(0, E::Citation(pb::Citation { url: "https://w.example".into(), ..pb::Citation::default() })),
        event(0, E::ProviderState(pb::ProviderState::default())),
        event(0, text("")),
    ];
    assert_eq!(feed(&mut w, silent), "");
    let trail = w.trail();
    assert_eq!((trail.failed_attempts, &*trail.provider, trail.warnings.len()), (1, "google", 1));
    let rest =
        frames(&feed(&mut w, vec![event(0, text("a")), event(0, E::Finished(finished(pb::FinishReason::Stop)))]));
    let end = &rest[2];
    assert_eq!(end["choices"][0]["delta"]["annotations"][0]["url_citation"]["url"], "https://w.example");
    assert_eq!(end["warnings"], json!([{"field": "n", "action": "dropped", "message": "left out"}]));
}

#[test]
fn annotations_and_metadata_come_once_at_the_end() {
    let citation = |n: u32| {
        let span = Some(pb::TextSpan { start: n, end: n + 4 });
        E::Citation(pb::Citation {
            url: format!("https://w.example/{n}"),
            title: "t".into(),
            span,
            ..Default::default()
        })
    };
    let mut end = finished(pb::FinishReason::Stop);
    end.provider_metadata = "{\n\"search\":\r\n[1.10]}".into();
    let events = vec![
        event(0, started()),
        event(0, text("a")),
        event(0, citation(0)),
        event(0, citation(1)),
        event(0, E::Finished(end)),
    ];
    let stream = feed(&mut writer(false), events);
    assert!(stream.contains(r#""provider_metadata":{"search":[1.10]}"#), "{stream}");
    let frames = frames(&stream);
    let with: Vec<_> = deltas(&frames).into_iter().filter(|d| d.get("annotations").is_some()).collect();
    assert_eq!(with.len(), 1);
    let second = json!({"type": "url_citation", "url_citation":
        {"start_index": 1, "end_index": 5, "url": "https://w.example/1", "title": "t"}});
    assert_eq!(with[0]["annotations"][1], second);
}

#[test]
fn no_character_breaks_a_line() {
    let odd = "a\u{2028}b\u{2029}\u{85}\u{b}c’é";
    let stream = feed(&mut writer(false), vec![event(0, started()), event(0, text(odd))]);
    assert!(stream.contains(r"a\u2028b\u2029\u0085\u000bc’é"), "{stream}");
    assert_eq!(frames(&stream)[1]["choices"][0]["delta"]["content"], odd);
}

mod extras;

#[test]
fn broken_contracts_are_failures() {
    for wrong in [event(MAX_CHOICES, text("a")), event(0, arguments(0, "x")), event(7, arguments(0, "x"))] {
        let mut w = writer(false);
        let failure = w.feed(wrong, &mut BytesMut::new()).unwrap_err();
        assert_eq!(failure.code(), Some("upstream_bad_response"));
    }
}

#[test]
fn an_empty_answer_and_a_missing_start_are_still_whole() {
    let frames = run(true, vec![event(0, E::Finished(pb::ChatFinished::default()))]);
    assert_eq!(frames[0]["id"], "chatcmpl-fallback");
    assert_eq!(deltas(&frames), [json!({"role": "assistant", "content": "", "refusal": null}), json!({})]);
    // Nothing is known of usage, so nothing is said.
    assert_eq!((frames.len(), frames[2].as_str()), (3, Some("[DONE]")));
}

/// Prints what one text delta costs: `cargo test --release -p gateway-edge -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement, not a check"]
fn cost_of_a_text_delta() {
    let mut w = writer(false);
    let mut out = BytesMut::with_capacity(8192);
    w.feed(event(0, started()), &mut out).unwrap();
    let rounds = 1_000_000_u32;
    let begin = std::time::Instant::now();
    for _ in 0..rounds {
        w.feed(event(0, text(" token")), &mut out).unwrap();
        if out.len() > 4096 {
            drop(out.split().freeze());
            out.reserve(8192);
        }
    }
    println!("{:?} a delta", begin.elapsed() / rounds);
}
