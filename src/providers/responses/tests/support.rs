//! Reads fixtures, runs decoders, and reduces both sides to what must agree.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::{
    domain::{
        chat::{Part, ProviderState},
        completion::ChatCompletion,
        event::{ChatEvent, FinishReason},
        failure::UpstreamFailure,
        fold::Fold,
    },
    providers::{
        adapter::{Adapter, Memo, Reply},
        responses::{Dialect, ResponsesAdapter},
        sse::SseParser,
    },
};

/// Whole replies, streams that end well, and what is neither.
pub const REPLIES: &[&str] = &[
    "perplexity/agent-resp-01-search",
    "xai/resp-04-from-xai-responses",
    "openai/responses-02-response-from-chat",
    "responses/agent-resp-11-several-searches",
    "responses/agent-resp-12-tool-call",
    "responses/xai-resp-11-tools-and-state",
    "responses/openai-resp-11-refusal-and-custom-call",
    "responses/openai-resp-12-filtered",
];
pub const STREAMS: &[&str] = &[
    "perplexity/agent-stream-01-search",
    "xai/stream-04-from-xai-responses",
    "openai/responses-03-stream-from-chat",
    "openai/responses-04-stream-tool-call",
    "responses/agent-stream-11-several-searches",
    "responses/agent-stream-12-tool-call",
    "responses/agent-stream-13-incomplete",
    "responses/xai-stream-11-tools-and-state",
    "responses/openai-stream-11-refusal-and-custom-call",
];
pub const FAILED_STREAMS: &[&str] = &[
    "perplexity/agent-stream-03-failed",
    "openai/responses-05-stream-failed",
    "responses/fail-stream-11-cancelled",
    "responses/fail-stream-12-error-event",
    "responses/fail-stream-13-done-but-failed",
    "responses/fail-stream-14-unnamed-error",
];

/// A fixture. Those about serving Responses from chat completions are read here from their client's side, which is what
/// a provider of Responses sends.
pub struct Fixture {
    pub provider: Value,
    pub client: Value,
    pub rest: Value,
}

pub fn fixture(path: &str) -> Fixture {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path).with_extension("json");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file:?}: {e}"));
    let mut rest: Value = serde_json::from_str(&text).expect("JSON");
    let (mut provider, mut client) = (rest["provider"].take(), rest["openai"].take());
    if path.starts_with("openai/") {
        std::mem::swap(&mut provider, &mut client);
    }
    Fixture { provider, client, rest }
}

pub fn adapter_of(path: &str) -> ResponsesAdapter {
    let dialect = match path.split_once('/').map(|(folder, name)| (folder, name.split('-').next())) {
        Some(("perplexity", _) | (_, Some("agent"))) => Dialect::AGENT,
        Some(("xai", _) | (_, Some("xai"))) => Dialect::XAI,
        Some(("openai", _) | (_, Some("openai"))) => Dialect::OPENAI,
        _ => match fixture(path).rest["dialect"].as_str() {
            Some("agent") => Dialect::AGENT,
            Some("xai") => Dialect::XAI,
            _ => Dialect::OPENAI,
        },
    };
    ResponsesAdapter::new(dialect)
}

/// Writes the provider's side of a stream fixture as it would come over the wire.
pub fn sse_body(side: &Value) -> Vec<u8> {
    let mut body = String::new();
    for chunk in side["chunks"].as_array().expect("chunks") {
        if side["event_lines"] == true {
            body.push_str(&format!("event: {}\n", chunk["type"].as_str().expect("a type")));
        }
        body.push_str(&format!("data: {chunk}\n\n"));
    }
    body.into_bytes()
}

