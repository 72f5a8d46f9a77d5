//! Requests in the dialects we know, against the fixtures.

use serde_json::{Value, json};

use super::builders::{
    PNG, WEATHER, call, chat, check, data, effort, encode, function, image, message, named, result, sampled, say, url,
};
use crate::{
    domain::{
        chat::*,
        usage::WarningAction::{Dropped, Rewritten},
    },
    providers::{adapter::Mode, openai::Dialect},
};

#[test]
fn minimal() {
    check("openai/req-01-minimal", &chat(vec![say(Role::User, "Name one prime number.")]), &[]);
}

#[test]
fn content_unions() {
    let pdf = File { source: data("application/pdf", "JVBERi0xLjQK"), filename: "a.pdf".into() };
    let stored = File { source: MediaSource::FileId("file-7Hq".into()), filename: String::new() };
    let question = message(
        Role::User,
        vec![
            Part::Text("What is in these?".into()),
            image(url("https://img.example/cat.jpg"), Some(ImageDetail::Low)),
            image(data("image/png", PNG), None),
            Part::File(pdf),
            Part::File(stored),
        ],
    );
    let answer =
        message(Role::Assistant, vec![Part::Text("A cat.".into()), Part::Refusal("I will not read the file.".into())]);
    let sampling = Sampling {
        stop: vec!["###".into()],
        choice_count: Some(1),
        temperature: Some(0.0),
        top_p: Some(1.0),
        logit_bias: [("1734".to_owned(), -100), ("9".to_owned(), 2)].into(),
        ..Sampling::default()
    };
    let request = ChatRequest {
        metadata: [("team".to_owned(), "red".to_owned())].into(),
        store: Some(false),
        end_user_id: Some("u-17".into()),
        ..sampled(
            vec![
                named("policy", say(Role::Developer, "Answer in one line.")),
                named("ann", question),
                answer,
                say(Role::User, "And now?"),
            ],
            sampling,
        )
    };
    check("openai/req-02-content-unions", &request, &[]);
}

#[test]
fn audio() {
    let sound = Audio { source: Some(data("audio/wav", "UklGRiQAAABXQVZF")), audio_id: String::new() };
    let earlier = Audio { source: None, audio_id: "audio_9f".into() };
    let request = ChatRequest {
        modalities: vec![Modality::Text, Modality::Audio],
        audio: Some(AudioOutput { voice: "alloy".into(), format: "pcm16".into() }),
        ..chat(vec![
            message(Role::User, vec![Part::Text("Repeat".into()), Part::Audio(sound)]),
            message(Role::Assistant, vec![Part::Audio(earlier)]),
            say(Role::User, "again"),
        ])
    };
    check("openai/req-03-audio-in-out", &request, &[]);
}

#[test]
fn tools() {
    let custom = Tool::Custom {
        name: "run_sql".into(),
        description: "one statement".into(),
        grammar: Some(Grammar { syntax: "lark".into(), definition: "start: \"select\" /.+/".into() }),
    };
    let calls = vec![
        call("call_a1", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function),
        call("call_a2", "now", "", ToolKind::Function),
        call("call_a3", "run_sql", "select 1", ToolKind::Custom),
    ];
    let results = vec![result("call_a1", &["4 C"]), result("call_a2", &["12:", "00"]), result("call_a3", &[""])];
    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, None), function("now", "", None), custom],
        tool_choice: Some(ToolChoice {
            mode: ToolChoiceMode::Auto,
            allowed_names: vec!["get_weather".into()],
            kind: ToolKind::Function,
        }),
        parallel_tool_calls: Some(true),
        ..chat(vec![
            say(Role::System, "s"),
            say(Role::User, "Weather in Oslo and Rome, and the row count?"),
            message(Role::Assistant, calls),
            message(Role::Tool, results),
        ])
    };
    check("openai/req-04-tools-full", &request, &[]);

    // A server without that choice gets fewer tools instead.
    let request = ChatRequest { tools: request.tools[..2].to_vec(), messages: vec![say(Role::User, "x")], ..request };
    let encoded = encode(Dialect::GENERIC, &request, "m", Mode::Unary).expect("a request");
    let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!((body["tools"].as_array().map(Vec::len), &body["tool_choice"]), (Some(1), &json!("auto")));
    assert_eq!(encoded.warnings[0].field, "prompt.tools");
    let text = String::from_utf8_lossy(&encoded.body).into_owned();
    assert!(text.contains(WEATHER), "schemas keep their text: {text}");
}

#[test]
fn named_choice_and_limits() {
    let choice = ToolChoice {
        mode: ToolChoiceMode::Required,
        allowed_names: vec!["get_weather".into()],
        kind: ToolKind::Function,
    };
    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, None)],
        tool_choice: Some(choice),
        parallel_tool_calls: Some(false),
        ..chat(vec![say(Role::User, "x")])
    };
    check("openai/req-05-tool-choice-named", &request, &[]);

    let sampling = Sampling { max_output_tokens: Some(256), ..Sampling::default() };
    let request = sampled(vec![say(Role::System, "be brief"), say(Role::User, "hi")], sampling);
    check("openai/req-07-max-tokens-renamed", &request, &[]);
}

