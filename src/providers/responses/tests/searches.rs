//! What becomes of the wish to search the web.

use serde_json::{Value, json};

use super::builders::{ask, choose, encode, function, written};
use crate::{
    domain::{
        chat::*,
        usage::WarningAction::{Dropped, Rewritten},
    },
    providers::responses::Dialect,
};

fn searching(search: WebSearch) -> ChatRequest {
    ChatRequest { web_search: Some(search), ..ask() }
}

/// Every wish there is.
fn everything() -> WebSearch {
    let place = UserLocation {
        country: "NO".into(),
        region: "Vestland".into(),
        city: "Bergen".into(),
        timezone: "Europe/Oslo".into(),
    };
    WebSearch {
        context_size: "high".into(),
        user_location: Some(place),
        allowed_domains: (1..=7).map(|number| format!("{number}.example")).collect(),
        excluded_domains: vec!["b.example".into()],
        start_time: Some(1_768_435_200),
        end_time: Some(951_782_400),
        max_age_seconds: Some(60),
    }
}

#[test]
fn in_every_form() {
    let seven: Vec<_> = (1..=7).map(|number| format!("{number}.example")).collect();
    let search = |name: &str| format!("prompt.web_search.{name}");
    let (body, warnings) = written(Dialect::OPENAI, &searching(everything()), "gpt-5-mini");
    let place = json!({"type": "approximate", "country": "NO", "region": "Vestland", "city": "Bergen",
        "timezone": "Europe/Oslo"});
    let tool = json!({"type": "web_search", "search_context_size": "high", "user_location": place,
        "filters": {"allowed_domains": seven}});
    assert_eq!((&body["tools"], &body["tool_choice"]), (&json!([tool]), &Value::Null));
    let dropped = |names: &[&str]| names.iter().map(|name| (search(name), Dropped)).collect::<Vec<_>>();
    assert_eq!(warnings, dropped(&["excluded_domains", "start_time", "end_time", "max_age"]));

    let (body, warnings) = written(Dialect::XAI, &searching(everything()), "grok-4.3");
    assert_eq!(body["tools"], json!([{"type": "web_search", "allowed_domains": seven[..5]}]));
    let mut theirs =
        dropped(&["context_size", "user_location", "excluded_domains", "start_time", "end_time", "max_age"]);
    theirs.insert(2, (search("allowed_domains"), Rewritten));
    assert_eq!(warnings, theirs);
    let excluded = WebSearch { excluded_domains: vec!["b.example".into()], ..WebSearch::default() };
    let (body, _) = written(Dialect::XAI, &searching(excluded.clone()), "grok-4.3");
    assert_eq!(body["tools"], json!([{"type": "web_search", "excluded_domains": ["b.example"]}]));

    let (body, warnings) = written(Dialect::AGENT, &searching(everything()), "openai/gpt-5-mini");
    let place = json!({"country": "NO", "region": "Vestland", "city": "Bergen"});
    let filters = json!({"search_domain_filter": seven, "search_after_date_filter": "1/15/2026",
        "search_before_date_filter": "2/29/2000"});
    let tool = json!({"type": "web_search", "search_context_size": "high", "user_location": place, "filters": filters});
    assert_eq!((&body["tools"], &body["tool_choice"]), (&json!([tool]), &json!("required")));
    assert_eq!(warnings, dropped(&["user_location.timezone", "excluded_domains", "max_age"]));
    let (body, _) = written(Dialect::AGENT, &searching(excluded), "sonar");
    assert_eq!(body["tools"][0]["filters"], json!({"search_domain_filter": ["-b.example"]}));
}

#[test]
fn ages_have_names() {
    for (seconds, name, exact) in [
        (60, "hour", false),
        (3600, "hour", true),
        (86_400, "day", true),
        (700_000, "month", false),
        (1 << 40, "year", false),
    ] {
        let search = WebSearch { max_age_seconds: Some(seconds), ..WebSearch::default() };
        let (body, warnings) = written(Dialect::AGENT, &searching(search), "sonar");
        assert_eq!(body["tools"][0]["filters"]["search_recency_filter"], name);
        assert_eq!(warnings.is_empty(), exact, "{seconds}");
    }
}

#[test]
fn sonar_is_grounded_unless_something_speaks_against_it() {
    let grounded = |request: &ChatRequest, model: &str| {
        let (body, _) = written(Dialect::AGENT, request, model);
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let offered = tools.iter().any(|tool| tool["type"] == "web_search");
        (offered, body["tool_choice"].as_str().unwrap_or_default().to_owned())
    };
    let options = |text: &str| ChatRequest { provider_options: text.into(), ..ask() };
    let tools = vec![function("f", "", None)];
    let auto = choose(ToolChoiceMode::Auto, &[]);
    let cases = [
        ("plain", ask(), "sonar", (true, "required")),
        ("auto", ChatRequest { tool_choice: auto, ..ask() }, "sonar", (true, "required")),
        ("another vendor's", ask(), "openai/gpt-5-mini", (false, "")),
        ("asked for", searching(WebSearch::default()), "openai/gpt-5-mini", (true, "required")),
        ("a level brings its tools", ask(), "sonar-pro", (false, "")),
        ("filters", options(r#"{"search_recency_filter":"day"}"#), "sonar-pro", (true, "required")),
        ("functions", ChatRequest { tools: tools.clone(), ..ask() }, "sonar", (false, "")),
        ("both", ChatRequest { tools, ..searching(WebSearch::default()) }, "sonar", (true, "")),
        ("none", ChatRequest { tool_choice: choose(ToolChoiceMode::None, &[]), ..ask() }, "sonar", (false, "")),
        ("switched off", options(r#"{"disable_search":true}"#), "sonar", (false, "")),
        ("own tools", options(r#"{"tools":[{"type":"fetch_url"}]}"#), "sonar", (false, "")),
    ];
    for (name, request, model, (offered, choice)) in cases {
        assert_eq!(grounded(&request, model), (offered, choice.to_owned()), "{name}");
    }
}

#[test]
fn one_filter_is_said_once() {
    let search = WebSearch { allowed_domains: vec!["a.example".into()], ..WebSearch::default() };
    let request = ChatRequest { provider_options: r#"{"search_domain_filter":[]}"#.into(), ..searching(search) };
    let error = encode(Dialect::AGENT, &request, "sonar").expect_err("twice");
    assert_eq!(error.field, "prompt.provider_options.search_domain_filter");
}
