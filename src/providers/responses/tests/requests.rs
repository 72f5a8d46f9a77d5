//! Requests in the dialects we know, against fixtures and by hand.

use serde_json::{Value, json};

use super::builders::{
    WEATHER, ask, call, chat, check, choose, effort, encode, function, message, picture, result, say, written,
};
use crate::{
    domain::{
        chat::*,
        usage::WarningAction::{Dropped, Rewritten},
    },
    providers::{
        responses::{Dialect, ResponsesAdapter, dialect::SentAs},
        support::{
            Field,
            tests::{check_column, check_column_except},
        },
    },
};

const PERPLEXITY: &str = "https://api.perplexity.ai";

#[test]
fn columns_are_true() {
    for model in ["gpt-5-mini", "gpt-4o-mini", "o3"] {
        check_column(&ResponsesAdapter::new(Dialect::OPENAI), model);
    }
    for model in ["grok-3-mini", "grok-4", "grok-4-fast-non-reasoning", "grok-4.3", "grok-4.20-multi-agent", "grok-4.6"]
    {
        check_column(&ResponsesAdapter::new(Dialect::XAI), model);
    }
    let agent = ResponsesAdapter::new(Dialect::AGENT);
    for model in ["sonar-pro", "sonar-deep-research", "openai/gpt-5-mini", "anthropic/claude-opus-4-5"] {
        check_column(&agent, model);
    }
    // It searches in any case.
    check_column_except(&agent, "sonar", &[Field::WebSearch]);
}

#[test]
fn agent_from_sonar() {
    let sampling = Sampling {
        max_output_tokens: Some(8),
        temperature: Some(0.2),
        top_p: Some(0.9),
        stop: vec!["x".into()],
        presence_penalty: Some(0.1),
        ..Sampling::default()
    };
    let place = UserLocation { country: "NO".into(), city: "Oslo".into(), ..UserLocation::default() };
    let request = ChatRequest {
        sampling,
        web_search: Some(WebSearch { context_size: "low".into(), user_location: Some(place), ..WebSearch::default() }),
        provider_options: r#"{"search_domain_filter":["yr.no"],"search_recency_filter":"day","return_images":true}"#
            .into(),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "a".into(),
            description: String::new(),
            schema: r#"{"type":"object","properties":{"t":{"type":"string"}}}"#.into(),
            strict: None,
        }),
        ..chat(vec![
            say(Role::System, "Be brief."),
            message(Role::User, vec![Part::Text("Weather in Oslo?".into()), picture("image/png")]),
        ])
    };
    let warnings = [
        ("prompt.stop", Dropped),
        ("prompt.presence_penalty", Dropped),
        ("prompt.provider_options.return_images", Dropped),
        ("prompt.max_output_tokens", Rewritten),
    ];
    let agent = ResponsesAdapter::new(Dialect::AGENT);
    check(&agent, PERPLEXITY, "perplexity/agent-req-01-from-sonar", &request, "sonar", &warnings);
    check(&agent, PERPLEXITY, "perplexity/agent-req-01-from-sonar", &request, "perplexity/sonar", &warnings);

    // The same wishes in the contract's own words.
    let search = request.web_search.clone().unwrap_or_default();
    let search = WebSearch { allowed_domains: vec!["yr.no".into()], max_age_seconds: Some(24 * 60 * 60), ..search };
    let request = ChatRequest { web_search: Some(search), provider_options: String::new(), ..request };
    let warnings = [warnings[0], warnings[1], warnings[3]];
    check(&agent, PERPLEXITY, "perplexity/agent-req-01-from-sonar", &request, "sonar", &warnings);
}

