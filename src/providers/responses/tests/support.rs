//! Which fixtures there are, which adapter reads which, and how.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::{
    domain::{
        chat::{Part, ProviderState},
        completion::ChatCompletion,
        event::ChatEvent,
        failure::UpstreamFailure,
    },
    providers::{
        adapter::{Adapter, Memo, Reply},
        responses::{Dialect, ResponsesAdapter},
        testing::{
            answer::{Answer, answers},
            files,
            streams::{self, Read, read},
        },
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
    let mut rest = files::fixture(path);
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

/// Runs a stream through the parser and a decoder, in pieces of one size.
pub fn run(adapter: &dyn Adapter, body: &[u8], size: usize) -> Read {
    read(adapter, &memo(), body.chunks(size))
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

/// Adds up events that belong to one answer. Nothing of it precedes its start.
pub fn fold(events: &[ChatEvent]) -> Option<ChatCompletion> {
    if matches!(events.last(), Some(ChatEvent::Finished(_))) {
        assert!(matches!(events.first(), Some(ChatEvent::Started(_))), "something precedes the start: {events:?}");
    }
    streams::fold(events)
}

/// Returns the only answer, and the states it came with.
pub fn answer(completion: &ChatCompletion) -> (Answer, Vec<ProviderState>) {
    let [choice] = &completion.choices[..] else { panic!("there is one choice: {completion:?}") };
    let states = choice.message.parts.iter().filter_map(|part| match part {
        Part::ProviderState(state) => Some(state.clone()),
        _ => None,
    });
    (answers(completion).remove(0), states.collect())
}