#[test]
fn xai() {
    let sampling = Sampling {
        max_output_tokens: Some(200),
        temperature: Some(0.2),
        logit_bias: [("1".to_owned(), 2)].into(),
        ..Sampling::default()
    };
    let request = ChatRequest {
        end_user_id: Some("u-1".into()),
        reasoning: effort(Effort::Medium),
        store: Some(false),
        metadata: [("a".to_owned(), "b".to_owned())].into(),
        ..sampled(vec![say(Role::Developer, "Be brief."), named("ann", say(Role::User, "What is 101*3?"))], sampling)
    };
    let warnings = [
        ("prompt.messages[1].name", Dropped),
        ("prompt.logit_bias", Dropped),
        ("prompt.metadata", Dropped),
        ("prompt.reasoning.effort", Rewritten),
    ];
    check("xai/req-01-basic-and-scrub", &request, &warnings);

    let sampling = Sampling {
        stop: vec!["END".into()],
        presence_penalty: Some(0.5),
        frequency_penalty: Some(0.1),
        max_output_tokens: Some(100),
        ..Sampling::default()
    };
    let request = ChatRequest { reasoning: effort(Effort::Xhigh), ..sampled(vec![say(Role::User, "x")], sampling) };
    let warnings = [
        ("prompt.stop", Dropped),
        ("prompt.frequency_penalty", Dropped),
        ("prompt.presence_penalty", Dropped),
        ("prompt.reasoning.effort", Rewritten),
    ];
    check("xai/req-02-reasoning-model-unsupported", &request, &warnings);

    let parts = vec![
        Part::Text("Compare".into()),
        image(data("image/png", PNG), Some(ImageDetail::High)),
        image(url("https://img.example/a.jpg"), Some(ImageDetail::Auto)),
    ];
    check("xai/req-03-images", &chat(vec![message(Role::User, parts)]), &[]);

    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, Some(true)), function("now", "", None)],
        tool_choice: Some(ToolChoice {
            mode: ToolChoiceMode::Auto,
            allowed_names: Vec::new(),
            kind: ToolKind::Function,
        }),
        ..chat(vec![
            say(Role::User, "w?"),
            message(
                Role::Assistant,
                vec![call("call_12345678", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function)],
            ),
            message(Role::Tool, vec![result("call_12345678", &["4 C"])]),
        ])
    };
    check("xai/req-04-tools", &request, &[("prompt.tools.function.strict", Dropped)]);

    let sampling =
        Sampling { stop: vec!["5".into()], top_p: Some(0.0), seed: Some(9_000_000_000), ..Sampling::default() };
    let warnings = [("prompt.top_p", Rewritten), ("prompt.seed", Rewritten)];
    check("xai/req-07-scalar-repairs", &sampled(vec![say(Role::User, "count")], sampling), &warnings);
}

#[test]
fn sonar() {
    let sampling = Sampling {
        max_output_tokens: Some(300),
        temperature: Some(0.2),
        choice_count: Some(1),
        logit_bias: [("1".to_owned(), 1)].into(),
        seed: Some(1),
        ..Sampling::default()
    };
    let messages = vec![say(Role::Developer, "Be brief."), named("ann", say(Role::User, "Weather in Oslo?"))];
    let request = ChatRequest { store: Some(false), ..sampled(messages, sampling) };
    let warnings = [("prompt.messages[1].name", Dropped), ("prompt.seed", Dropped), ("prompt.logit_bias", Dropped)];
    check("perplexity/sonar-req-01-scrub", &request, &warnings);

    let location = UserLocation {
        country: "NO".into(),
        region: "Oslo".into(),
        city: "Oslo".into(),
        timezone: "Europe/Oslo".into(),
    };
    let request = ChatRequest {
        web_search: Some(WebSearch {
            context_size: "high".into(),
            user_location: Some(location),
            ..WebSearch::default()
        }),
        provider_options: r#" {"search_domain_filter":["nasa.gov","-reddit.com"],"search_recency_filter":"week",
            "search_mode":"academic","return_images":true,"return_related_questions":true,
            "search_after_date_filter":"1/15/2026"} "#
            .into(),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "a".into(),
            description: String::new(),
            schema: r#"{"type":"object","properties":{"t":{"type":"string"}}}"#.into(),
            strict: Some(true),
        }),
        ..chat(vec![say(Role::User, "news")])
    };
    let warnings = [("prompt.web_search.user_location.timezone", Dropped)];
    check("perplexity/sonar-req-02-search-options", &request, &warnings);

    let request = chat(vec![
        say(Role::User, "a"),
        say(Role::User, "b"),
        say(Role::Assistant, "c"),
        say(Role::Assistant, "d"),
        say(Role::System, "late rule"),
        say(Role::User, "e"),
        say(Role::Assistant, "f"),
    ]);
    let rewritten = ("prompt.messages", Rewritten);
    check("perplexity/sonar-req-03-role-alternation", &request, &[rewritten, rewritten, rewritten]);
}
