//! Unary answers and errors.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::fixtures::{expected, fixture, fixtures, memo, summary};
use crate::{
    domain::{
        chat::Part,
        completion::ChatCompletion,
        event::ChatEvent,
        failure::{FailureClass, NextStep, UpstreamFailure},
    },
    providers::{
        adapter::{Adapter, Memo, Reply, TokenExchange},
        gigachat::{GigaChatAdapter, GigaChatTokens},
        testing::{
            answer::{class, reason_name},
            streams::fold,
        },
    },
};

/// Checked in tests of their own: they are no completions.
const NO_CHATS: &[&str] = &[
    "resp_embeddings",
    "resp_file_upload",
    "resp_models",
    "resp_oauth_ms",
    "resp_oauth_seconds",
    "resp_oauth_tok_exp",
];

pub fn decode(memo: &Memo, body: &[u8]) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    GigaChatAdapter::default().decode(memo, Reply { status: 200, headers: &HeaderMap::new(), body })
}

fn completion(memo: &Memo, body: &Value) -> ChatCompletion {
    fold(decode(memo, body.to_string().as_bytes()).unwrap()).unwrap()
}

fn answer(message: Value, finish_reason: Value) -> Value {
    json!({"choices": [{"message": message, "index": 0, "finish_reason": finish_reason}], "created": 1})
}

#[test]
fn reads_every_reply() {
    for (name, fixture) in fixtures("resp_").into_iter().filter(|(name, _)| !NO_CHATS.contains(&name.as_str())) {
        let body = serde_json::to_vec_pretty(&fixture["provider"]["body"]).unwrap();
        let openai = &fixture["openai"];
        if let Some(kind) = openai["gateway"]["kind"].as_str() {
            let failure = decode(&memo(&name), &body).expect_err(&name);
            assert_eq!(failure.class, class(kind), "{name}");
            assert_eq!(failure.message, openai["body"]["error"]["message"], "{name}");
            assert_eq!(failure.code.as_deref(), openai["body"]["error"]["code"].as_str(), "{name}");
            assert_eq!(failure.class.next_step() != NextStep::Stop, openai["gateway"]["retryable"], "{name}");
            continue;
        }
        let completion = fold(decode(&memo(&name), &body).expect(&name)).expect(&name);
        assert_eq!(summary(&completion), expected(std::slice::from_ref(&openai["body"]), "message"), "{name}");
    }
}