#[test]
fn agent_with_tools_and_levels() {
    let agent = ResponsesAdapter::new(Dialect::AGENT);
    let turn = vec![
        say(Role::User, "w?"),
        message(
            Role::Assistant,
            vec![
                Part::Text("Let me see.".into()),
                call("call_1", "get_weather", "{\"town\":\"Oslo\"}", ToolKind::Function),
            ],
        ),
        message(Role::Tool, vec![result("call_1", "4 C")]),
    ];
    let request = ChatRequest {
        tools: vec![function("get_weather", WEATHER, None)],
        tool_choice: choose(ToolChoiceMode::Auto, &[]),
        reasoning: effort(Effort::Low),
        sampling: Sampling { max_output_tokens: Some(200), ..Sampling::default() },
        ..chat(turn)
    };
    check(&agent, PERPLEXITY, "perplexity/agent-req-02-tools", &request, "perplexity/sonar", &[]);

    let study = chat(vec![say(Role::User, "Study X")]);
    check(&agent, PERPLEXITY, "perplexity/agent-req-03-effort-level", &study, "sonar-deep-research", &[]);

    let levels = [("sonar-pro", "low"), ("sonar-reasoning", "medium"), ("sonar-reasoning-pro", "medium")];
    for (model, level) in levels {
        assert_eq!(Dialect::AGENT.sent_as(model), SentAs::Effort(level.into()));
    }
    let own = ChatRequest { provider_options: r#"{"preset":"pro-search","max_steps":3,"seed":1}"#.into(), ..study };
    let (body, warnings) = written(Dialect::AGENT, &own, "sonar-pro");
    assert_eq!(body, json!({"input": "Study X", "preset": "pro-search", "max_steps": 3, "store": false}));
    assert_eq!(warnings, [("prompt.provider_options.seed".to_owned(), Dropped)]);
    let (body, warnings) = written(Dialect::AGENT, &ask(), "anthropic/claude-opus-4-5");
    assert_eq!((&body["max_output_tokens"], warnings.len()), (&json!(8192), 1));
}

#[test]
fn all_that_openai_takes() {
    let grammar = Grammar { syntax: "lark".into(), definition: "start: \"a\"".into() };
    let custom = Tool::Custom { name: "run_sql".into(), description: "one".into(), grammar: Some(grammar) };
    let pdf = MediaSource::Data { mime_type: "application/pdf".into(), data: b"%PDF"[..].into() };
    let request = ChatRequest {
        sampling: Sampling {
            logprobs: Some(true),
            top_logprobs: Some(2),
            choice_count: Some(3),
            ..Sampling::default()
        },
        tools: vec![function("get_weather", WEATHER, Some(true)), function("now", "", None), custom],
        tool_choice: choose(ToolChoiceMode::Auto, &["get_weather", "now"]),
        parallel_tool_calls: Some(false),
        response_format: Some(ResponseFormat::JsonObject),
        verbosity: Some(Verbosity::Low),
        reasoning: Some(Reasoning { amount: Some(ReasoningAmount::BudgetTokens(4096)), include: Some(true) }),
        metadata: [("team".to_owned(), "red".to_owned())].into(),
        end_user_id: Some("u-17".into()),
        service_tier: Some("flex".into()),
        store: Some(true),
        provider_options: r#"{"max_tool_calls":4,"include":["x"],"tools":[{"type":"mcp"}]}"#.into(),
        ..chat(vec![
            say(Role::Developer, "Be brief."),
            message(
                Role::User,
                vec![
                    Part::Text("These?".into()),
                    Part::File(File { source: pdf, filename: "a.pdf".into() }),
                    Part::File(File { source: MediaSource::FileId("file-7".into()), filename: "b.pdf".into() }),
                    Part::Image(Image { source: MediaSource::FileId("file-8".into()), detail: Some(ImageDetail::Low) }),
                ],
            ),
            message(
                Role::Assistant,
                vec![Part::Refusal("No.".into()), call("call_a", "run_sql", "select 1", ToolKind::Custom)],
            ),
            message(Role::Tool, vec![result("call_a", "1")]),
        ])
    };
    let encoded = encode(Dialect::OPENAI, &request, "gpt-5-mini").expect("a request");
    assert_eq!((&*encoded.path, encoded.copies), ("/responses", 3));
    let (body, warnings) = written(Dialect::OPENAI, &request, "gpt-5-mini");
    let schema: Value = serde_json::from_str(WEATHER).expect("JSON");
    let theirs = json!({
        "model": "gpt-5-mini",
        "input": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "input_text", "text": "These?"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
                {"type": "input_file", "file_id": "file-7"},
                {"type": "input_image", "file_id": "file-8", "detail": "low"},
            ]},
            {"role": "assistant", "content": "No."},
            {"type": "custom_tool_call", "call_id": "call_a", "name": "run_sql", "input": "select 1"},
            {"type": "custom_tool_call_output", "call_id": "call_a", "output": "1"},
        ],
        "top_logprobs": 2,
        "tools": [
            {"type": "function", "name": "get_weather", "description": "Current weather for a town",
             "parameters": schema, "strict": true},
            {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": false},
            {"type": "custom", "name": "run_sql", "description": "one",
             "format": {"type": "grammar", "syntax": "lark", "definition": "start: \"a\""}},
            {"type": "mcp"},
        ],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [
            {"type": "function", "name": "get_weather"}, {"type": "function", "name": "now"}]},
        "parallel_tool_calls": false,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "medium", "summary": "auto"},
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content", "x"],
        "metadata": {"team": "red"},
        "service_tier": "flex",
        "store": true,
        "safety_identifier": "u-17",
        "max_tool_calls": 4,
    });
    assert_eq!(body, theirs);
    assert_eq!(warnings, [("prompt.reasoning.budget_tokens".to_owned(), Rewritten)]);
    assert!(String::from_utf8_lossy(&encoded.body).contains(WEATHER), "schemas keep their text");
}

