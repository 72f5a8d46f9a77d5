//! Fixtures of whole replies and of streams that end well.

use serde_json::{Value, json};

use super::support::{Fixture, REPLIES, STREAMS, adapter_of, answer, decode, fixture, fold, run};
use crate::{
    domain::{
        chat::{Part, ToolKind},
        completion::ChatCompletion,
        usage::CostBasis,
    },
    providers::{
        adapter::{Adapter, ModelListAdapter, Reply},
        responses::{Dialect, ResponsesAdapter},
        testing::{
            answer::{check_usage, expected},
            streams::sse_body,
        },
    },
};

/// Where the client's side says less than the provider's: the annotation of this one is in its whole twin `resp-04`.
const WITHOUT_CITATIONS: &[&str] = &["xai/stream-04-from-xai-responses"];

pub fn read_reply(name: &str) -> ChatCompletion {
    let events = decode(&adapter_of(name), &fixture(name).provider);
    fold(&events.unwrap_or_else(|e| panic!("{name}: {e}"))).expect("finished")
}

pub fn read_stream(name: &str) -> ChatCompletion {
    let (events, end) = run(&adapter_of(name), &sse_body(&fixture(name).provider).0, usize::MAX);
    assert_eq!(end, Ok(()), "{name}");
    fold(&events).unwrap_or_else(|| panic!("{name}: not finished"))
}

#[test]
fn replies_and_streams() {
    for name in REPLIES.iter().chain(STREAMS) {
        let Fixture { provider, client, rest } = fixture(name);
        let completion = if provider["chunks"].is_array() { read_stream(name) } else { read_reply(name) };
        // Its other side is a chat completion with ids of its own.
        let served = name.starts_with("openai/");
        let wholes: Vec<&Value> = match client["chunks"].as_array() {
            Some(chunks) => chunks.iter().collect(),
            None if client["body"].is_object() => vec![&client["body"]],
            None => vec![&client],
        };
        let choices: Vec<&Value> =
            wholes.iter().flat_map(|whole| whole["choices"].as_array().expect("choices")).collect();
        let mut theirs = expected(&choices).remove(0);
        let (ours, states) = answer(&completion);
        if WITHOUT_CITATIONS.contains(name) {
            theirs.citations.clone_from(&ours.citations);
            assert_eq!(ours.citations.len(), 1);
        }
        assert_eq!(ours, theirs, "{name}");
        if let Some(usage) = wholes.iter().rev().map(|whole| &whole["usage"]).find(|usage| usage.is_object()) {
            check_usage(name, &completion, usage);
        }
        if wholes[0]["id"].is_string() && !served {
            assert_eq!(completion.id, wholes[0]["id"], "{name}");
            assert_eq!(completion.model, wholes[0]["model"], "{name}");
        }
        assert_eq!(completion.created, 1_790_000_000, "{name}");
        check_states(name, &states, &rest["states"]);
        check_metadata(name, &completion, wholes.last().expect("something"), &rest["metadata"]);
    }
}

fn check_states(name: &str, ours: &[crate::domain::chat::ProviderState], theirs: &Value) {
    let state = |state: &crate::domain::chat::ProviderState| {
        let mut json = json!({"provider": state.provider, "kind": state.kind, "tool_call_id": state.tool_call_id});
        match serde_json::from_slice::<Value>(&state.data) {
            Ok(item) => json["json"] = item,
            Err(_) => json["data"] = json!(String::from_utf8_lossy(&state.data)),
        }
        json
    };
    let ours: Vec<_> = ours.iter().map(state).collect();
    assert_eq!(json!(ours), if theirs.is_null() { json!([]) } else { theirs.clone() }, "{name}");
}

fn check_metadata(name: &str, completion: &ChatCompletion, client: &Value, all: &Value) {
    let ours: Value = serde_json::from_str(&completion.provider_metadata).unwrap_or_default();
    if all.is_object() {
        assert_eq!(ours, *all, "{name}");
    } else {
        for member in ["citations", "search_results"] {
            assert_eq!(ours[member], client[member], "{name}: {member}");
        }
    }
}

#[test]
fn a_stream_adds_up_to_its_whole_reply() {
    let twin = |name: &&str| fixture(name).rest["twin"].as_str().map(str::to_owned);
    let mut pairs = 0;
    for stream in STREAMS.iter().filter(|name| twin(name).is_some()) {
        let reply = REPLIES.iter().find(|reply| twin(reply) == twin(stream)).expect("a twin");
        assert_eq!(read_stream(stream), read_reply(reply), "{stream}");
        pairs += 1;
    }
    assert_eq!(pairs, 4);
    // Any other stream ends with its whole reply; only what is told on the way is not in there.
    for name in STREAMS {
        let Fixture { provider, .. } = fixture(name);
        let last = provider["chunks"].as_array().and_then(|chunks| chunks.last()).expect("a chunk").clone();
        let side = json!({"status": 200, "body": last["response"]});
        let whole = fold(&decode(&adapter_of(name), &side).expect(name)).expect("finished");
        let (mut streamed, mut whole) = (read_stream(name), whole);
        for completion in [&mut streamed, &mut whole] {
            completion.choices[0].message.parts.retain(|part| !matches!(part, Part::Reasoning(_)));
        }
        assert_eq!(streamed, whole, "{name}");
    }
}