/// Runs a stream through the parser and a decoder, in pieces of one size.
pub fn run(adapter: &dyn Adapter, body: &[u8], size: usize) -> (Vec<ChatEvent>, Result<(), UpstreamFailure>) {
    let (mut parser, mut decoder) = (SseParser::new(1 << 20), adapter.stream_decoder(&memo()));
    let mut out = Vec::new();
    for piece in body.chunks(size) {
        parser.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = parser.next_event().expect("under the limit") {
            if let Err(failure) = decoder.feed(&event, &mut out) {
                return (out, Err(failure));
            }
        }
    }
    if let Some(event) = parser.finish().expect("under the limit")
        && let Err(failure) = decoder.feed(&event, &mut out)
    {
        return (out, Err(failure));
    }
    let end = decoder.finish(parser.stray(), &mut out);
    (out, end)
}

pub fn memo() -> Memo {
    Memo { format: crate::providers::adapter::Format::Responses, ..Memo::default() }
}

pub fn decode(adapter: &dyn Adapter, side: &Value) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    let mut headers = HeaderMap::new();
    for (key, value) in side["headers"].as_object().into_iter().flatten() {
        let key = HeaderName::try_from(key).expect("a header");
        headers.insert(key, HeaderValue::from_str(value.as_str().expect("a text")).expect("a header"));
    }
    let body = side["body"].as_str().map_or_else(|| side["body"].to_string(), str::to_owned);
    let status = side["status"].as_u64().expect("a status") as u16;
    let reply = Reply { status, headers: &headers, body: body.as_bytes() };
    if status == 200 { adapter.decode(&memo(), reply) } else { Err(adapter.decode_error(reply)) }
}

pub fn fold(events: &[ChatEvent]) -> Option<ChatCompletion> {
    let count = |wanted: fn(&ChatEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
    let finished = count(|event| matches!(event, ChatEvent::Finished(_)));
    assert!(finished <= 1, "finished {finished} times");
    assert!(count(|event| matches!(event, ChatEvent::Started(_))) <= 1, "started twice");
    if finished == 1 {
        assert!(matches!(events.last(), Some(ChatEvent::Finished(_))), "something follows the end: {events:?}");
        assert!(matches!(events.first(), Some(ChatEvent::Started(_))), "something precedes the start: {events:?}");
    }
    let mut fold = Fold::default();
    events.iter().for_each(|event| fold.push(event.clone()));
    fold.into_completion()
}

/// Address, title, span.
type Cited = (String, String, Option<(u64, u64)>);

/// What both sides must agree on.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    pub refusal: String,
    /// Id, name, arguments.
    pub calls: Vec<(String, String, String)>,
    pub finish: String,
    pub citations: Vec<Cited>,
}

pub fn answer(completion: &ChatCompletion) -> (Answer, Vec<ProviderState>) {
    let [choice] = &completion.choices[..] else { panic!("there is one choice: {completion:?}") };
    let (mut answer, mut states) = (Answer::default(), Vec::new());
    for part in &choice.message.parts {
        match part {
            Part::Text(text) => answer.text.push_str(text),
            Part::Reasoning(text) => answer.reasoning.push_str(text),
            Part::Refusal(text) => answer.refusal.push_str(text),
            Part::ToolCall(call) => answer.calls.push((call.id.clone(), call.name.clone(), call.arguments.clone())),
            Part::ProviderState(state) => states.push(state.clone()),
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
    (answer, states)
}

/// Adds up the client's side of a fixture: choices of a whole reply or of chunks.
pub fn expected<'a>(choices: impl Iterator<Item = &'a Value>) -> Answer {
    let mut answer = Answer::default();
    for choice in choices {
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        let text = |name: &str| delta[name].as_str().unwrap_or_default();
        answer.text.push_str(text("content"));
        answer.reasoning.push_str(text("reasoning_content"));
        answer.refusal.push_str(text("refusal"));
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
            let span = Some((place("start_index"), place("end_index")));
            // The edge puts citations without a place at the end, where they have no width.
            answer.citations.push((text("url"), text("title"), span.filter(|(start, end)| start != end)));
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            answer.finish = reason.to_owned();
        }
    }
    answer
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
