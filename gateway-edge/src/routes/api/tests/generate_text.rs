//! Generating text: histories in all their shapes, and what comes back.

use http::Request;
use prost::Message as _;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{Answer, ask_with};
use crate::{
    pb,
    test_support::{Fake, Step, completion, ok, send},
};

const PATH: &str = "/api/v1/chat/generate-text";

async fn generate(fake: &Fake, reply: Vec<Step>, body: &Value) -> Answer {
    let request = Request::post(PATH).header("authorization", "Bearer sk-1").header("content-type", "application/json");
    ask_with(fake, move |_| reply.clone(), request, &body.to_string()).await
}

fn sent(fake: &Fake) -> pb::ChatPrompt {
    pb::CreateChatCompletionRequest::decode(fake.last().message).unwrap().prompt.unwrap()
}

/// Returns what is said, as role and texts.
fn said(prompt: pb::ChatPrompt) -> Vec<(pb::Role, Vec<String>)> {
    let text = |part: pb::Part| match part.content {
        Some(pb::part::Content::Text(part)) => part.text,
        other => panic!("{other:?}"),
    };
    let one = |message: pb::Message| (message.role(), message.parts.into_iter().map(text).collect());
    prompt.messages.into_iter().map(one).collect()
}

#[tokio::test]
async fn histories_come_in_many_shapes() {
    use pb::Role::{Assistant, System, User};
    for (turn, role, texts) in [
        (json!({"role": "user", "content": "a"}), User, vec!["a"]),
        (json!({"role": "assistant", "content": "a"}), Assistant, vec!["a"]),
        (json!({"role": "model", "content": "a"}), Assistant, vec!["a"]),
        (json!({"role": "system", "content": "a"}), System, vec!["a"]),
        (json!({"role": "Model", "content": "a"}), Assistant, vec!["a"]),
        (json!({"role": "model", "parts": [{"text": "a"}, {"text": "b"}]}), Assistant, vec!["a", "b"]),
        (json!({"role": "model", "parts": ["a", "b"]}), Assistant, vec!["a", "b"]),
        (json!({"role": "user", "parts": "a"}), User, vec!["a"]),
        (json!({"role": "user", "text": "a"}), User, vec!["a"]),
        (json!({"role": "user", "content": {"text": "a"}}), User, vec!["a"]),
        (json!({"role": "user", "content": [{"type": "text", "text": "a"}, "b"]}), User, vec!["a", "b"]),
    ] {
        let fake = Fake::default();
        let body = json!({"message": "now", "history": [turn], "model": "google/m"});
        let answer = generate(&fake, vec![send(&completion("yes")), ok()], &body).await;
        assert_eq!(answer.status, 200, "{body}: {:?}", answer.body);
        let prompt = sent(&fake);
        assert_eq!(prompt.model, "google/m");
        let texts = texts.into_iter().map(str::to_owned).collect();
        assert_eq!(said(prompt), [(role, texts), (User, vec!["now".to_owned()])], "{body}");
    }
    for body in [json!({"message": "m"}), json!({"message": "m", "history": null, "model": null})] {
        let fake = Fake::default();
        generate(&fake, vec![send(&completion("yes")), ok()], &body).await;
        let prompt = sent(&fake);
        assert_eq!(
            (&*prompt.model, prompt.messages.len(), prompt.strict),
            ("", 1, false),
            "the default of the service"
        );
    }
}