#[test]
fn classifies_every_error() {
    for (name, fixture) in fixtures("err_") {
        let (provider, openai) = (&fixture["provider"], &fixture["openai"]);
        let body = match &provider["body"] {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let (status, headers) = (provider["status"].as_u64().unwrap() as u16, HeaderMap::new());
        let reply = Reply { status, headers: &headers, body: body.as_bytes() };
        let failure = match provider["where"].as_str() {
            Some("oauth") => GigaChatTokens::default().decode_error(reply),
            _ => GigaChatAdapter::default().decode_error(reply),
        };
        assert_eq!(failure.class, class(openai["gateway"]["kind"].as_str().unwrap()), "{name}");
        assert_eq!(failure.http_status, Some(status), "{name}");
        assert_eq!(failure.message, openai["body"]["error"]["message"], "{name}");
        assert_eq!(failure.param.as_deref(), openai["body"]["error"]["param"].as_str(), "{name}");
        let ended = openai["gateway"]["refresh_token_and_retry_once"] == true;
        if provider["where"] == "api" {
            assert_eq!(GigaChatTokens::default().token_ended(&failure), ended, "{name}");
            let shown = ["unsupported_parameter", "request_too_large", "functions_state_rejected"];
            let code = openai["body"]["error"]["code"].as_str().filter(|code| shown.contains(code));
            assert_eq!(failure.code.as_deref(), code, "{name}");
        }
        let wait = (failure.class == FailureClass::RateLimit).then_some(Duration::from_secs(1));
        assert_eq!(failure.retry_after, wait, "{name}");
    }
}

#[test]
fn knows_errors_beyond_the_fixtures() {
    let check = |status: u16, body: &str, class: FailureClass, http_status: u16| {
        let reply = Reply { status, headers: &HeaderMap::new(), body: body.as_bytes() };
        let failure = GigaChatAdapter::default().decode_error(reply);
        assert_eq!((failure.class, failure.http_status), (class, Some(http_status)), "{status} {body}");
        assert!(!failure.message.contains('<') && !failure.message.is_empty(), "{body}");
    };
    let api = |status: u16, message: &str| json!({"status": status, "message": message}).to_string();
    check(400, &api(401, "Unauthorized"), FailureClass::Credential, 401);
    check(422, &api(422, "Requested tokens exceed the model's limit"), FailureClass::ContextLength, 422);
    check(422, &api(422, "Invalid params: max_tokens exceeds the limit"), FailureClass::Caller, 422);
    check(404, &api(404, "No such file"), FailureClass::Caller, 404);
    check(404, "", FailureClass::Model, 404);
    check(503, "<html></html>", FailureClass::Overload, 503);
    check(504, "", FailureClass::Timeout, 504);
    check(500, r#"{"code":6,"message":"x"}"#, FailureClass::Credential, 500);
    check(500, "[]", FailureClass::ServerError, 500);
    check(500, r#"{"status":"x"}"#, FailureClass::ServerError, 500);

    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("7"));
    let reply = Reply { status: 429, headers: &headers, body: b"{}" };
    assert_eq!(GigaChatAdapter::default().decode_error(reply).retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn refuses_what_is_no_reply() {
    let check = |name: &str, body: &str, class: FailureClass, code: Option<&str>| {
        let failure = decode(&Memo::default(), body.as_bytes()).expect_err(name);
        assert_eq!((failure.class, failure.code.as_deref()), (class, code), "{name}");
    };
    check("nothing", " ", FailureClass::BadResponse, Some("invalid_response"));
    check("an empty object", "{}", FailureClass::BadResponse, Some("invalid_response"));
    check("html", "<html></html>", FailureClass::BadResponse, Some("invalid_response"));
    check("half an object", r#"{"choices":[{"#, FailureClass::BadResponse, Some("invalid_response"));
    check("no choices", r#"{"choices":[]}"#, FailureClass::BadResponse, Some("empty_response"));
    check("an empty choice", r#"{"choices":[{}]}"#, FailureClass::Network, Some("upstream_incomplete"));
    check("an error", r#"{"status":429,"message":"Too many requests"}"#, FailureClass::RateLimit, None);
    let call = answer(json!({"content": ""}), json!("function_call")).to_string();
    check("a call that is missing", &call, FailureClass::BadResponse, Some("malformed_function_call"));
}

#[test]
fn maps_every_finish_reason() {
    let table = fixture("table_finish_reasons");
    for (native, theirs) in table["openai"]["map"].as_object().unwrap() {
        let finish_reason = match native.as_str() {
            "<absent>" => Value::Null,
            "<unknown>" => json!("something new"),
            native => json!(native),
        };
        let call = json!({"name": "f", "arguments": {}});
        let message = match native.as_str() {
            "error" => json!({"content": ""}),
            "function_call" => json!({"content": "", "function_call": call}),
            _ => json!({"content": "x"}),
        };
        let decoded = decode(&Memo::default(), answer(message, finish_reason.clone()).to_string().as_bytes());
        match decoded {
            Err(failure) => assert_eq!((native.as_str(), failure.class), ("error", FailureClass::BadResponse)),
            Ok(events) => {
                let choice = &fold(events).unwrap().choices[0];
                assert_eq!(reason_name(choice.finish_reason), theirs, "{native}");
                assert_eq!(choice.native_finish_reason, finish_reason.as_str().unwrap_or_default(), "{native}");
            }
        }
    }
    let with_text = completion(&Memo::default(), &answer(json!({"content": "x"}), json!("error")));
    assert_eq!(reason_name(with_text.choices[0].finish_reason), "stop");
    let with_call = answer(json!({"function_call": {"name": "f"}}), json!("stop"));
    assert_eq!(reason_name(completion(&Memo::default(), &with_call).choices[0].finish_reason), "tool_calls");
}

#[test]
fn keeps_arguments_as_the_model_wrote_them() {
    let body = r#"{"choices": [{"finish_reason": "function_call", "message": {"function_call": {"name": "f",
        "arguments": { "z": [1, 2.50],  "a": "two  \"words\" \\", "е": "\u003c" }}}}]}"#;
    let completion = fold(decode(&Memo::default(), body.as_bytes()).unwrap()).unwrap();
    let Part::ToolCall(call) = &completion.choices[0].message.parts[0] else { panic!() };
    assert_eq!(call.arguments, r#"{"z":[1,2.50],"a":"two  \"words\" \\","е":"\u003c"}"#);
    for (arguments, want) in [(json!("{\"a\":1}"), "{\"a\":1}"), (Value::Null, "{}"), (json!([1]), "[1]")] {
        let message = json!({"function_call": {"name": "f", "arguments": arguments}});
        let completion = self::completion(&Memo::default(), &answer(message, json!("function_call")));
        let Part::ToolCall(call) = &completion.choices[0].message.parts[0] else { panic!() };
        assert_eq!(call.arguments, want);
    }
}

#[test]
fn carries_states_in_ids_or_beside_them() {
    let parts = |message: Value| {
        let completion = completion(&Memo::default(), &answer(message, json!("function_call")));
        completion.choices[0].message.parts.clone()
    };
    let call = json!({"name": "f", "arguments": {}});
    let uuid = "0f3c1d52-7a7e-4a55-9d61-2f1d5f6b8a01";
    let in_id = parts(json!({"function_call": call, "functions_state_id": uuid}));
    assert!(matches!(&in_id[..], [Part::ToolCall(call)] if call.id == format!("call_{uuid}")));

    let beside = parts(json!({"function_call": call, "functions_state_id": "not a uuid"}));
    let [Part::ToolCall(made_up), Part::ProviderState(state)] = &beside[..] else { panic!("{beside:?}") };
    assert_eq!((state.tool_call_id.as_str(), &state.data[..]), (made_up.id.as_str(), &b"not a uuid"[..]));
    assert!(made_up.id.starts_with("call_") && !made_up.id.contains('-'), "{}", made_up.id);

    let alone = parts(json!({"content": "<img src=\"f\" fuse=\"true\"/>", "functions_state_id": uuid}));
    assert!(matches!(&alone[..], [Part::Text(_), Part::ProviderState(state)] if state.tool_call_id.is_empty()));

    let none = parts(json!({"function_call": call}));
    assert!(matches!(&none[..], [Part::ToolCall(call)] if call.id.len() == "call_".len() + 16));
}

#[test]
fn gives_functions_their_names_back() {
    let memo = Memo { tool_names: vec![("a_b".to_owned(), "a.b".to_owned())], ..Memo::default() };
    let body = answer(json!({"function_call": {"name": "a_b"}}), json!("function_call"));
    let Part::ToolCall(call) = &completion(&memo, &body).choices[0].message.parts[0] else { panic!() };
    assert_eq!(call.name, "a.b");
}

#[test]
fn takes_the_text_when_the_answers_function_was_not_called() {
    let memo = Memo { answer_tool: Some("out".to_owned()), ..Memo::default() };
    let text = |message: Value| summary(&completion(&memo, &answer(message, json!("stop"))))["text"].clone();
    assert_eq!(text(json!({"content": "no"})), "no");
    let call = json!({"name": "out", "arguments": {"a": 1}});
    assert_eq!(text(json!({"content": "Here you are:", "function_call": call})), "{\"a\":1}");
}

#[test]
fn takes_fences_off_json() {
    let memo = Memo { bare_json: true, ..Memo::default() };
    for (text, want) in [
        ("{\"a\": 1}", "{\"a\": 1}"),
        ("```json\n{\"a\": 1}\n```", "{\"a\": 1}"),
        (" ```\n{\"a\": \"``` \"}\n\n```\n", "{\"a\": \"``` \"}"),
        ("<think>hm</think>```json\n{}", "{}"),
        ("```", "```"),
        ("``", "``"),
        ("Here: ```json\n{}\n```", "Here: ```json\n{}\n```"),
        ("```json\n{}\n``` Done.", "{}\n``` Done."),
    ] {
        assert_eq!(summary(&completion(&memo, &answer(json!({"content": text}), json!("stop"))))["text"], want);
        let chunk = |c: char| json!({"choices": [{"delta": {"content": c}}]}).to_string();
        let chunks = text.chars().map(chunk).chain([json!({"choices": [{"finish_reason": "stop"}]}).to_string()]);
        let sse: String = chunks.map(|chunk| format!("data: {chunk}\n\n")).collect();
        let (out, end) = super::streams::read(&memo, [sse.as_bytes()]);
        assert_eq!((summary(&fold(out).unwrap())["text"].as_str(), end), (Some(want), Ok(())));
    }
    let long = format!("```{}", "x".repeat(3000));
    assert_eq!(summary(&completion(&memo, &answer(json!({"content": long}), json!("stop"))))["text"], long);
}

#[test]
fn tells_where_the_conversation_is_kept() {
    let mut body = answer(json!({"content": "x"}), json!("stop"));
    (body["thread_id"], body["message_id"]) = (json!("t"), json!("m"));
    let metadata = completion(&Memo::default(), &body).provider_metadata;
    assert_eq!(serde_json::from_str::<Value>(&metadata).unwrap(), json!({"thread_id": "t", "message_id": "m"}));
}
