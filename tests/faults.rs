//! What happens when an upstream misbehaves, seen from every face: through sockets, byte for byte.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::time::{Duration, Instant};

use support::{
    gateway::{Delivered, Gateway, over_grpc, over_grpc_web, over_grpc_web_within, over_sse, prompt, with_key},
    upstream::{Act, STREAM_HEAD, ScriptedUpstream, Seen, json_reply},
};

use ai_model_gateway::pb;

/// An OpenAI-shaped stream with a character of four bytes. Composed.
const OPENAI_STREAM: &str = concat!(
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Xin chào \"}}]}\n\n",
    ": keep-alive\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"🌍!\"}}]}\r\n\r\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n",
    "data: [DONE]\n\n",
);
const TEXT: &str = "Xin chào 🌍!";

/// The same from Gemini. Composed.
const GEMINI_STREAM: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Xin chào \"}]},\"index\":0}],\"modelVersion\":\"gemini-3.8-flash\",\"responseId\":\"r1\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"🌍!\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2,\"totalTokenCount\":3},\"modelVersion\":\"gemini-3.8-flash\",\"responseId\":\"r1\"}\r\n\r\n",
);

fn stream_of(seen: &Seen) -> &'static str {
    if seen.head.contains("/v1beta/") { GEMINI_STREAM } else { OPENAI_STREAM }
}