#[tokio::test]
async fn what_is_shown() {
    let mut reply = completion("Hello");
    let made = reply.completion.as_mut().unwrap();
    made.model = "m-1".into();
    made.choices[0].citations = vec![
        pb::Citation { url: "https://a".into(), title: "A".into(), number: Some(1), ..Default::default() },
        pb::Citation { url: "https://b".into(), ..Default::default() },
    ];
    made.usage = Some(pb::Usage { input_tokens: Some(3), source: 1, ..Default::default() });
    made.cost = Some(pb::Cost { nano_usd: None, basis: 3 });
    let failed = pb::Attempt {
        provider: "google".into(),
        model: "m-1".into(),
        key_alias: "home".into(),
        failure_class: Some(3),
        http_status: Some(429),
        duration_ms: 7,
        message: "slow down".into(),
    };
    made.attempts = vec![failed, pb::Attempt { provider: "google".into(), ..Default::default() }];
    made.warnings = vec![pb::Warning { field: "prompt.seed".into(), action: 1, message: "left out".into() }];
    let fake = Fake::default();
    let answer = generate(&fake, vec![send(&reply), ok()], &json!({"message": "m"})).await;
    let wanted = json!({
        "response_text": "Hello", "model_used": "m-1", "id": "chatcmpl-1", "provider": "google", "finish_reason": "stop",
        "citations": [
            {"url": "https://a", "title": "A", "number": 1}, {"url": "https://b", "title": null, "number": null},
        ],
        "usage": {
            "input_tokens": 3, "output_tokens": null, "total_tokens": null, "cached_input_tokens": null,
            "reasoning_tokens": null, "image_input_tokens": null, "source": "provider",
        },
        "cost": {"nano_usd": null, "basis": "unpriced"},
        "attempts": [
            {
                "provider": "google", "model": "m-1", "key_name": "home", "failure_class": "rate_limit",
                "http_status": 429, "duration_ms": 7, "message": "slow down",
            },
            {
                "provider": "google", "model": "", "key_name": null, "failure_class": null, "http_status": null,
                "duration_ms": 0, "message": null,
            },
        ],
        "warnings": [{"param": "seed", "action": "dropped", "message": "left out"}],
    });
    assert_eq!(answer.json(), wanted);
    let head = ["x-gateway-provider", "x-gateway-attempts", "x-gateway-warnings", "cache-control"];
    assert_eq!(head.map(|name| answer.header(name)), ["google", "2", "1", "no-store"]);

    // What the model refuses is what it has to say.
    let refusal = pb::part::Content::Refusal(pb::RefusalPart { text: "I cannot".into() });
    reply.completion.as_mut().unwrap().choices[0].message.as_mut().unwrap().parts =
        vec![pb::Part { content: Some(refusal) }];
    let answer = generate(&fake, vec![send(&reply), ok()], &json!({"message": "m"})).await;
    assert_eq!(answer.json()["response_text"], "I cannot");
    let empty = pb::CreateChatCompletionResponse::default();
    assert_eq!(generate(&fake, vec![send(&empty), ok()], &json!({"message": "m"})).await.status, 502);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    for (body, param, code) in [
        (json!({}), "message", "missing_required_parameter"),
        (json!({"message": null}), "message", "missing_required_parameter"),
        (json!({"message": " \n"}), "message", "invalid_value"),
        (json!({"message": ["s3cr3t"]}), "message", "invalid_value"),
        (json!({"message": "m", "model": 5}), "model", "invalid_value"),
        (json!({"message": "m", "colour": "s3cr3t"}), "colour", "unknown_parameter"),
        (json!({"message": "m", "history": "s3cr3t"}), "history", "invalid_value"),
        (json!({"message": "m", "history": [5]}), "history[0]", "invalid_value"),
        (json!({"message": "m", "history": [{"content": "s3cr3t"}]}), "history[0].role", "missing_required_parameter"),
        (json!({"message": "m", "history": [{"role": "user"}]}), "history[0].content", "missing_required_parameter"),
        (json!({"message": "m", "history": [{"role": "s3cr3t", "content": ""}]}), "history[0].role", "invalid_value"),
        (json!({"message": "m", "history": [{"role": "user", "content": 5}]}), "history[0].content", "invalid_value"),
        (
            json!({"message": "m", "history": [{"role": "user", "parts": [{"image": "s3cr3t"}]}]}),
            "history[0].parts",
            "invalid_value",
        ),
        (
            json!({"message": "m", "history": [{"role": "user", "content": "a", "text": "b"}]}),
            "history[0].content",
            "invalid_value",
        ),
        (
            json!({"message": "m", "history": [{"role": "user", "colour": "s3cr3t"}]}),
            "history[0].colour",
            "unknown_parameter",
        ),
        (json!([1]), "", "invalid_request_error"),
    ] {
        let fake = Fake::default();
        let answer = generate(&fake, vec![], &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let told = answer.json();
        assert_eq!(
            (told["param"].as_str().unwrap_or_default(), &told["code"]),
            (param, &json!(code)),
            "{body}: {told}"
        );
        assert!(!told.to_string().contains("s3cr3t"), "{told}");
        assert!(fake.asked().is_empty());
    }
}

#[tokio::test]
async fn fields_of_the_service_are_told_in_the_names_of_the_route() {
    let history = json!([{"role": "user", "content": "a"}, {"role": "model", "content": "b"}]);
    for (field, param) in [
        ("prompt.messages[1].parts[0].text", "history[1].content[0].text"),
        ("prompt.messages[1].role", "history[1].role"),
        ("prompt.messages[2].parts", "message"),
        ("prompt.messages[2]", "message"),
        ("prompt.messages", "history"),
        ("prompt.model", "model"),
    ] {
        let mut details =
            ErrorDetails::with_error_info("INVALID_REQUEST", "aigateway", std::collections::HashMap::new());
        details.add_bad_request_violation(field, "is wrong");
        let refusal = Status::with_error_details(Code::InvalidArgument, "is wrong", details);
        let body = json!({"message": "m", "history": history});
        let answer = generate(&Fake::default(), vec![Step::End(refusal)], &body).await;
        assert_eq!((answer.status, answer.json()["param"].as_str().unwrap()), (400, param), "{field}");
    }
}
