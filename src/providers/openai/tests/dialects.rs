//! Dialects from configuration, provider options, and what no dialect can say.

use serde_json::{Value, json};

use super::builders::{
    PNG, WEATHER, call, chat, check_with, data, effort, encode, function, image, message, named, normal, result,
    sampled, say,
};
use crate::{
    domain::{chat::*, usage::WarningAction::Dropped},
    providers::{adapter::Mode, openai::Dialect, testing::files::fixture},
};

fn generic(yaml: &str) -> Dialect {
    serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"))
}

#[test]
fn dialects_from_configuration() {
    assert_eq!(generic("{}"), Dialect::GENERIC);
    assert!(serde_saphyr::from_str::<Dialect>("max_token: max_tokens").is_err(), "unknown switches are refused");
    assert!(serde_saphyr::from_str::<Dialect>("unsupported: [colour]").is_err(), "so are unknown fields");

    let groq = generic(
        "tool_call_content: omit\n\
         unsupported: [logprobs, top_logprobs, logit_bias, message_name, choice_count, store, metadata]",
    );
    let sampling =
        Sampling { logprobs: Some(false), choice_count: Some(1), temperature: Some(0.0), ..Sampling::default() };
    let request = ChatRequest {
        store: Some(false),
        metadata: [("a".to_owned(), "b".to_owned())].into(),
        ..sampled(
            vec![
                named("ann", say(Role::User, "hi")),
                message(Role::Assistant, vec![call("y2g7", "now", "{}", ToolKind::Function)]),
                message(Role::Tool, vec![result("y2g7", &["12"])]),
            ],
            sampling,
        )
    };
    let warnings = [("prompt.messages[0].name", Dropped), ("prompt.metadata", Dropped)];
    check_with(groq, "openai/generic-04-groq-request-scrub", &request, &warnings);

    let deepseek = generic("{reasoning_echo: always, efforts: [low, high, max]}");
    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, None)],
        reasoning: effort(Effort::High),
        ..chat(vec![
            say(Role::User, "w?"),
            message(
                Role::Assistant,
                vec![
                    Part::Reasoning("Need the weather.".into()),
                    call("call_00_x", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function),
                ],
            ),
            message(Role::Tool, vec![result("call_00_x", &["4 C"])]),
        ])
    };
    check_with(deepseek, "openai/generic-24-deepseek-reasoning-echo", &request, &[]);
}

#[test]
fn mistral_from_configuration() {
    let mistral = generic(
        "{tool_call_ids: alnum9, required_choice: any, seed: random_seed, tool_result_name: true, stream_options: false}",
    );
    let sampling = Sampling { seed: Some(3), max_output_tokens: Some(64), ..Sampling::default() };
    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, None)],
        tool_choice: Some(ToolChoice {
            mode: ToolChoiceMode::Required,
            allowed_names: Vec::new(),
            kind: ToolKind::Function,
        }),
        ..sampled(
            vec![
                say(Role::Developer, "s"),
                say(Role::User, "w?"),
                message(
                    Role::Assistant,
                    vec![call("call_abcdefgh12345", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function)],
                ),
                message(Role::Tool, vec![result("call_abcdefgh12345", &["4 C"])]),
            ],
            sampling,
        )
    };
    let encoded = encode(mistral, &request, "mistral-large-latest", Mode::Stream).expect("a request");
    let mut body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    let id = body["messages"][3]["tool_call_id"].take();
    assert_eq!(body["messages"][2]["tool_calls"][0]["id"].take(), id);
    assert!(id.as_str().is_some_and(|id| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric())), "{id}");
    let mut theirs = fixture("openai/generic-08-mistral-request")["provider"]["body"].clone();
    theirs["messages"][3]["tool_call_id"].take();
    theirs["messages"][2]["tool_calls"][0]["id"].take();
    assert_eq!(normal(body), normal(theirs));
}

