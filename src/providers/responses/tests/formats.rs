//! Providers with two formats: which one a request takes, and that the answer is read in the same one.

use super::{
    builders::{ask, chat, check, function, message, say, state},
    support::{decode, fixture, fold, memo, run},
};
use crate::{
    domain::{chat::*, usage::WarningAction::Dropped},
    providers::{
        adapter::{Adapter, Format, Memo, Mode},
        registry::{BUILT_IN, Choices, Wire},
        support::{Field, Handling, tests::check_column_except},
        testing::streams::sse_body,
        two_formats::{PerplexityApi, TwoFormats, XaiApi},
    },
};

const ITEM: &str = r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}"#;

#[test]
fn search_goes_to_responses() {
    let search = WebSearch { context_size: "low".into(), ..WebSearch::default() };
    let request = ChatRequest { web_search: Some(search), ..chat(vec![say(Role::User, "news")]) };
    let name = "xai/req-05-search-goes-to-responses";
    let warnings = [("prompt.web_search.context_size", Dropped)];
    check(&TwoFormats::xai(XaiApi::Mixed), "https://api.x.ai/v1", name, &request, "grok-4.3", &warnings);
}

#[test]
fn formats_of_requests() {
    let options = |text: &str| ChatRequest { provider_options: text.into(), ..ask() };
    let cases = [
        ("plain", ask(), false),
        ("functions", ChatRequest { tools: vec![function("f", "", None)], ..ask() }, false),
        ("other options", options(r#"{"deferred":true}"#), false),
        ("no options", options("[]"), false),
        ("search", ChatRequest { web_search: Some(WebSearch::default()), ..ask() }, true),
        ("tools of xAI", options(r#"{"tools":[{"type":"x_search"}]}"#), true),
        ("turns", options(r#"{"max_turns":3}"#), true),
        ("state", chat(vec![message(Role::Assistant, vec![state("xai", "encrypted_reasoning", "", ITEM)])]), true),
        (
            "others' state",
            chat(vec![message(Role::Assistant, vec![state("google", "encrypted_reasoning", "", "")])]),
            false,
        ),
    ];
    let xai = TwoFormats::xai(XaiApi::Mixed);
    for (name, request, responses) in cases {
        let Ok(encoded) = xai.encode(&request, "grok-4.3", Mode::Unary) else {
            assert_eq!(name, "no options");
            continue;
        };
        let (format, path) = match responses {
            true => (Format::Responses, "/responses"),
            false => (Format::ChatCompletions, "/chat/completions"),
        };
        assert_eq!((encoded.memo.format, &*encoded.path), (format, path), "{name}");
    }
    let always = TwoFormats::xai(XaiApi::Responses).encode(&ask(), "grok-4.3", Mode::Stream).expect("a request");
    assert_eq!((always.memo.format, &*always.path), (Format::Responses, "/responses"));
    for (api, path) in [(PerplexityApi::Agent, "/v1/agent"), (PerplexityApi::Sonar, "/chat/completions")] {
        let encoded = TwoFormats::perplexity(api).encode(&ask(), "sonar", Mode::Stream).expect("a request");
        assert_eq!(encoded.path, path);
    }
    let gone = xai.encode(&options(r#"{"search_parameters":{"mode":"on"}}"#), "grok-4.3", Mode::Unary);
    assert_eq!(gone.expect_err("gone").field, "prompt.provider_options.search_parameters");
}

#[test]
fn answers_follow_the_memo() {
    let xai = TwoFormats::xai(XaiApi::Mixed);
    let reply = fixture("xai/resp-04-from-xai-responses").provider;
    assert!(fold(&decode(&xai, &reply).expect("a reply")).is_some());
    let body = reply["body"].to_string();
    let answer =
        crate::providers::adapter::Reply { status: 200, headers: &http::HeaderMap::new(), body: body.as_bytes() };
    assert!(xai.decode(&Memo::default(), answer).is_err(), "it is no chat completion");
    let (events, end) = run(&xai, &sse_body(&fixture("xai/stream-04-from-xai-responses").provider).0, 100);
    assert_eq!((end, fold(&events).is_some()), (Ok(()), true));
    assert_eq!(memo().format, Format::Responses);
}

#[test]
fn columns() {
    let xai = TwoFormats::xai(XaiApi::Mixed);
    assert!(matches!(xai.support("grok-4.3", Field::WebSearch), Handling::Rewritten(_)));
    assert!(matches!(xai.support("grok-4.3", Field::WebSearchFilters), Handling::Rewritten(_)));
    check_column_except(&TwoFormats::xai(XaiApi::Responses), "grok-4.3", &[]);
    for model in ["grok-3-mini", "grok-4", "grok-4.3", "grok-4.20-0309-non-reasoning"] {
        check_column_except(&TwoFormats::xai(XaiApi::Mixed), model, &[]);
    }
    check_column_except(&TwoFormats::perplexity(PerplexityApi::Sonar), "sonar", &[]);
    check_column_except(&TwoFormats::perplexity(PerplexityApi::Agent), "sonar", &[Field::WebSearch]);
    check_column_except(&TwoFormats::perplexity(PerplexityApi::Agent), "sonar-pro", &[]);
}

#[test]
fn rows_of_the_registry() {
    let adapter = |name: &str| {
        let row = BUILT_IN.iter().find(|row| row.name == name).expect("a row");
        let Wire::Http(adapter) = row.wire else { panic!("{name} is spoken") };
        adapter(&Choices::default())
    };
    let encoded = adapter("perplexity").encode(&ask(), "sonar", Mode::Unary).expect("a request");
    assert_eq!(encoded.path, "/v1/agent");
    assert!(adapter("perplexity").model_list().is_some_and(|list| list.path() == "/v1/models"));
    let encoded = adapter("xai").encode(&ask(), "grok-4.3", Mode::Unary).expect("a request");
    assert_eq!(encoded.path, "/chat/completions");
}
