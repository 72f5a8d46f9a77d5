use super::*;
use crate::domain::usage::{Attempt, WarningAction};

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { choice: 0, text: text.into(), logprobs: Vec::new() }
}

#[test]
fn only_text_and_its_end_are_told() {
    let started = Started { completion_id: "c".into(), model: "m".into(), provider: "p".into(), ..Started::default() };
    let warning =
        Warning { field: "prompt.temperature".into(), action: WarningAction::Dropped, message: "not taken".into() };
    let attempt = Attempt {
        provider: "p".into(),
        model: "m".into(),
        key_alias: "k".into(),
        failure: None,
        http_status: None,
        duration_ms: 1,
        message: String::new(),
    };
    let events = [
        ChatEvent::Attempt(attempt),
        ChatEvent::Started(started),
        ChatEvent::Warning(warning),
        ChatEvent::Reasoning { choice: 0, text: "hm".into() },
        text(""),
        text("a"),
        ChatEvent::Text { choice: 1, text: "another choice".into(), logprobs: Vec::new() },
        text("b"),
        ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop")),
    ];
    let mut converter = Converter::default();
    let told: Vec<_> = events.into_iter().filter_map(|event| converter.convert(event)).collect();
    let numbers: Vec<_> = told.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4], "without gaps");
    let mut told = told.into_iter().filter_map(|event| event.event);
    assert!(matches!(told.next(), Some(Event::Attempt(_))));
    assert!(matches!(told.next(), Some(Event::Started(started)) if started.extraction_id == "c"));
    for want in ["a", "b"] {
        assert!(matches!(told.next(), Some(Event::TextDelta(delta)) if delta.text == want));
    }
    let Some(Event::Finished(finished)) = told.next() else { panic!("the end") };
    assert_eq!((finished.model.as_str(), finished.provider.as_str()), ("m", "p"));
    assert_eq!(finished.warnings[0].field, "options.temperature");
}

#[test]
fn a_model_that_refuses_has_read_nothing() {
    let refusal = ChatEvent::Refusal { choice: 0, text: "I will not".into(), logprobs: Vec::new() };
    let mut converter = Converter::default();
    assert_eq!(converter.convert(refusal), None);
    let end = converter.convert(ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop")));
    let Some(Event::Finished(finished)) = end.and_then(|end| end.event) else { panic!("the end") };
    assert_eq!(finished.reason(), pb::FinishReason::ContentFilter);
}
