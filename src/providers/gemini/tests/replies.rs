//! Unary answers and errors.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};

use super::fixtures::{assert_same, expected, fixtures, summary};
use crate::{
    domain::{
        event::{ChatEvent, FinishReason},
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Adapter, Memo, Reply},
        gemini::{GeminiAdapter, finish},
        testing::{answer::class, streams::fold},
    },
};

fn decode(body: &[u8]) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    GeminiAdapter::default().decode(&Memo::default(), Reply { status: 200, headers: &HeaderMap::new(), body })
}

fn decode_error(status: u16, body: &[u8]) -> UpstreamFailure {
    GeminiAdapter::default().decode_error(Reply { status, headers: &HeaderMap::new(), body })
}

#[test]
fn reads_every_reply() {
    // Read in `lists`: they are no completions.
    let others = ["resp_count_tokens", "resp_models_list"];
    for (name, fixture) in fixtures("resp_").into_iter().filter(|(name, _)| !others.contains(&&**name)) {
        // The service sends indented JSON.
        let body = serde_json::to_vec_pretty(&fixture["provider"]["body"]).unwrap();
        let kind = &fixture["openai"]["gateway"]["kind"];
        if let Some(kind) = kind.as_str() {
            let failure = decode(&body).expect_err(&name);
            assert_eq!(failure.class, class(kind), "{name}");
            assert_eq!(failure.code.as_deref(), fixture["openai"]["body"]["error"]["code"].as_str(), "{name}");
            continue;
        }
        let completion = fold(decode(&body).expect(&name)).expect(&name);
        let theirs = expected(std::slice::from_ref(&fixture["openai"]["body"]), "message");
        assert_same(&name, summary(&completion), theirs);
    }
}

#[test]
fn classifies_every_error() {
    for (name, fixture) in fixtures("err_") {
        let provider = &fixture["provider"];
        let status = provider["status"].as_u64().unwrap() as u16;
        // A body that is text is no JSON.
        let text = provider["body"].as_str().map(|text| text.as_bytes().to_vec());
        let is_json = text.is_none();
        let failure = decode_error(status, &text.unwrap_or_else(|| serde_json::to_vec(&provider["body"]).unwrap()));
        let gateway = &fixture["openai"]["gateway"];
        assert_eq!(failure.class, class(gateway["kind"].as_str().unwrap()), "{name}");
        assert_eq!(failure.http_status, Some(status), "{name}");
        let retry_after = gateway["retry_after_ms"].as_u64().map(Duration::from_millis);
        assert_eq!(failure.retry_after, retry_after, "{name}");

        if !is_json || provider["body"].is_array() {
            continue;
        }
        let wrapped = decode_error(status, &serde_json::to_vec(&json!([provider["body"]])).unwrap());
        assert_eq!(wrapped, failure, "{name} in an array");
        let as_success = decode(&serde_json::to_vec(&provider["body"]).unwrap()).expect_err(&name);
        assert_eq!(as_success, failure, "{name} with status 200");
    }
}

#[test]
fn knows_errors_beyond_the_fixtures() {
    let check = |status: u16, error: Value, class: FailureClass| {
        let failure = decode_error(status, json!({ "error": error }).to_string().as_bytes());
        assert_eq!(failure.class, class, "{status} {error}");
    };
    let day = json!({"violations": [{"quotaId": "TokensPerMinute"}, {"quotaId": "RequestsPerDay"}]});
    check(429, json!({"status": "RESOURCE_EXHAUSTED", "details": [day]}), FailureClass::Quota);
    check(429, json!({"status": "RESOURCE_EXHAUSTED"}), FailureClass::RateLimit);
    let file = "You do not have permission to access the File abc or it may not exist.";
    check(403, json!({"status": "PERMISSION_DENIED", "message": file}), FailureClass::Caller);
    let leaked = "Your API key was reported as leaked. Please use another API key.";
    check(403, json!({"status": "PERMISSION_DENIED", "message": leaked}), FailureClass::Credential);
    check(499, json!({"status": "CANCELLED"}), FailureClass::Network);

    let field = json!({"error": {"status": "INVALID_ARGUMENT", "message": "bad", "details": [
        {"fieldViolations": [{"field": "contents[0]", "description": "is bad"}]}]}});
    assert_eq!(decode_error(400, field.to_string().as_bytes()).param.as_deref(), Some("contents[0]"));
    for body in ["", "<html>413</html>", "{}", "[]", "[1]", "\"text\"", "{\"error\":null}"] {
        let failure = decode_error(502, body.as_bytes());
        assert_eq!((failure.http_status, failure.code), (Some(502), None), "{body}");
        assert!(!failure.message.contains('<'), "{body}");
    }
}

