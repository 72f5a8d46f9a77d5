//! What only some streams carry: state, log probabilities, audio, deprecated and custom calls.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;

#[test]
fn provider_state_sits_beside_its_call_whenever_it_comes() {
    let state = |id: &str| {
        E::ProviderState(pb::ProviderState {
            provider: "google".into(),
            kind: "thought_signature".into(),
            data: "opaque".into(),
            tool_call_id: id.into(),
            ..pb::ProviderState::default()
        })
    };
    let state_of = |call: Option<&str>| {
        let mut state = json!({"provider": "google", "key_scope": "", "kind": "thought_signature", "data": "b3BhcXVl"});
        call.inspect(|id| state["tool_call_id"] = json!(id));
        state
    };
    let whole = json!({"google": {"thought_signature": "b3BhcXVl"}, "gateway": {"states": [state_of(None)]}});
    let frames = run(
        false,
        vec![
            event(0, started()),
            event(0, state("c1")),
            event(0, tool(0, "c1", "f")),
            event(0, tool(1, "c2", "g")),
            event(0, state("c2")),
            // A second one of the same call: Python's helper cannot join it, so it goes to the message.
            event(0, state("c2")),
            event(0, state("")),
            event(0, E::Finished(finished(pb::FinishReason::ToolCalls))),
        ],
    );
    let deltas = deltas(&frames);
    assert_eq!(deltas[0]["tool_calls"][0]["extra_content"], whole);
    let late = json!([{"index": 1, "function": {"arguments": ""}, "extra_content": whole}]);
    assert_eq!(deltas[2], json!({"tool_calls": late}));
    let rest = json!([state_of(Some("c2")), state_of(None)]);
    let message = json!({"google": {"thought_signature": "b3BhcXVl"}, "gateway": {"states": rest}});
    assert_eq!(deltas[3], json!({"extra_content": message}));
}

#[test]
fn logprobs_ride_on_their_delta() {
    let logprob = pb::TokenLogprob { token: "a".into(), logprob: f64::NEG_INFINITY, ..pb::TokenLogprob::default() };
    let delta = pb::TextDelta { text: "a".into(), logprobs: vec![logprob] };
    let frames = run(false, vec![event(0, started()), event(0, E::TextDelta(delta))]);
    let expected =
        json!({"content": [{"token": "a", "logprob": -9999.0, "bytes": null, "top_logprobs": []}], "refusal": null});
    assert_eq!(frames[1]["choices"][0]["logprobs"], expected);
    assert!(frames[0]["choices"][0].get("logprobs").is_none());
}

#[test]
fn audio_pieces_can_be_joined() {
    let piece = |id: &str, data: &'static [u8], transcript: &str, expiry: i64| {
        E::AudioDelta(pb::AudioDelta {
            id: id.into(),
            data: data.into(),
            transcript: transcript.into(),
            expire_time: (expiry > 0).then_some(prost_types::Timestamp { seconds: expiry, nanos: 0 }),
        })
    };
    let frames = run(
        false,
        vec![
            event(0, started()),
            event(0, piece("audio_1", b"RIFF", "Hel", 0)),
            event(0, piece("audio_1", b"", "lo", 9)),
            event(0, piece("audio_1", b"x", "", 9)),
            event(0, E::Finished(finished(pb::FinishReason::Stop))),
        ],
    );
    let audio: Vec<Value> = deltas(&frames).into_iter().filter_map(|d| d.get("audio").cloned()).collect();
    let join = |key: &str| audio.iter().filter_map(|a| a[key].as_str()).collect::<String>();
    assert_eq!((join("id"), join("transcript")), ("audio_1".into(), "Hello".into()));
    assert_eq!(STANDARD.decode(join("data")).unwrap(), b"RIFFx");
    assert_eq!(audio.iter().filter_map(|a| a["expires_at"].as_i64()).sum::<i64>(), 9);
}

#[test]
fn legacy_callers_get_a_function_call() {
    let mut w = ChunkWriter::new(false, true, String::new());
    let frames = frames(&feed(
        &mut w,
        vec![
            event(0, started()),
            event(0, tool(0, "c1", "f")),
            event(0, arguments(0, "{}")),
            event(0, tool(1, "c2", "g")),
            event(0, arguments(1, "{}")),
            event(0, E::Finished(finished(pb::FinishReason::ToolCalls))),
        ],
    ));
    assert_eq!(deltas(&frames)[0]["function_call"], json!({"name": "f", "arguments": ""}));
    assert_eq!(deltas(&frames)[1], json!({"function_call": {"arguments": "{}"}}));
    assert_eq!((frames.len(), &frames[2]["choices"][0]["finish_reason"]), (4, &json!("function_call")));
}

#[test]
fn custom_calls_stream_their_input() {
    let call = pb::ToolCallStarted { tool_call_index: 0, id: "c".into(), name: "sql".into(), kind: 2 };
    let frames =
        run(false, vec![event(0, started()), event(0, E::ToolCallStarted(call)), event(0, arguments(0, "select"))]);
    let first = json!({"index": 0, "id": "c", "type": "custom", "custom": {"name": "sql", "input": ""}});
    assert_eq!(deltas(&frames)[0]["tool_calls"][0], first);
    assert_eq!(deltas(&frames)[1]["tool_calls"][0], json!({"index": 0, "custom": {"input": "select"}}));
}