/// Reads the number the test put into the model's name: `…cut-123`.
fn number(seen: &Seen, word: &str) -> usize {
    let text = if seen.head.contains(word) { &seen.head } else { &seen.body };
    let at = text.find(word).unwrap() + word.len();
    text[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

fn whole() -> Delivered {
    Delivered { text: TEXT.into(), finished: true, error: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_split_on_the_wire_gives_the_same_answer() {
    let upstream = ScriptedUpstream::start(|seen| {
        let size = number(seen, "split-");
        let pieces = stream_of(seen).as_bytes().chunks(size).map(|c| Act::Send(c.to_vec()));
        let paced = pieces.flat_map(|p| [p, Act::Pause(Duration::from_micros(200))]);
        [Act::Send(STREAM_HEAD.into())].into_iter().chain(paced).collect()
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[]).await;
    let mut client = gateway.client().await;
    for provider in ["x-ai/grok", "google/gemini"] {
        for size in [1, 2, 3, 7, 64, 100_000] {
            let model = format!("{provider}-split-{size}");
            assert_eq!(over_grpc(&mut client, &model).await, whole(), "gRPC, {model}");
            assert_eq!(over_sse(&gateway, &model).await, whole(), "SSE, {model}");
            assert_eq!(over_grpc_web(&gateway, &model).await, whole(), "gRPC-Web, {model}");
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_cut_before_its_end_is_an_error_on_every_face() {
    let upstream = ScriptedUpstream::start(|seen| {
        let cut = number(seen, "cut-");
        vec![Act::Send(STREAM_HEAD.into()), Act::Send(stream_of(seen).as_bytes()[..cut].to_vec())]
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[("AIGW_MAX_ATTEMPTS", "1")]).await;
    let mut client = gateway.client().await;
    // The answer is complete with the event that carries the finish reason; what follows is extra.
    let openai_end =
        OPENAI_STREAM.find("\"finish_reason\":\"stop\"}]}").unwrap() + "\"finish_reason\":\"stop\"}]}".len();
    let gemini_end = GEMINI_STREAM.trim_end().len();
    for (provider, end) in [("x-ai/grok", openai_end), ("google/gemini", gemini_end)] {
        for cut in (0..end).step_by(3) {
            let model = format!("{provider}-cut-{cut}");
            let cases = [
                ("gRPC", over_grpc(&mut client, &model).await),
                ("SSE", over_sse(&gateway, &model).await),
                ("gRPC-Web", over_grpc_web(&gateway, &model).await),
            ];
            for (face, delivered) in cases {
                assert!(!delivered.finished, "{face}, {model}: a short success: {delivered:?}");
                assert!(delivered.error.is_some(), "{face}, {model}: no error: {delivered:?}");
                assert!(TEXT.starts_with(&delivered.text), "{face}, {model}: {delivered:?}");
            }
        }
        let model = format!("{provider}-cut-{}", end + 2);
        assert_eq!(over_sse(&gateway, &model).await, whole(), "{model}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_before_the_first_event_have_their_own_status() {
    let upstream = ScriptedUpstream::start(|seen| {
        let reply = |status: &str, body: &str| vec![Act::Send(json_reply(status, body))];
        match number(seen, "fail-") {
            401 => reply("401 Unauthorized", r#"{"error":{"message":"Incorrect API key provided: sk-ab***yz"}}"#),
            429 => reply("429 Too Many Requests", r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#),
            500 => reply("500 Internal Server Error", r#"{"error":{"message":"oops"}}"#),
            503 => reply("503 Service Unavailable", r#"{"error":{"message":"busy"}}"#),
            200 => reply("200 OK", r#"{"code":"The service is currently unavailable","error":"later"}"#),
            502 => vec![Act::Send(
                b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>bad</html>"
                    .to_vec(),
            )],
            201 => vec![Act::Send(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>hi</html>".to_vec(),
            )],
            1 => vec![Act::Reset],
            other => panic!("no script for {other}"),
        }
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[("AIGW_MAX_ATTEMPTS", "1")]).await;
    let mut client = gateway.client().await;
    let cases = [
        (401, "502 upstream_auth", "Unavailable"),
        (429, "429 rate_limit_exceeded", "ResourceExhausted"),
        (500, "502 upstream_error", "Unavailable"),
        (503, "503 server_is_overloaded", "Unavailable"),
        (200, "503 server_is_overloaded", "Unavailable"),
        (502, "502 upstream_error", "Unavailable"),
        (201, "502 upstream_bad_response", "Unavailable"),
        (1, "502 upstream_unreachable", "Unavailable"),
    ];
    for (failure, rest, grpc) in cases {
        let model = format!("x-ai/grok-fail-{failure}");
        assert_eq!(over_sse(&gateway, &model).await.error.as_deref(), Some(rest), "SSE, {model}");
        assert_eq!(over_grpc(&mut client, &model).await.error.as_deref(), Some(grpc), "gRPC, {model}");
        assert_eq!(over_grpc_web(&gateway, &model).await.error.as_deref(), Some(grpc), "gRPC-Web, {model}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_so() {
    let gateway = Gateway::start(&[]).await;
    let mut client = gateway.client().await;
    let cases = [
        ("no such model", "nobody/knows", "404 model_not_found", "NotFound"),
        ("a model that was shut down", "gemini-1.5-pro", "404 model_not_found", "NotFound"),
        ("a provider without a key", "x-ai/grok-4.3", "503 provider_keys_exhausted", "Unavailable"),
        ("another one without a key", "sber/GigaChat", "503 provider_keys_exhausted", "Unavailable"),
    ];
    for (name, model, rest, grpc) in cases {
        assert_eq!(over_sse(&gateway, model).await.error.as_deref(), Some(rest), "SSE, {name}");
        assert_eq!(over_grpc(&mut client, model).await.error.as_deref(), Some(grpc), "gRPC, {name}");
        assert_eq!(over_grpc_web(&gateway, model).await.error.as_deref(), Some(grpc), "gRPC-Web, {name}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upstream_sees_at_once_that_a_caller_hung_up() {
    let upstream = ScriptedUpstream::start(|seen| {
        let streamed = seen.body.contains("\"stream\":true");
        let mut acts = Vec::new();
        if streamed {
            let first = OPENAI_STREAM.split_inclusive("\n\n").take(2).collect::<String>();
            acts.extend([Act::Send(STREAM_HEAD.into()), Act::Send(first.into())]);
        }
        acts.push(Act::WaitForClose);
        acts
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[]).await;
    let within = |face: &str, left: Instant, closed: Instant| {
        let took = closed.saturating_duration_since(left);
        println!("{face}: the upstream saw the close after {took:?}");
        assert!(took < Duration::from_secs(1), "{face}: {took:?}");
    };

    let mut client = gateway.client().await;
    let request = pb::StreamChatCompletionRequest { prompt: Some(prompt("x-ai/grok", "hi")) };
    let mut stream = client.stream_chat_completion(with_key(request)).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    let left = Instant::now();
    drop(stream);
    within("gRPC stream", left, upstream.wait_for_close().await);

    let request = pb::CreateChatCompletionRequest { prompt: Some(prompt("x-ai/grok", "hi")) };
    let call = tokio::time::timeout(Duration::from_millis(300), client.create_chat_completion(with_key(request)));
    assert!(call.await.is_err(), "the upstream never answers");
    let left = Instant::now();
    within("gRPC unary", left, upstream.wait_for_close().await);

    for (face, stream) in [("SSE", true), ("JSON", false)] {
        let body =
            format!(r#"{{"model":"x-ai/grok","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#);
        let call = async {
            let mut response =
                gateway.post("/v1/chat/completions", "application/json").body(body).send().await.unwrap();
            while response.chunk().await.unwrap().is_some() {}
        };
        assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
        let left = Instant::now();
        within(face, left, upstream.wait_for_close().await);
    }

    let call = over_grpc_web(&gateway, "x-ai/grok");
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
    let left = Instant::now();
    within("gRPC-Web", left, upstream.wait_for_close().await);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_the_call_and_the_upstream() {
    let upstream = ScriptedUpstream::start(|seen| {
        let mut acts = Vec::new();
        if seen.body.contains("grok-begins") {
            let first = OPENAI_STREAM.split_inclusive("\n\n").take(2).collect::<String>();
            acts.extend([Act::Send(STREAM_HEAD.into()), Act::Send(first.into())]);
        }
        acts.push(Act::WaitForClose);
        acts
    })
    .await;
    let gateway = Gateway::with_upstream(&upstream.url(), &[]).await;
    for (model, text) in [("x-ai/grok-silent", ""), ("x-ai/grok-begins", "Xin chào ")] {
        let started = Instant::now();
        let delivered = over_grpc_web_within(&gateway, model, "300m").await;
        assert_eq!((delivered.error.as_deref(), delivered.text.as_str()), (Some("DeadlineExceeded"), text), "{model}");
        assert!(started.elapsed() < Duration::from_secs(10), "{model}: {:?}", started.elapsed());
        upstream.wait_for_close().await;
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_in_peace_when_the_gateway_stops() {
    let gateway = Gateway::start(&[]).await;
    let mut client = gateway.client().await;
    let request = pb::StreamChatCompletionRequest { prompt: Some(prompt("sandbox/slow", "one two three")) };
    let mut stream = client.stream_chat_completion(with_key(request)).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    let stopped = tokio::spawn(gateway.stop());
    let mut finished = false;
    while let Some(event) = stream.message().await.unwrap() {
        finished = matches!(event.event, Some(pb::stream_chat_completion_response::Event::Finished(_)));
    }
    assert!(finished, "the stream was cut");
    drop((stream, client));
    stopped.await.unwrap();
}
