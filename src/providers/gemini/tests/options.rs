//! Settings beside the conversation: provider options, the operator's settings, choices, search, other outputs.

use serde_json::{Value, json};

use crate::{
    domain::{
        chat::{AudioOutput, ChatRequest, Message, Modality, Part, Reasoning, Role, Tool, WebSearch},
        usage::WarningAction::{self, Dropped, Rewritten},
    },
    providers::{
        adapter::{Adapter, EncodeError, Mode},
        date,
        gemini::{GeminiAdapter, GeminiDefaults, SafetySetting},
    },
};

const NEW: &str = "gemini-3.8-flash";
const OLD: &str = "gemini-2.5-flash";

fn hello() -> ChatRequest {
    let message = Message { role: Role::User, parts: vec![Part::Text("Hi".into())], name: String::new() };
    ChatRequest { messages: vec![message], ..ChatRequest::default() }
}

fn function() -> Tool {
    Tool::Function { name: "f".into(), description: String::new(), parameters_schema: String::new(), strict: None }
}

type Told = Vec<(String, WarningAction)>;

fn encode(adapter: &GeminiAdapter, request: &ChatRequest, model: &str) -> Result<(Value, Told), EncodeError> {
    let encoded = adapter.encode(request, model, Mode::Unary)?;
    let warnings = encoded.warnings.into_iter().map(|w| (w.field, w.action)).collect();
    Ok((serde_json::from_slice(&encoded.body).unwrap(), warnings))
}

fn with_options(options: Value) -> Result<(Value, Told), EncodeError> {
    let request = ChatRequest { provider_options: options.to_string(), ..hello() };
    encode(&GeminiAdapter::default(), &request, NEW).map(|(mut body, warnings)| {
        body.as_object_mut().unwrap().remove("contents");
        (body, warnings)
    })
}

