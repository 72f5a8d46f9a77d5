//! Fixtures of whole replies, and errors that hide in a 200.

use serde_json::{Value, json};

use super::support::{adapter_of, check_usage, decode, vendor_fixtures};
use crate::{
    domain::{chat::ToolKind, event::ChatEvent, failure::FailureClass, usage::CostBasis},
    providers::testing::{
        answer::{answers, expected},
        files::fixture,
        streams::fold,
    },
};

const REPLIES: &[&str] = &[
    "openai/resp-01-text",
    "openai/resp-02-tool-calls",
    "openai/resp-03-refusal",
    "openai/resp-06-web-annotations",
    "openai/resp-08-n2-length-and-filter",
    "openai/resp-09-custom-tool-call",
    "openai/resp-10-audio",
    "openai/generic-11-local-tool-call-repairs",
    "xai/resp-01-reasoning-usage-fold",
    "xai/resp-03-citations-empty-finish",
    "perplexity/sonar-resp-01-citations",
    "perplexity/sonar-resp-02-think-block",
    "perplexity/async-02-poll",
];

#[test]
fn whole_replies() {
    let vendors = vendor_fixtures("response");
    for name in REPLIES.iter().copied().chain(vendors.iter().map(String::as_str)) {
        let fixture = fixture(name);
        let events = decode(&adapter_of(name), &fixture["provider"]["body"].to_string());
        let completion = fold(events.unwrap_or_else(|e| panic!("{name}: {e}"))).expect("finished");
        let body = &fixture["openai"]["body"];
        let choices: Vec<&Value> = body["choices"].as_array().expect("choices").iter().collect();
        let (mut ours, mut theirs) = (answers(&completion), expected(&choices));
        for (ours, theirs) in ours.iter_mut().zip(&mut theirs) {
            for (ours, theirs) in ours.calls.iter_mut().zip(&mut theirs.calls) {
                // The gateway's own ids are free.
                if theirs.0.starts_with("call_gw_") {
                    assert!(ours.0.starts_with("call_"), "{name}: {}", ours.0);
                    theirs.0.clone_from(&ours.0);
                }
            }
        }
        assert_eq!(ours, theirs, "{name}");
        check_usage(name, &completion, &body["usage"]);
        assert_eq!(completion.id, body["id"].as_str().expect("an id"), "{name}");
        assert_eq!(completion.service_tier, body["service_tier"].as_str().unwrap_or_default(), "{name}");
        let metadata: Value = serde_json::from_str(&completion.provider_metadata).unwrap_or_default();
        for member in ["system_fingerprint", "citations", "search_results"] {
            assert_eq!(metadata[member], body[member], "{name}: {member}");
        }
    }
}

#[test]
fn background_jobs() {
    let adapter = adapter_of("xai/");
    // The answer to a job that was only started, and to one that still runs, is no completion.
    let started = fixture("xai/deferred-01-start")["provider"]["reply"]["body"].to_string();
    let pending = &fixture("xai/deferred-02-poll-pending")["provider"]["body"];
    assert!(pending.is_null());
    for body in [&*started, ""] {
        assert_eq!(decode(&adapter, body).expect_err(body).class, FailureClass::BadResponse, "{body}");
    }
    let failed = r#"{"id":"a","status":"FAILED","error_message":"the model is overloaded","response":null}"#;
    assert_eq!(decode(&adapter_of("perplexity/"), failed).expect_err(failed).class, FailureClass::Overload);
}

#[test]
fn members_without_a_field() {
    let body = json!({
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "images": [{"image_url": "https://a.example/1.png"}],
        "related_questions": ["And tomorrow?"],
        "videos": [],
        "output_files": [{"file_id": "f"}],
    });
    let completion = fold(decode(&adapter_of("perplexity/"), &body.to_string()).expect("a completion"));
    let metadata: Value = serde_json::from_str(&completion.expect("finished").provider_metadata).expect("JSON");
    for member in ["images", "related_questions", "output_files"] {
        assert_eq!(metadata[member], body[member], "{member}");
    }
    assert!(metadata["videos"].is_null(), "nothing to tell");
}

#[test]
fn details_of_replies() {
    let read = |name| {
        let body = fixture(name)["provider"]["body"].to_string();
        fold(decode(&adapter_of(name), &body).expect(name)).expect("finished")
    };
    let custom = read("openai/resp-09-custom-tool-call");
    assert!(matches!(&custom.choices[0].message.parts[0],
        crate::domain::chat::Part::ToolCall(call) if call.kind == ToolKind::Custom));
    let audio = read("openai/resp-10-audio").choices.remove(0).audio.expect("audio");
    assert_eq!((&audio.data[..], audio.expires), (&b"RIFF"[..], Some(1_790_003_600)));
    let xai = read("xai/resp-01-reasoning-usage-fold").cost.expect("a cost");
    assert_eq!((xai.nano_usd, xai.basis), (Some(125_000), CostBasis::Provider));
    let sonar = read("perplexity/sonar-resp-01-citations");
    assert_eq!(sonar.cost.and_then(|cost| cost.nano_usd), Some(5_052_000));
    let openrouter = read("vendors/openrouter/response").cost.expect("a cost");
    assert_eq!(openrouter.nano_usd, Some(120_000));
    let numbers: Vec<_> = sonar.choices[0].citations.iter().map(|c| (c.number, &*c.snippet)).collect();
    assert_eq!(numbers, [(Some(1), "Cold."), (Some(2), "Warm.")]);
}

#[test]
fn blank_lines_and_streams_in_place_of_replies() {
    let adapter = adapter_of("openai/generic-");
    let body = r#"{"choices":[{"message":{"content":"Two"},"finish_reason":"stop"}]}"#;
    let events = decode(&adapter, &format!("\n\n  \n{body}")).expect("a completion");
    assert_eq!(answers(&fold(&events).expect("finished"))[0].text, "Two");
    let stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"Two\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let events = decode(&adapter, stream).expect("a completion");
    assert_eq!(answers(&fold(&events).expect("finished"))[0].text, "Two");
    assert!(matches!(&events[0], ChatEvent::Started(started) if started.completion_id.is_empty()));
}
