//! What both sides of a fixture must agree on.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::{
    chat::Part,
    completion::{ChatCompletion, Choice},
    event::FinishReason,
    failure::FailureClass,
};

/// Address, title, span.
type Cited = (String, String, Option<(u64, u64)>);

/// What both sides must agree on, of one choice.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    pub refusal: String,
    /// Id, name, arguments.
    pub calls: Vec<(String, String, String)>,
    pub finish: String,
    pub citations: Vec<Cited>,
    pub transcript: String,
}

pub fn answers(completion: &ChatCompletion) -> Vec<Answer> {
    completion.choices.iter().map(answer).collect()
}

fn answer(choice: &Choice) -> Answer {
    let mut answer = Answer::default();
    for part in &choice.message.parts {
        match part {
            Part::Text(text) => answer.text.push_str(text),
            Part::Reasoning(text) => answer.reasoning.push_str(text),
            Part::Refusal(text) => answer.refusal.push_str(text),
            Part::ToolCall(call) => answer.calls.push((call.id.clone(), call.name.clone(), call.arguments.clone())),
            Part::ProviderState(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    answer.finish = reason_name(choice.finish_reason).to_owned();
    for citation in &choice.citations {
        // The edge shows the address where there is no title.
        let title = if citation.title.is_empty() { &citation.url } else { &citation.title };
        let span = citation.span.map(|(start, end)| (start.into(), end.into()));
        answer.citations.push((citation.url.clone(), title.clone(), span));
    }
    answer.transcript = choice.audio.as_ref().map(|audio| audio.transcript.clone()).unwrap_or_default();
    answer
}

/// Adds up the client's side of a fixture: choices of chunks or of a whole reply.
pub fn expected(choices: &[&Value]) -> Vec<Answer> {
    let mut answers: BTreeMap<u64, Answer> = BTreeMap::new();
    for choice in choices {
        let answer = answers.entry(choice["index"].as_u64().unwrap_or(0)).or_default();
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        let text = |name: &str| delta[name].as_str().unwrap_or_default();
        answer.text.push_str(text("content"));
        answer.reasoning.push_str(text("reasoning_content"));
        answer.refusal.push_str(text("refusal"));
        answer.transcript.push_str(delta["audio"]["transcript"].as_str().unwrap_or_default());
        for (place, call) in delta["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let index = call["index"].as_u64().unwrap_or(place as u64) as usize;
            answer.calls.resize_with(answer.calls.len().max(index + 1), Default::default);
            let (id, name, arguments) = &mut answer.calls[index];
            let (function, custom) = (&call["function"], &call["custom"]);
            id.push_str(call["id"].as_str().unwrap_or_default());
            name.push_str(function["name"].as_str().or(custom["name"].as_str()).unwrap_or_default());
            arguments.push_str(function["arguments"].as_str().or(custom["input"].as_str()).unwrap_or_default());
        }
        for annotation in delta["annotations"].as_array().into_iter().flatten() {
            let found = &annotation["url_citation"];
            let text = |name: &str| found[name].as_str().expect("a text").to_owned();
            let place = |name: &str| found[name].as_u64().expect("a number");
            let span = (place("start_index"), place("end_index"));
            // The edge puts citations without a place at the end, where they have no width.
            let span = Some(span).filter(|(start, end)| start != end);
            answer.citations.push((text("url"), text("title"), span));
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            answer.finish = reason.to_owned();
        }
    }
    answers.into_values().collect()
}

/// Compares usage with the client's side, as far as that says something. The edge fills gaps with zeros.
pub fn check_usage(name: &str, completion: &ChatCompletion, expected: &Value) {
    let usage = completion.usage.as_ref().unwrap_or_else(|| panic!("{name}: no usage"));
    let (prompt, output) = (&expected["prompt_tokens_details"], &expected["completion_tokens_details"]);
    let pairs = [
        ("input", usage.input_tokens, &expected["prompt_tokens"]),
        ("output", usage.output_tokens, &expected["completion_tokens"]),
        ("total", usage.total_tokens, &expected["total_tokens"]),
        ("cached", usage.cached_input_tokens, &prompt["cached_tokens"]),
        ("reasoning", usage.reasoning_tokens, &output["reasoning_tokens"]),
    ];
    for (what, ours, theirs) in pairs.into_iter().filter(|(_, _, theirs)| !theirs.is_null()) {
        assert_eq!(ours, theirs.as_u64(), "{name}: {what} tokens");
    }
}

/// Returns OpenAI's name of a reason to stop.
pub fn reason_name(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    }
}

/// Returns the class a fixture means by its kind of error.
pub fn class(kind: &str) -> FailureClass {
    match kind {
        "bad_key" | "permission" | "unsupported_region" => FailureClass::Credential,
        "billing" | "quota_exhausted" => FailureClass::Quota,
        "rate_limit" => FailureClass::RateLimit,
        "overloaded" => FailureClass::Overload,
        "upstream_error" => FailureClass::ServerError,
        "upstream_bad_output" => FailureClass::BadResponse,
        "timeout" => FailureClass::Timeout,
        "context_length" => FailureClass::ContextLength,
        "model_not_found" => FailureClass::Model,
        "invalid_request" | "unsupported_feature" => FailureClass::Caller,
        other => panic!("unknown kind {other}"),
    }
}