#[test]
fn choices_of_tools() {
    let with = |mode, names: &[&str]| ChatRequest {
        tools: vec![function("a", "", None), function("b", "", None)],
        tool_choice: choose(mode, names),
        ..ask()
    };
    let one = with(ToolChoiceMode::Required, &["a"]);
    let choice = |dialect, request: &ChatRequest| written(dialect, request, "m").0["tool_choice"].clone();
    assert_eq!(choice(Dialect::OPENAI, &one), json!({"type": "function", "name": "a"}));
    assert_eq!(choice(Dialect::XAI, &one), json!({"type": "function", "name": "a"}));
    assert_eq!(choice(Dialect::AGENT, &one), json!({"name": "a"}));
    let none = with(ToolChoiceMode::None, &[]);
    assert_eq!(choice(Dialect::AGENT, &none), "none");
    let (body, warnings) = written(Dialect::XAI, &with(ToolChoiceMode::Auto, &["b"]), "grok-4.3");
    assert_eq!((body["tools"].as_array().map(Vec::len), &body["tools"][0]["name"]), (Some(1), &json!("b")));
    assert_eq!(warnings, [("prompt.tools".to_owned(), Rewritten)]);
    let without = ChatRequest { tool_choice: choose(ToolChoiceMode::Required, &[]), ..ask() };
    assert_eq!(choice(Dialect::OPENAI, &without), Value::Null);
}

#[test]
fn instructions() {
    let written = |dialect, messages| written(dialect, &chat(messages), "m").0;
    let messages = || {
        vec![
            say(Role::System, "a"),
            say(Role::System, "b"),
            say(Role::User, "hi"),
            say(Role::System, "late"),
            say(Role::Developer, "dev"),
        ]
    };
    let body = written(Dialect::AGENT, messages());
    assert_eq!(body["instructions"], "a\n\nb");
    let roles = |body: &Value| -> Vec<String> {
        let items = body["input"].as_array().expect("items");
        items.iter().map(|item| item["role"].as_str().expect("a role").to_owned()).collect()
    };
    assert_eq!(roles(&body), ["user", "system", "developer"]);
    let body = written(Dialect::XAI, messages());
    assert_eq!(
        (&body["instructions"], roles(&body).join(" ")),
        (&Value::Null, "system system user system system".into())
    );
    // Something must be left to answer.
    let body = written(Dialect::AGENT, vec![say(Role::System, "a")]);
    assert_eq!((&body["instructions"], roles(&body).join(" ")), (&Value::Null, "system".into()));
}