#[test]
fn provider_options() {
    let with = |options: &str| ChatRequest {
        provider_options: options.to_owned(),
        ..sampled(vec![say(Role::User, "x")], Sampling { temperature: Some(1.0), ..Sampling::default() })
    };
    let encode_with = |dialect, options: &str| encode(dialect, &with(options), "gpt-4o-mini", Mode::Unary);

    let encoded = encode_with(Dialect::OPENAI, r#"{"vendor_knob": {"a": 1}}"#).expect("a request");
    let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(body["vendor_knob"], fixture("openai/req-12-unknown-field-kept")["provider"]["body"]["vendor_knob"]);
    assert!(encode_with(Dialect::OPENAI, " { } ").is_ok_and(|encoded| encoded.warnings.is_empty()));

    for (options, field) in [
        (r#"{"temperature":2}"#, "prompt.provider_options.temperature"),
        (r#"{"a":1,"mod\u0065l":"x"}"#, "prompt.provider_options.model"),
        (r#"{"stream":true}"#, "prompt.provider_options.stream"),
        ("[1]", "prompt.provider_options"),
        ("{\"a\":1} {", "prompt.provider_options"),
    ] {
        assert_eq!(encode_with(Dialect::OPENAI, options).expect_err(options).field, field);
    }
    let closed = Dialect { extras: false, ..Dialect::GENERIC };
    let encoded = encode_with(closed, r#"{"a":1}"#).expect("a request");
    assert_eq!(encoded.warnings[0].field, "prompt.provider_options");
    assert!(!String::from_utf8_lossy(&encoded.body).contains("\"a\""));
}

#[test]
fn refusals() {
    let user = |part| chat(vec![say(Role::User, "x"), message(Role::User, vec![Part::Text("y".into()), part])]);
    let custom = Tool::Custom { name: "t".into(), description: String::new(), grammar: None };
    let two = Sampling { choice_count: Some(2), ..Sampling::default() };
    let bad_schema = ChatRequest { tools: vec![function("f", "{", None)], ..user(Part::Text("z".into())) };
    let no_json = Dialect { json_object: false, json_schema: false, ..Dialect::GENERIC };
    let json = ChatRequest { response_format: Some(ResponseFormat::JsonObject), ..user(Part::Text("z".into())) };
    let sound = Part::Audio(Audio { source: Some(data("audio/ogg", "AAAA")), audio_id: String::new() });
    let cases = [
        (
            Dialect::XAI,
            user(image(data("image/webp", PNG), None)),
            "prompt.messages[1].parts[1].image.source.mime_type",
        ),
        (
            Dialect::OPENAI,
            user(image(MediaSource::FileId("f".into()), None)),
            "prompt.messages[1].parts[1].image.source.file_id",
        ),
        (Dialect::OPENAI, user(sound.clone()), "prompt.messages[1].parts[1].audio.source.mime_type"),
        (Dialect::GENERIC, user(sound), "prompt.messages[1].parts[1].audio"),
        (Dialect::GENERIC, user(result("a", &["b"])), "prompt.messages[1].parts[1]"),
        (Dialect::GENERIC, ChatRequest { tools: vec![custom], ..chat(Vec::new()) }, "prompt.tools.custom"),
        (generic("{choices: refuse}"), sampled(Vec::new(), two), "prompt.choice_count"),
        (Dialect::OPENAI, bad_schema, "prompt.tools[0].function.parameters_schema"),
        (no_json, json, "prompt.response_format.json_object"),
    ];
    for (dialect, request, field) in cases {
        assert_eq!(encode(dialect, &request, "m", Mode::Unary).expect_err(field).field, field);
    }
}

#[test]
fn filters_of_sonar() {
    let search = WebSearch {
        excluded_domains: vec!["a.example".into()],
        start_time: Some(1_768_435_200),
        end_time: Some(951_782_400),
        max_age_seconds: Some(60),
        ..WebSearch::default()
    };
    let request = ChatRequest { web_search: Some(search), ..chat(vec![say(Role::User, "x")]) };
    let encoded = encode(Dialect::SONAR, &request, "sonar", Mode::Unary).expect("a request");
    let body: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(body["search_domain_filter"], json!(["-a.example"]));
    assert_eq!(body["search_after_date_filter"], "1/15/2026");
    assert_eq!(body["search_before_date_filter"], "2/29/2000");
    assert_eq!(encoded.warnings[0].field, "prompt.web_search.max_age");
}
