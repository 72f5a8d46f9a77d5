//! Reads fixtures, runs decoders, and reduces both sides to what must agree.

use std::{collections::BTreeMap, fs, path::PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::{
    domain::{
        chat::Part,
        completion::{ChatCompletion, Choice},
        event::{ChatEvent, FinishReason},
        failure::UpstreamFailure,
        fold::Fold,
    },
    providers::{
        adapter::{Adapter, Memo, Reply, StreamDecoder},
        openai::{Dialect, OpenAiAdapter, vendor::Vendor, vendors::vendor},
        sse::SseParser,
    },
};

pub fn fixture(path: &str) -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path).with_extension("json");
    serde_json::from_str(&fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file:?}: {e}"))).expect("JSON")
}

/// Returns the names of the vendors' folders.
pub fn vendor_folders() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vendors");
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

/// Returns the paths of every vendor's fixture of a kind, `vendors/groq/stream`.
pub fn vendor_fixtures(kind: &str) -> Vec<String> {
    vendor_folders().into_iter().map(|folder| format!("vendors/{folder}/{kind}")).collect()
}

/// Returns the row of the vendor whose fixture this is.
pub fn vendor_of(path: &str) -> Option<&'static Vendor> {
    vendor(path.strip_prefix("vendors/")?.split('/').next()?)
}

pub fn dialect_of(path: &str) -> Dialect {
    if let Some(vendor) = vendor_of(path) {
        return vendor.dialect.clone();
    }
    match path.split_once('/') {
        Some(("xai", _)) => Dialect::XAI,
        Some(("perplexity", _)) => Dialect::SONAR,
        Some((_, name)) if name.starts_with("generic-") => Dialect::GENERIC,
        _ => Dialect::OPENAI,
    }
}

pub fn adapter_of(path: &str) -> OpenAiAdapter {
    OpenAiAdapter::new(dialect_of(path))
}

/// Writes the provider's side of a stream fixture as it would come over the wire, with the place behind each chunk.
pub fn sse_body(side: &Value) -> (Vec<u8>, Vec<usize>) {
    let (mut body, mut ends) = (String::new(), Vec::new());
    for chunk in side["chunks"].as_array().expect("chunks") {
        match chunk {
            Value::String(comment) => body.push_str(comment),
            chunk => {
                body.push_str("data: ");
                body.push_str(&chunk.to_string());
            }
        }
        ends.push(body.len());
        body.push_str("\n\n");
    }
    if side["done"] == true {
        body.push_str("data: [DONE]\n\n");
    }
    (body.into_bytes(), ends)
}

/// Runs a stream through the parser and a decoder, in pieces of the given sizes over and over.
pub fn run(adapter: &OpenAiAdapter, body: &[u8], sizes: &[usize]) -> (Vec<ChatEvent>, Result<(), UpstreamFailure>) {
    let mut decoder = adapter.stream_decoder(&Memo::default());
    let mut out = Vec::new();
    let result = drive(&mut *decoder, body, sizes, &mut out);
    (out, result)
}

fn drive(
    decoder: &mut dyn StreamDecoder,
    mut body: &[u8],
    sizes: &[usize],
    out: &mut Vec<ChatEvent>,
) -> Result<(), UpstreamFailure> {
    let mut parser = SseParser::new(1 << 20);
    let mut sizes = sizes.iter().cycle();
    while !body.is_empty() && !decoder.is_done() {
        let size = (*sizes.next().expect("a cycle has no end")).clamp(1, body.len());
        parser.feed(Bytes::copy_from_slice(&body[..size]));
        body = &body[size..];
        while let Some(event) = parser.next_event().expect("under the limit") {
            decoder.feed(&event, out)?;
        }
    }
    if let Some(event) = parser.finish().expect("under the limit") {
        decoder.feed(&event, out)?;
    }
    decoder.finish(parser.stray(), out)
}

pub fn run_text(dialect: Dialect, body: &str) -> (Vec<ChatEvent>, Result<(), UpstreamFailure>) {
    run(&OpenAiAdapter::new(dialect), body.as_bytes(), &[usize::MAX])
}

pub fn decode(adapter: &OpenAiAdapter, body: &str) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    adapter.decode(&Memo::default(), Reply { status: 200, headers: &HeaderMap::new(), body: body.as_bytes() })
}

pub fn fold(events: &[ChatEvent]) -> Option<ChatCompletion> {
    let finished = events.iter().filter(|event| matches!(event, ChatEvent::Finished(_))).count();
    assert!(finished <= 1, "finished {finished} times");
    if finished == 1 {
        assert!(matches!(events.last(), Some(ChatEvent::Finished(_))), "something follows the end: {events:?}");
    }
    let started = events.iter().filter(|event| matches!(event, ChatEvent::Started(_))).count();
    assert!(started <= 1, "started {started} times");
    let mut fold = Fold::default();
    events.iter().for_each(|event| fold.push(event.clone()));
    fold.into_completion()
}

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
    answer.finish = match choice.finish_reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    }
    .to_owned();
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

/// Compares usage with the client's side, as far as that says something.
pub fn check_usage(name: &str, completion: &ChatCompletion, expected: &Value) {
    if !expected.is_object() {
        return;
    }
    let usage = completion.usage.as_ref().unwrap_or_else(|| panic!("{name}: no usage"));
    let (prompt, output) = (&expected["prompt_tokens_details"], &expected["completion_tokens_details"]);
    let pairs = [
        ("input", usage.input_tokens, &expected["prompt_tokens"]),
        ("output", usage.output_tokens, &expected["completion_tokens"]),
        ("total", usage.total_tokens, &expected["total_tokens"]),
        ("cached", usage.cached_input_tokens, &prompt["cached_tokens"]),
        ("audio in", usage.audio_input_tokens, &prompt["audio_tokens"]),
        ("reasoning", usage.reasoning_tokens, &output["reasoning_tokens"]),
        ("audio out", usage.audio_output_tokens, &output["audio_tokens"]),
        ("accepted", usage.accepted_prediction_tokens, &output["accepted_prediction_tokens"]),
    ];
    for (what, ours, theirs) in pairs.into_iter().filter(|(_, _, theirs)| !theirs.is_null()) {
        assert_eq!(ours, theirs.as_u64(), "{name}: {what} tokens");
    }
}