#[test]
fn passes_known_options_on() {
    let rows = [
        ("at the top", json!({"cachedContent": "cachedContents/1"}), json!({"cachedContent": "cachedContents/1"})),
        ("in `google`", json!({"google": {"labels": {"a": "b"}}}), json!({"labels": {"a": "b"}})),
        ("in snake case", json!({"google": {"cached_content": "c"}}), json!({"cachedContent": "c"})),
        ("to go on", json!({"continuationToken": "dG9r"}), json!({"continuationToken": "dG9r"})),
        (
            "thinking",
            json!({"google": {"thinking_config": {"thinking_budget": 5}}}),
            json!({"generationConfig": {"thinkingConfig": {"thinking_budget": 5}}}),
        ),
        (
            "settings",
            json!({"generation_config": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}}),
            json!({"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}}),
        ),
        (
            "tools",
            json!({"tools": [{"urlContext": {}}, {"code_execution": {}}]}),
            json!({"tools": [{"urlContext": {}}, {"code_execution": {}}]}),
        ),
        (
            "safety",
            json!({"safety_settings": [{"category": "A", "threshold": "OFF"}, {"category": "A", "threshold": "BLOCK_NONE"}]}),
            json!({"safetySettings": [{"category": "A", "threshold": "BLOCK_NONE"}]}),
        ),
    ];
    for (name, options, want) in rows {
        assert_eq!(with_options(options).unwrap(), (want, vec![]), "{name}");
    }
}

#[test]
fn leaves_other_options_out_and_says_so() {
    let told = [("prompt.provider_options".to_owned(), Dropped)];
    for options in [
        json!({"contents": []}),
        json!({"google": {"model": "x"}}),
        json!({"generationConfig": {"temperature": 1}}),
        json!({"tools": [{"functionDeclarations": []}]}),
        json!({"tools": [{"urlContext": {}, "functionDeclarations": []}]}),
        json!({"tools": [{}]}),
    ] {
        assert_eq!(with_options(options.clone()).unwrap(), (json!({}), told.to_vec()), "{options}");
    }
    for (options, field) in [
        (json!({"google": []}), "prompt.provider_options.google"),
        (json!({"tools": {}}), "prompt.provider_options.tools"),
        (json!({"tools": [1]}), "prompt.provider_options.tools[0]"),
        (json!({"safetySettings": [{"category": "A"}]}), "prompt.provider_options.safetySettings"),
        (json!({"generationConfig": 1}), "prompt.provider_options.generationConfig"),
    ] {
        assert_eq!(with_options(options.clone()).unwrap_err().field, field, "{options}");
    }
    let reasoning = Some(Reasoning { amount: None, include: Some(true) });
    let provider_options = json!({"thinkingConfig": {}}).to_string();
    let both = ChatRequest { reasoning, provider_options, ..hello() };
    assert!(encode(&GeminiAdapter::default(), &both, NEW).is_err(), "two words about thinking");
}

#[test]
fn callers_override_the_operators_safety_settings() {
    let setting =
        |category: &str, threshold: &str| SafetySetting { category: category.into(), threshold: threshold.into() };
    let safety_settings = vec![setting("A", "OFF"), setting("B", "OFF")];
    let adapter = GeminiAdapter::new(GeminiDefaults { safety_settings, ..GeminiDefaults::default() });
    let provider_options =
        json!({"safetySettings": [setting("B", "BLOCK_ONLY_HIGH"), setting("C", "OFF")]}).to_string();
    let (body, _) = encode(&adapter, &ChatRequest { provider_options, ..hello() }, NEW).unwrap();
    let want = json!([setting("A", "OFF"), setting("B", "BLOCK_ONLY_HIGH"), setting("C", "OFF")]);
    assert_eq!(body["safetySettings"], want);

    let text = r#"{"safety_settings": [{"category": "A", "threshold": "OFF"}], "inline_media": true}"#;
    let defaults: GeminiDefaults = serde_json::from_str(text).unwrap();
    assert_eq!(defaults.safety_settings, [setting("A", "OFF")]);
}

#[test]
fn choices_come_together_or_one_by_one() {
    for (model, mode, wanted, candidates, copies) in [
        ("gemini-2.0-flash", Mode::Unary, Some(8), Some(8), 1),
        ("gemini-2.0-flash", Mode::Unary, Some(9), None, 9),
        ("gemini-2.0-flash", Mode::Stream, Some(2), None, 2),
        (NEW, Mode::Unary, Some(3), None, 3),
        (OLD, Mode::Stream, Some(3), None, 3),
        (NEW, Mode::Unary, Some(1), None, 1),
        (NEW, Mode::Unary, None, None, 1),
    ] {
        let mut request = hello();
        request.sampling.choice_count = wanted;
        let encoded = GeminiAdapter::default().encode(&request, model, mode).unwrap();
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        let count = body["generationConfig"]["candidateCount"].as_u64();
        assert_eq!((count, encoded.copies), (candidates, copies), "{model} {mode:?} {wanted:?}");
        assert!(encoded.warnings.is_empty(), "the caller gets what he wants");
    }
}

#[test]
fn values_out_of_range_are_told_of() {
    let mut request = hello();
    request.sampling.max_output_tokens = Some(u32::MAX);
    request.sampling.presence_penalty = Some(2.0);
    request.sampling.frequency_penalty = Some(-2.0);
    let (body, warnings) = encode(&GeminiAdapter::default(), &request, "gemini-2.0-flash").unwrap();
    let want = json!({"maxOutputTokens": i32::MAX, "presencePenalty": 1.99, "frequencyPenalty": -2.0});
    assert_eq!(body["generationConfig"], want);
    let fields = ["prompt.max_output_tokens", "prompt.presence_penalty"];
    assert_eq!(warnings, fields.map(|field| (field.to_owned(), Rewritten)));
}

#[test]
fn searches_within_dates() {
    let search = |search: WebSearch, tools: Vec<Tool>, model: &str| {
        let request = ChatRequest { web_search: Some(search), tools, ..hello() };
        let (body, warnings) = encode(&GeminiAdapter::default(), &request, model).unwrap();
        (body["tools"].clone(), warnings.into_iter().map(|(field, _)| field).collect::<Vec<_>>())
    };
    let dates = WebSearch { start_time: Some(0), end_time: Some(1_795_426_199), ..WebSearch::default() };
    let range = json!({"startTime": "1970-01-01T00:00:00Z", "endTime": "2026-11-23T09:29:59Z"});
    let found = json!([{"googleSearch": {"timeRangeFilter": range}}]);
    assert_eq!(search(dates, vec![], OLD), (found, vec![]));

    let odd = WebSearch {
        start_time: Some(0),
        max_age_seconds: Some(1),
        allowed_domains: vec!["e.example".into()],
        context_size: "low".into(),
        ..WebSearch::default()
    };
    let names = ["context_size", "allowed_domains", "max_age", "start_time"];
    let names = names.map(|name| format!("prompt.web_search.{name}")).to_vec();
    assert_eq!(search(odd, vec![], OLD), (json!([{"googleSearch": {}}]), names));

    let functions = json!([{"functionDeclarations": [{"name": "f"}]}]);
    let dropped = vec!["prompt.web_search".to_owned()];
    assert_eq!(search(WebSearch::default(), vec![function()], OLD), (functions, dropped.clone()));
    assert_eq!(search(WebSearch::default(), vec![], "gemma-3-27b-it"), (Value::Null, dropped));
}

#[test]
fn writes_times_of_the_calendar() {
    for (seconds, want) in [
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(date::rfc3339(seconds), want);
    }
}

#[test]
fn asks_models_for_what_they_can_make() {
    let ask = |modalities: Vec<Modality>, model: &str| {
        let audio = Some(AudioOutput { voice: "Kore".into(), format: "wav".into() });
        encode(&GeminiAdapter::default(), &ChatRequest { modalities, audio, ..hello() }, model)
    };
    let (body, warnings) = ask(vec![Modality::Text, Modality::Audio], "gemini-2.5-flash-preview-tts").unwrap();
    let voice = json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}});
    assert_eq!(body["generationConfig"], json!({"responseModalities": ["AUDIO"], "speechConfig": voice}));
    assert_eq!(warnings, [("prompt.audio.format".to_owned(), Rewritten)]);

    let (body, warnings) = ask(vec![Modality::Text, Modality::Image], "gemini-2.5-flash-image").unwrap();
    assert_eq!(body["generationConfig"], json!({"responseModalities": ["TEXT", "IMAGE"]}));
    assert_eq!(warnings, [("prompt.audio".to_owned(), Dropped)]);
    let refused = ask(vec![Modality::Text, Modality::Audio], "gemini-2.5-flash-image").unwrap_err();
    assert_eq!(refused.field, "prompt.modalities[1]");
    assert_eq!(ask(vec![Modality::Image], NEW).unwrap_err().field, "prompt.modalities");
}

#[test]
fn asks_for_the_bytes_of_what_no_model_fetches() {
    let inline = GeminiAdapter::new(GeminiDefaults { inline_media: true, ..GeminiDefaults::default() });
    for (url, newest, old, inlined) in [
        ("https://e.example/a.png", false, true, true),
        ("http://e.example/a.png", true, true, true),
        ("ftp://e.example/a.png", true, true, true),
        ("data:image/png;base64,AA==", false, false, false),
        ("https://www.youtube.com/watch?v=1", false, false, false),
        ("https://generativelanguage.googleapis.com/v1beta/files/1", false, false, false),
    ] {
        let needs = |adapter: &GeminiAdapter, model: &str| adapter.needs_bytes_of(model, url);
        let adapter = GeminiAdapter::default();
        let ours = [needs(&adapter, NEW), needs(&adapter, "models/gemini-2.0-flash"), needs(&inline, NEW)];
        assert_eq!(ours, [newest, old, inlined], "{url}");
    }
}
