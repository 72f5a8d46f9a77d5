//! Request vectors checked on fields, then tables of odd but legal and of wrong bodies.

use pb::{media_source::Source, part::Content};
use serde_json::{Value, json};

use super::*;

fn fixture(name: &str) -> ChatCall {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    read_json(&vector["openai"]["body"])
}

fn read_json(body: &Value) -> ChatCall {
    parse(&serde_json::to_vec(body).unwrap()).unwrap()
}

/// A minimal request with the members of `extra`.
fn with(extra: Value) -> Vec<u8> {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::to_vec(&body).unwrap()
}

fn prompt_with(extra: Value) -> pb::ChatPrompt {
    parse(&with(extra)).unwrap().prompt
}

fn contents(message: &pb::Message) -> Vec<&Content> {
    message.parts.iter().map(|part| part.content.as_ref().unwrap()).collect()
}

fn text(part: &pb::Part) -> &str {
    match part.content.as_ref().unwrap() {
        Content::Text(text) => &text.text,
        other => panic!("{other:?}"),
    }
}

fn results(message: &pb::Message) -> &pb::ToolResult {
    match contents(message)[..] {
        [Content::ToolResult(result)] => result,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn content_unions() {
    let ChatCall { prompt, stream, .. } = fixture("req-02-content-unions");
    assert!(!stream);
    let roles: Vec<pb::Role> = prompt.messages.iter().map(pb::Message::role).collect();
    assert_eq!(roles, [pb::Role::Developer, pb::Role::User, pb::Role::Assistant, pb::Role::User]);
    assert_eq!((&*prompt.messages[0].name, &*prompt.messages[1].name), ("policy", "ann"));
    let parts = contents(&prompt.messages[1]);
    let Content::Image(image) = parts[1] else { panic!() };
    assert_eq!(image.detail(), pb::ImageDetail::Low);
    let Some(Source::Url(url)) = &image.source.as_ref().unwrap().source else { panic!() };
    assert_eq!(url, "https://img.example/cat.jpg");
    let Content::Image(image) = parts[2] else { panic!() };
    let source = image.source.as_ref().unwrap();
    let Some(Source::Data(data)) = &source.source else { panic!() };
    assert_eq!((&*source.mime_type, &data[..4]), ("image/png", &b"\x89PNG"[..]));
    let Content::File(file) = parts[3] else { panic!() };
    let source = file.source.as_ref().unwrap();
    assert_eq!((&*file.filename, &*source.mime_type), ("a.pdf", "application/pdf"));
    let Content::File(file) = parts[4] else { panic!() };
    assert_eq!(file.source.as_ref().unwrap().source, Some(Source::FileId("file-7Hq".into())));
    let Content::Refusal(refusal) = contents(&prompt.messages[2])[1] else { panic!() };
    assert_eq!(refusal.text, "I will not read the file.");
    assert_eq!(text(&prompt.messages[3].parts[0]), "And now?");
    assert_eq!((prompt.temperature, prompt.top_p, prompt.choice_count), (Some(0.0), Some(1.0), Some(1)));
    assert_eq!((&prompt.stop[..], prompt.store), (&["###".to_owned()][..], Some(false)));
    assert_eq!((prompt.logit_bias["1734"], prompt.logit_bias["9"]), (-100, 2));
    assert_eq!((prompt.end_user_id.as_deref(), &*prompt.metadata["team"]), (Some("u-17"), "red"));
}

#[test]
fn audio_both_ways() {
    let call = fixture("req-03-audio-in-out");
    assert!(call.stream && call.include_usage);
    assert_eq!(call.prompt.modalities, [1, 2]);
    let audio = call.prompt.audio.unwrap();
    assert_eq!((&*audio.voice, &*audio.format), ("alloy", "pcm16"));
    let Content::Audio(part) = contents(&call.prompt.messages[0])[1] else { panic!() };
    assert_eq!(part.source.as_ref().unwrap().mime_type, "audio/wav");
    let Content::Audio(part) = contents(&call.prompt.messages[1])[0] else { panic!() };
    assert_eq!((&*part.audio_id, part.source.is_none()), ("audio_9f", true));
}

#[test]
fn tools_in_full() {
    let prompt = fixture("req-04-tools-full").prompt;
    let calls: Vec<_> = contents(&prompt.messages[2])
        .into_iter()
        .map(|content| match content {
            Content::ToolCall(call) => (&*call.id, &*call.name, &*call.arguments, call.kind()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(calls[0], ("call_a1", "get_weather", r#"{"town":"Oslo"}"#, pb::ToolKind::Function));
    assert_eq!(calls[1].2, "");
    assert_eq!(calls[2], ("call_a3", "run_sql", "select 1", pb::ToolKind::Custom));
    assert_eq!(results(&prompt.messages[4]).parts.len(), 2);
    assert_eq!(text(&results(&prompt.messages[5]).parts[0]), "");
    let Some(pb::tool::Tool::Function(now)) = &prompt.tools[1].tool else { panic!() };
    assert_eq!((&*now.name, &*now.parameters_schema), ("now", ""));
    let Some(pb::tool::Tool::Custom(sql)) = &prompt.tools[2].tool else { panic!() };
    assert_eq!(sql.grammar.as_ref().unwrap().syntax, "lark");
    let choice = prompt.tool_choice.unwrap();
    assert_eq!((choice.mode(), &choice.allowed_names[..]), (pb::ToolChoiceMode::Auto, &["get_weather".to_owned()][..]));
    assert_eq!(prompt.parallel_tool_calls, Some(true));
}

#[test]
fn named_choice_limits_and_stops() {
    let prompt = fixture("req-05-tool-choice-named").prompt;
    let choice = prompt.tool_choice.unwrap();
    assert_eq!(choice.mode(), pb::ToolChoiceMode::Required);
    assert_eq!((&*choice.allowed_names[0], choice.kind()), ("get_weather", pb::ToolKind::Function));
    assert_eq!(prompt.parallel_tool_calls, Some(false));
    assert_eq!(fixture("req-07-max-tokens-renamed").prompt.max_output_tokens, Some(256));
    let call = fixture("req-13-stop-array-n2");
    assert_eq!((call.prompt.stop.len(), call.prompt.choice_count, call.include_usage), (4, Some(2), true));
    assert_eq!(fixture("req-01-minimal").prompt.messages.len(), 1);
}

#[test]
fn deprecated_functions_become_tools() {
    let call = fixture("req-08-legacy-functions");
    assert!(call.legacy_functions);
    let Some(pb::tool::Tool::Function(function)) = &call.prompt.tools[0].tool else { panic!() };
    assert_eq!(function.name, "get_weather");
    assert_eq!(call.prompt.tool_choice.unwrap().allowed_names, ["get_weather"]);
    let Content::ToolCall(made) = contents(&call.prompt.messages[1])[0] else { panic!() };
    let answer = results(&call.prompt.messages[2]);
    assert_eq!(call.prompt.messages[2].role(), pb::Role::Tool);
    assert_eq!((&answer.tool_call_id, &*answer.name), (&made.id, "get_weather"));
}

#[test]
fn unknown_members_keep_their_bytes() {
    let call = fixture("req-12-unknown-field-kept");
    assert_eq!(call.prompt.provider_options, r#"{"vendor_knob":{"a":1}}"#);
    let body = br#"{"z":{ "b" : 1.10, "a":[1, 2.50] },"model":"m","big":12345678901234567890123,
        "messages":[{"role":"user","content":"x"}],"gone":null,"esc\"aped":"\u00e9"}"#;
    let options = parse(body).unwrap().prompt.provider_options;
    let expected = r#"{"z":{ "b" : 1.10, "a":[1, 2.50] },"big":12345678901234567890123,"esc\"aped":"\u00e9"}"#;
    assert_eq!(options, expected);
    assert_eq!(prompt_with(json!({})).provider_options, "");
}

#[test]
fn schemas_keep_their_order_and_numbers() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}],
        "tools":[{"type":"function","function":{"name":"f","parameters":{"z":1.0,"a": 2}}}],
        "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"y":1e2,"b":0}}}}"#;
    let prompt = parse(body).unwrap().prompt;
    let Some(pb::tool::Tool::Function(function)) = &prompt.tools[0].tool else { panic!() };
    assert_eq!(function.parameters_schema, r#"{"z":1.0,"a": 2}"#);
    let Some(pb::response_format::Format::JsonSchema(format)) = prompt.response_format.unwrap().format else {
        panic!()
    };
    assert_eq!((&*format.schema, format.strict), (r#"{"y":1e2,"b":0}"#, Some(true)));
}

#[test]
fn every_optional_member_may_be_null() {
    let members = [
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "stop",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "strict",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "functions",
        "function_call",
        "response_format",
        "reasoning_effort",
        "verbosity",
        "modalities",
        "audio",
        "prediction",
        "metadata",
        "service_tier",
        "web_search_options",
        "store",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "moderation",
    ];
    let nulls: serde_json::Map<String, Value> = members.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    assert_eq!(prompt_with(Value::Object(nulls)), prompt_with(json!({})));
    let message = json!({"role": "assistant", "content": "a", "name": null, "refusal": null, "audio": null,
        "tool_calls": null, "function_call": null, "tool_call_id": null, "reasoning_content": null, "extra_content": null});
    assert_eq!(prompt_with(json!({"messages": [message]})).messages[0].parts.len(), 1);
}

#[test]
fn whole_numbers_may_be_floats() {
    let prompt = prompt_with(json!({"max_tokens": 100.0, "n": 2.0, "seed": -7.0, "logit_bias": {"5": -100.0}}));
    assert_eq!((prompt.max_output_tokens, prompt.choice_count, prompt.seed), (Some(100), Some(2), Some(-7)));
    assert_eq!(prompt.logit_bias["5"], -100);
    // The newer name wins; -1 is how vLLM's clients switch top_k off.
    let prompt = prompt_with(json!({"max_tokens": 1, "max_completion_tokens": 2, "top_k": -1}));
    assert_eq!((prompt.max_output_tokens, prompt.top_k), (Some(2), None));
}

#[test]
fn the_other_options() {
    let prompt = prompt_with(json!({
        "reasoning_effort": "xhigh", "verbosity": "low", "strict": true, "service_tier": "flex", "top_k": 40,
        "prediction": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        "web_search_options": {"search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Oslo", "country": "NO"}}},
        "user": "u", "safety_identifier": "s", "prompt_cache_key": "k",
        "audio": {"voice": {"id": "v_1"}, "format": "mp3"}, "response_format": {"type": "json_object"},
    }));
    let amount = prompt.reasoning.unwrap().amount.unwrap();
    assert_eq!(amount, pb::reasoning_options::Amount::Effort(pb::ReasoningEffort::Xhigh.into()));
    assert_eq!((prompt.verbosity, prompt.strict, prompt.top_k), (1, true, Some(40)));
    assert_eq!((prompt.predicted_output.as_deref(), prompt.end_user_id.as_deref()), (Some("ab"), Some("s")));
    let search = prompt.web_search.unwrap();
    assert_eq!((&*search.context_size, &*search.user_location.unwrap().city), ("low", "Oslo"));
    assert_eq!(prompt.audio.unwrap().voice, "v_1");
    assert_eq!(prompt_with(json!({"web_search_options": {}})).web_search, Some(pb::WebSearchOptions::default()));
}

#[test]
fn reasoning_and_provider_state_come_back() {
    let message = json!({"role": "assistant", "content": "", "reasoning_content": "hm",
        "extra_content": {"gigachat": {"functions_state_id": "c3RhdGU=", "key_scope": "k1"}},
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"},
             "extra_content": {"google": {"thought_signature": "b3BhcXVl"}}},
            {"id": "c2", "function": {"name": "g", "arguments": {"a": 1}},
             "extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}}]});
    let prompt = prompt_with(json!({"messages": [message]}));
    let parts = contents(&prompt.messages[0]);
    assert_eq!(parts.len(), 5, "{parts:?}");
    assert!(matches!(parts[0], Content::Reasoning(r) if r.text == "hm"));
    let Content::ProviderState(state) = parts[1] else { panic!() };
    assert_eq!((&*state.provider, &*state.kind, &*state.key_scope), ("gigachat", "functions_state_id", "k1"));
    assert_eq!((&state.data[..], &*state.tool_call_id), (&b"state"[..], ""));
    let Content::ProviderState(state) = parts[3] else { panic!() };
    assert_eq!((&state.data[..], &*state.tool_call_id, &*state.kind), (&b"opaque"[..], "c1", "thought_signature"));
    let Content::ToolCall(call) = parts[4] else { panic!() };
    assert_eq!(call.arguments, r#"{"a":1}"#);
}

#[test]
fn wrong_bodies_name_the_field() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    #[rustfmt::skip]
    let rows: Vec<(Value, Option<&str>, Option<&str>)> = vec![
        (json!({"model": null}), Some("model"), Some("missing_required_parameter")),
        (json!({"messages": null}), Some("messages"), Some("missing_required_parameter")),
        (json!({"messages": []}), Some("messages"), Some("empty_array")),
        (json!({"messages": "x"}), Some("messages"), Some("invalid_value")),
        (json!({"messages": [{"content": "x"}]}), Some("messages[0].role"), Some("missing_required_parameter")),
        (json!({"messages": [{"role": "robot", "content": "x"}]}), Some("messages[0].role"), Some("invalid_value")),
        (json!({"messages": [{"role": "user"}]}), Some("messages[0].content"), Some("missing_required_parameter")),
        (json!({"messages": [{"role": "assistant"}]}), Some("messages[0].content"), Some("missing_required_parameter")),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), Some("messages[0].tool_call_id"), Some("missing_required_parameter")),
        (user(json!(5)), Some("messages[0].content"), Some("invalid_value")),
        (user(json!([])), Some("messages[0].content"), Some("invalid_value")),
        (user(json!([{"type": "text"}])), Some("messages[0].content[0].text"), Some("missing_required_parameter")),
        (user(json!([{"type": "text", "text": 1}])), Some("messages[0].content[0].text"), Some("invalid_value")),
        (user(json!([{"type": "video"}])), Some("messages[0].content[0].type"), Some("invalid_value")),
        (user(json!([{"type": "image_url", "image_url": {"url": "ftp://x"}}])), Some("messages[0].content[0].image_url.url"), Some("invalid_value")),
        (user(json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}])), Some("messages[0].content[0].image_url.url"), Some("invalid_value")),
        (user(json!([{"type": "image_url", "image_url": {"url": "data:image/png,abc"}}])), Some("messages[0].content[0].image_url.url"), Some("invalid_value")),
        (json!({"temperature": "hot"}), Some("temperature"), Some("invalid_value")),
        (json!({"n": 1.5}), Some("n"), Some("invalid_value")),
        (json!({"n": -1}), Some("n"), Some("invalid_value")),
        (json!({"stop": {"a": 1}}), Some("stop"), Some("invalid_value")),
        (json!({"stop": ["a", 1]}), Some("stop[1]"), Some("invalid_value")),
        (json!({"logit_bias": {"5": "x"}}), Some("logit_bias.5"), Some("invalid_value")),
        (json!({"reasoning_effort": "huge"}), Some("reasoning_effort"), Some("invalid_value")),
        (json!({"tool_choice": "always"}), Some("tool_choice"), Some("invalid_value")),
        (json!({"tool_choice": {"type": "function"}}), Some("tool_choice.function.name"), Some("missing_required_parameter")),
        (json!({"tools": [{"type": "function", "function": {}}]}), Some("tools[0].function.name"), Some("missing_required_parameter")),
        (json!({"tools": [{"type": "magic"}]}), Some("tools[0].type"), Some("invalid_value")),
        (json!({"response_format": {"type": "xml"}}), Some("response_format.type"), Some("invalid_value")),
        (json!({"response_format": {"type": "json_schema"}}), Some("response_format.json_schema"), Some("missing_required_parameter")),
        (json!({"stream_options": {"include_usage": true}}), Some("stream_options"), Some("invalid_value")),
        (json!({"modalities": ["smell"]}), Some("modalities[0]"), Some("invalid_value")),
    ];
    for (extra, param, code) in rows {
        let failure = parse(&with(extra.clone())).unwrap_err();
        assert_eq!(failure.status(), 400, "{extra}");
        assert_eq!((failure.param(), failure.code()), (param, code), "{extra}: {}", failure.message());
    }
}

#[test]
fn broken_json_has_no_param() {
    let deep =
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":{}{}}}]}}"#, "[".repeat(500), "]".repeat(500));
    let bodies = ["", "{", "{\"model\":\"m\",}", "{\"model\":\"m\"} x", "\u{0}", &deep];
    for body in bodies {
        let failure = parse(body.as_bytes()).unwrap_err();
        assert_eq!(failure.status(), 400, "{body}");
    }
    let failure = parse(b"{\"model\":").unwrap_err();
    assert_eq!((failure.param(), failure.code()), (None, None));
    let failure = parse(b"[1]").unwrap_err();
    assert_eq!((failure.status().as_u16(), failure.param()), (400, None), "{}", failure.message());
    // Which of two members counts would otherwise depend on who reads them.
    for twice in [r#""model":"a","model":"b""#, r#""model":"a","x":1,"x":2"#] {
        let body = format!(r#"{{{twice},"messages":[{{"role":"user","content":"x"}}]}}"#);
        assert!(parse(body.as_bytes()).unwrap_err().message().contains("duplicate"), "{twice}");
    }
    let long = format!(r#"{{"model":"m","messages":"{}"}}"#, "é".repeat(5000));
    assert!(parse(long.as_bytes()).unwrap_err().message().len() < 400);
    let not_utf8 = b"{\"model\":\"\xff\",\"messages\":[]}";
    assert_eq!(parse(not_utf8).unwrap_err().status(), 400);
}

#[test]
fn thinking_in_three_languages() {
    use pb::reasoning_options::Amount::{BudgetTokens, Effort};
    let effort = |effort: pb::ReasoningEffort| Some(Effort(effort.into()));
    #[rustfmt::skip]
    let rows = [
        (json!({"reasoning_effort": "max"}), effort(pb::ReasoningEffort::Max), None, ""),
        (json!({"reasoning": {"effort": "low", "exclude": true}}), effort(pb::ReasoningEffort::Low), Some(false), ""),
        (json!({"reasoning": {"max_tokens": 2000.0}}), Some(BudgetTokens(2000)), None, ""),
        (json!({"reasoning": {"enabled": false}}), effort(pb::ReasoningEffort::None), None, ""),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}), Some(BudgetTokens(1024)), None, ""),
        (json!({"thinking": {"type": "disabled"}}), Some(BudgetTokens(0)), None, ""),
        (json!({"thinking": {"type": "enabled"}}), None, None, r#"{"thinking":{"type":"enabled"}}"#),
        (json!({"reasoning_effort": "high", "reasoning": {"max_tokens": 5}, "thinking": null}), effort(pb::ReasoningEffort::High), None, ""),
        (json!({"include_reasoning": true}), None, Some(true), ""),
    ];
    for (extra, amount, include, options) in rows {
        let prompt = prompt_with(extra.clone());
        let reasoning = prompt.reasoning.unwrap_or_default();
        let ours = (reasoning.amount, reasoning.include, &*prompt.provider_options);
        assert_eq!(ours, (amount, include, options), "{extra}");
    }
}

#[test]
fn web_search_in_full_and_strict_of_our_own() {
    let prompt = prompt_with(json!({"gateway": {"strict": true}, "min_p": 0.1, "prompt_cache_options": {"ttl": "30m"},
        "web_search_options": {"allowed_domains": ["a.example"], "filters": {"blocked_domains": ["b.example"]},
            "start_time": "2026-01-02T00:00:00Z", "max_age_seconds": 60.0, "user_location": null}}));
    let search = prompt.web_search.unwrap();
    assert_eq!((&*search.allowed_domains[0], &*search.excluded_domains[0]), ("a.example", "b.example"));
    assert_eq!((search.start_time.unwrap().seconds, search.max_age.unwrap().seconds), (1_767_312_000, 60));
    assert!(prompt.strict);
    assert_eq!(prompt.provider_options, r#"{"min_p":0.1,"prompt_cache_options":{"ttl":"30m"}}"#);
    let failure = parse(&with(json!({"web_search_options": {"start_time": "soon"}}))).unwrap_err();
    assert_eq!(failure.param(), Some("web_search_options.start_time"));
}

#[test]
fn state_of_every_provider_comes_back_as_it_went() {
    let whole = json!({"gateway": {"states": [
        {"provider": "p", "key_scope": "k", "kind": "a", "data": "b3BhcXVl"},
        {"provider": "p", "kind": "b", "data": "b3BhcXVl", "tool_call_id": "c9"},
        {"provider": "p", "kind": "broken", "data": "*"}]},
        "google": {"thought_signature": "b3BhcXVl"}, "other": 5});
    let message = json!({"role": "assistant", "content": "x", "extra_content": whole});
    let prompt = prompt_with(json!({"messages": [message]}));
    let states: Vec<_> = contents(&prompt.messages[0])
        .into_iter()
        .filter_map(|content| match content {
            Content::ProviderState(s) => Some((&*s.provider, &*s.key_scope, &*s.kind, &s.data[..], &*s.tool_call_id)),
            _ => None,
        })
        .collect();
    let opaque = &b"opaque"[..];
    let google = ("google", "", "thought_signature", opaque, "");
    assert_eq!(states, [("p", "k", "a", opaque, ""), ("p", "", "b", opaque, "c9"), google]);
}