#[test]
fn details() {
    let cost = |name| read_reply(name).cost.map(|cost| (cost.nano_usd, cost.basis));
    assert_eq!(cost("perplexity/agent-resp-01-search"), Some((Some(5_300_000), CostBasis::Provider)));
    assert_eq!(cost("xai/resp-04-from-xai-responses"), Some((Some(900_000), CostBasis::Provider)));
    assert_eq!(cost("openai/responses-02-response-from-chat"), None);

    let custom = read_reply("responses/openai-resp-11-refusal-and-custom-call").choices.remove(0);
    assert!(custom.message.parts.iter().any(|p| matches!(p, Part::ToolCall(c) if c.kind == ToolKind::Custom)));
    assert_eq!(custom.logprobs.len(), 2);
    assert_eq!(custom.logprobs[0].top[0].bytes.as_deref(), Some(&b"Two"[..]));

    let search = read_reply("perplexity/agent-resp-01-search");
    let citation = &search.choices[0].citations[0];
    assert_eq!((citation.number, &*citation.snippet), (Some(1), "Cold."));
    let several = read_reply("responses/agent-resp-11-several-searches");
    assert_eq!(several.usage.and_then(|usage| usage.cache_write_input_tokens), Some(10));
    assert_eq!(several.choices[0].native_finish_reason, "completed");
    assert_eq!(
        read_stream("responses/agent-stream-13-incomplete").choices[0].native_finish_reason,
        "max_output_tokens"
    );
}

#[test]
fn the_model_that_did_the_work() {
    let adapter = ResponsesAdapter::new(Dialect::AGENT);
    let body = concat!(
        "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"status\":\"in_progress\"}}\n\n",
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"model\":\"openai/gpt-5\",\"effort\":\"high\"}}\n\n",
    );
    let (events, end) = run(&adapter, body.as_bytes(), usize::MAX);
    assert_eq!(end, Ok(()));
    let completion = fold(&events).expect("finished");
    assert_eq!(completion.provider_metadata, r#"{"effort":"high","model":"openai/gpt-5"}"#);
}

#[test]
fn results_without_ids_and_signs_of_life() {
    let adapter = ResponsesAdapter::new(Dialect::AGENT);
    let results = r#"[{"url":"https://a.example","title":"A"},{"url":"https://b.example","title":"B"}]"#;
    let body = format!(
        concat!(
            "event: ping\ndata: {{\"type\":\"ping\"}}\n\n",
            "event: response.created\ndata: {{\"response\":{{\"id\":\"r\",\"model\":\"m\"}}}}\n\n",
            "data: {{\"type\":\"response.reasoning.search_results\",\"results\":{0}}}\n\n",
            "data: {{\"type\":\"response.output_text.delta\",\"delta\":\"B[2]\"}}\n\n",
            "data: {{\"type\":\"response.completed\",\"response\":{{\"output\":[",
            "{{\"type\":\"search_results\",\"results\":{0}}},",
            "{{\"type\":\"message\",\"content\":[{{\"type\":\"hum\",\"text\":\"hm\"}}]}}]}}}}\n\ndata: [DONE]\n\n",
        ),
        results
    );
    let (events, end) = run(&adapter, body.as_bytes(), 5);
    assert_eq!(end, Ok(()));
    let completion = fold(&events).expect("finished");
    assert_eq!((&*completion.id, &*completion.model), ("r", "m"));
    let (answer, _) = answer(&completion);
    assert_eq!(answer.text, "B[2]");
    assert_eq!(answer.citations, [("https://b.example".to_owned(), "B".to_owned(), Some((1, 4)))]);
    let metadata: Value = serde_json::from_str(&completion.provider_metadata).expect("JSON");
    assert_eq!(metadata["search_results"].as_array().map(Vec::len), Some(2));
}

#[test]
fn servers_that_mix_up_streams_and_replies() {
    let name = "perplexity/agent-resp-01-search";
    let adapter = adapter_of(name);
    let whole = read_reply(name);
    let body = format!("\n{}\n", fixture(name).provider["body"]);
    let (events, end) = run(&adapter, body.as_bytes(), 7);
    assert_eq!((fold(&events), end), (Some(whole), Ok(())));
    let name = "perplexity/agent-stream-01-search";
    let body = sse_body(&fixture(name).provider).0;
    let reply = Reply { status: 200, headers: &http::HeaderMap::new(), body: &body };
    let events = adapter.decode(&super::support::memo(), reply).expect("a reply");
    assert_eq!(fold(&events), Some(read_stream(name)));
}

#[test]
fn own_models_only() {
    let Fixture { provider, client, .. } = fixture("perplexity/models-01-agent-list");
    let adapter = ResponsesAdapter::new(Dialect::AGENT);
    let list = adapter.model_list().expect("a list");
    assert_eq!(format!("https://api.perplexity.ai{}", list.path()), provider["url"]);
    let body = provider["body"].to_string();
    let headers = http::HeaderMap::new();
    let reply = |body| Reply { status: 200, headers: &headers, body };
    let models = list.decode_models(reply(body.as_bytes())).expect("models");
    let theirs = client["body"]["data"].as_array().expect("a list");
    let ours: Vec<_> =
        models.iter().map(|m| (format!("perplexity/{}", m.upstream_name), m.created, m.owned_by.clone())).collect();
    let theirs: Vec<_> = theirs
        .iter()
        .map(|m| {
            (m["id"].as_str().expect("an id").to_owned(), m["created"].as_i64().expect("a time"), "perplexity".into())
        })
        .collect();
    assert_eq!(ours, theirs);
    assert!(ResponsesAdapter::decode_models(&adapter, reply(b"<html>")).is_err());
    assert!(ResponsesAdapter::new(Dialect::OPENAI).model_list().is_none());
}