#[test]
fn efforts() {
    for (dialect, model, wish, sent) in [
        (Dialect::XAI, "grok-4.3", Effort::Xhigh, json!("high")),
        (Dialect::XAI, "grok-4.3", Effort::None, json!("none")),
        (Dialect::XAI, "grok-4.6-fast", Effort::Max, json!("xhigh")),
        (Dialect::XAI, "grok-3-mini", Effort::Medium, json!("low")),
        (Dialect::XAI, "grok-4", Effort::High, Value::Null),
        (Dialect::XAI, "grok-9", Effort::Minimal, json!("minimal")),
        (Dialect::AGENT, "sonar", Effort::Max, json!("xhigh")),
        (Dialect::OPENAI, "gpt-5-mini", Effort::Minimal, json!("minimal")),
        (Dialect::OPENAI, "gpt-4o", Effort::Low, Value::Null),
    ] {
        let (body, warnings) = written(dialect, &ChatRequest { reasoning: effort(wish), ..ask() }, model);
        assert_eq!(body["reasoning"]["effort"], sent, "{model} {wish:?}");
        assert_eq!(warnings.is_empty(), sent == wish.as_str(), "{model} {wish:?}: {warnings:?}");
    }
}

#[test]
fn refusals() {
    let with = |part| chat(vec![say(Role::User, "x"), message(Role::User, vec![Part::Text("y".into()), part])]);
    let option = |text: &str| ChatRequest { provider_options: text.into(), ..ask() };
    let file = File { source: MediaSource::FileId("f".into()), filename: String::new() };
    let bad_schema = ChatRequest { tools: vec![function("f", "[]", None)], ..ask() };
    let cases = [
        (Dialect::XAI, with(picture("image/webp")), "prompt.messages[1].parts[1].image.source.mime_type"),
        (Dialect::AGENT, with(Part::File(file)), "prompt.messages[1].parts[1].file.source.file_id"),
        (Dialect::OPENAI, with(result("a", "b")), "prompt.messages[1].parts[1]"),
        (Dialect::OPENAI, bad_schema, "prompt.tools[0].function.parameters_schema"),
        (Dialect::OPENAI, option("[1]"), "prompt.provider_options"),
        (Dialect::OPENAI, option(r#"{"temperature":1}"#), "prompt.provider_options.temperature"),
        (Dialect::OPENAI, option(r#"{"background":true}"#), "prompt.provider_options.background"),
        (Dialect::OPENAI, option(r#"{"tools":{}}"#), "prompt.provider_options.tools"),
        (Dialect::AGENT, option(r#"{"stream_options":{}}"#), "prompt.provider_options.stream_options"),
        (Dialect::XAI, option(r#"{"search_parameters":{}}"#), "prompt.provider_options.search_parameters"),
        (Dialect::OPENAI, chat(vec![message(Role::System, vec![picture("image/png")])]), "prompt.messages[0].parts[0]"),
    ];
    for (dialect, request, field) in cases {
        assert_eq!(encode(dialect, &request, "m").expect_err(field).field, field);
    }
}

#[test]
fn dialects_from_configuration() {
    let read = |yaml: &str| serde_saphyr::from_str::<Dialect>(yaml);
    assert_eq!(read("{}").ok(), Some(Dialect::OPENAI));
    assert!(read("colour: red").is_err(), "unknown switches are refused");
    let own = read(
        "{path: /v2/responses, issuer: acme, strict_tools: unknown, unsupported: [metadata, custom_tools],\n\
         options: {known: [top_k]}, names: [{name: big, sent: {effort: high}}],\n\
         models: [{prefix: tiny, effort: false}], model_list: {path: /models}}",
    )
    .expect("a dialect");
    let request = ChatRequest { metadata: [("a".to_owned(), "b".to_owned())].into(), ..ask() };
    let (body, warnings) = written(own.clone(), &request, "big");
    assert_eq!(body, json!({"effort": "high", "input": [{"role": "user", "content": "x"}], "store": false}));
    assert_eq!(warnings.len(), 1);
    check_column(&ResponsesAdapter::new(Dialect { options: Dialect::OPENAI.options, ..own }), "tiny-1");
}