#[test]
fn refuses_what_is_no_reply() {
    let check = |name: &str, body: &str, class: FailureClass, code: &str| {
        let failure = decode(body.as_bytes()).expect_err(name);
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(code)), "{name}");
        assert_eq!(failure.http_status, Some(200), "{name}");
    };
    check("nothing", " ", FailureClass::BadResponse, "empty_response");
    check("an empty object", "{}", FailureClass::BadResponse, "empty_response");
    check("html", "<html></html>", FailureClass::BadResponse, "invalid_response");
    check("no candidates", r#"{"usageMetadata":{}}"#, FailureClass::BadResponse, "empty_response");
    check("half an object", r#"{"candidates":[{"#, FailureClass::Network, "upstream_incomplete");
    check("no reason", r#"{"candidates":[{"content":{}}]}"#, FailureClass::Network, "upstream_incomplete");
    check("the ninth candidate", r#"{"candidates":[{"index":8}]}"#, FailureClass::BadResponse, "invalid_response");
    check("a huge index", r#"{"candidates":[{"index":4e9}]}"#, FailureClass::BadResponse, "invalid_response");
}

#[test]
fn maps_every_finish_reason() {
    let (_, table) = fixtures("table_finish_reasons").remove(0);
    for (native, theirs) in table["openai"]["map"].as_object().unwrap() {
        let ours = match finish::finish_reason(native, false) {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
        };
        assert_eq!(ours, theirs, "{native}");
        let body = json!({"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": native}]});
        assert!(decode(body.to_string().as_bytes()).is_ok(), "{native} with a text");
        let with_call = finish::finish_reason(native, true);
        assert_eq!(with_call == FinishReason::ToolCalls, ours == "stop", "{native} with a call");
    }
}

#[test]
fn keeps_arguments_as_the_model_wrote_them() {
    let body = r#"{"responseId": "r", "candidates": [{"finishReason": "STOP", "content": {"parts": [
        {"functionCall": {"name": "f", "args": { "z": [1, 2.50],
            "a": "two  \"words\" \\", "е": "\u003c" }}}, {"functionCall": {"name": "f"}}]}}]}"#;
    let mut calls = Vec::new();
    for event in decode(body.as_bytes()).unwrap() {
        match event {
            ChatEvent::ToolCallStarted { id, index, .. } => calls.push((index, id)),
            ChatEvent::ToolCallArguments { arguments, index, .. } => calls.push((index, arguments)),
            _ => {}
        }
    }
    let arguments = r#"{"z":[1,2.50],"a":"two  \"words\" \\","е":"\u003c"}"#;
    let want = [(0, "call_r_0_0"), (0, arguments), (1, "call_r_0_1"), (1, "{}")];
    assert_eq!(calls, want.map(|(index, text)| (index, text.to_owned())));
}

#[test]
fn keeps_several_candidates_apart() {
    let body = json!({"candidates": [
        {"content": {"parts": [{"text": "b"}]}, "finishReason": "MAX_TOKENS", "index": 1},
        {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP", "continuationToken": "t"},
    ]});
    let completion = fold(decode(body.to_string().as_bytes()).unwrap()).unwrap();
    let reasons: Vec<_> = completion.choices.iter().map(|c| c.native_finish_reason.as_str()).collect();
    assert_eq!(reasons, ["STOP", "MAX_TOKENS"]);
    assert_eq!(completion.provider_metadata, r#"{"continuationToken":"t"}"#);
}

#[test]
fn counts_thoughts_once() {
    let output = |usage: Value| {
        let body = json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage});
        fold(decode(body.to_string().as_bytes()).unwrap()).unwrap().usage.unwrap().output_tokens
    };
    let apart =
        json!({"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 10});
    let inside =
        json!({"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 8});
    assert_eq!((output(apart), output(inside)), (Some(5), Some(3)));
}

#[test]
fn cites_pages_maps_and_files() {
    let chunks = json!([{"web": {"uri": "w", "title": null}}, {"maps": {"uri": "m", "title": "t"}},
        {"retrievedContext": {"title": "f"}}, {"other": {}}]);
    let body = json!({"candidates": [{"finishReason": "STOP", "groundingMetadata":
        {"groundingChunks": chunks, "groundingSupports": null}}]});
    let completion = fold(decode(body.to_string().as_bytes()).unwrap()).unwrap();
    let cited: Vec<_> = completion.choices[0].citations.iter().map(|c| (c.url.as_str(), c.title.as_str())).collect();
    assert_eq!(cited, [("w", ""), ("m", "t"), ("", "f")]);
}

#[test]
fn places_citations_in_code_points() {
    let spans = |text: &str, segment: Value| {
        let grounding = json!({"groundingChunks": [{"web": {"uri": "u", "title": "t"}}],
            "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0, 7]}]});
        let body = json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP",
            "groundingMetadata": grounding}]});
        let completion = fold(decode(body.to_string().as_bytes()).unwrap()).unwrap();
        completion.choices[0].citations.iter().map(|c| c.span).collect::<Vec<_>>()
    };
    assert_eq!(spans("é. мир", json!({"startIndex": 4, "endIndex": 10, "text": "мир"})), [Some((3, 6))]);
    assert_eq!(spans("é. мир", json!({"startIndex": 4, "endIndex": 10})), [Some((3, 6))]);
    assert_eq!(
        spans("é. мир", json!({"startIndex": 0, "endIndex": 6, "text": "мир"})),
        [Some((3, 6))],
        "wrong offsets"
    );
    assert_eq!(spans("é. мир", json!({"startIndex": 1, "endIndex": 3})), [None], "inside a character");
    assert_eq!(spans("é", json!({"startIndex": 9, "endIndex": 2})), [None], "backwards");
}

#[test]
fn knows_its_own_signatures_when_it_is_refused() {
    let rows = [
        ("Thought signature is not valid.", true),
        ("Corrupted thought signature.", true),
        ("Function call is missing a thought_signature in functionCall parts.", false),
        ("* GenerateContentRequest.contents: contents is not specified", false),
    ];
    for (message, refused) in rows {
        let body =
            serde_json::json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message}}).to_string();
        let reply = Reply { status: 400, headers: &HeaderMap::new(), body: body.as_bytes() };
        let adapter = GeminiAdapter::default();
        assert_eq!(adapter.refuses_states(&adapter.decode_error(reply)), refused, "{message}");
    }
}
