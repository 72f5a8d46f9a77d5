//! Tests of provider keys with providers that answer by key, seen from outside.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use support::{
    gateway::{Gateway, with_key},
    upstream::{Act, ScriptedUpstream, Seen, json_reply},
};
use tonic::{Code, transport::Channel};

use ai_model_gateway::pb::{
    self, FailureClass, ProviderKeyState,
    ProviderKeyTestVerdict::{self, Failed, Inconclusive, NotTested, Passed},
    key_service_client::KeyServiceClient,
};

type Client = KeyServiceClient<Channel>;

async fn client(gateway: &Gateway) -> Client {
    let channel = gateway.channel().await;
    KeyServiceClient::new(channel)
}

async fn add(client: &mut Client, provider: &str, secret: &str, active: bool) -> String {
    // A name that holds the whole secret is refused.
    let name = secret.chars().take(15).collect();
    let key = pb::ProviderKey { provider: provider.into(), name, active: Some(active), ..Default::default() };
    let request = pb::CreateProviderKeyRequest { provider_key: Some(key), secret: secret.into() };
    client.create_provider_key(with_key(request)).await.unwrap().into_inner().provider_key.unwrap().id
}

async fn test(client: &mut Client, id: &str) -> pb::ProviderKeyTestResult {
    let request = pb::TestProviderKeyRequest { id: id.into() };
    client.test_provider_key(with_key(request)).await.unwrap().into_inner().result.unwrap()
}

const GEMINI_REFUSES: &str = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
    "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;

/// What every provider answers, by the secret in its own header: `good`, `refused`, `empty` or `fast`.
fn answer(seen: &Seen) -> Vec<u8> {
    let path = seen.head.split(' ').nth(1).unwrap_or_default();
    let says = |word: &str| seen.head.contains(word);
    if path == "/oauth" {
        // GigaChat's keys are exchanged first; tokens are called like their keys.
        return match says("basic good") {
            true => json_reply("200 OK", r#"{"access_token":"token-good","expires_at":4102444800000}"#),
            false => json_reply("401 Unauthorized", r#"{"code":4,"message":"Can't decode 'Authorization' header"}"#),
        };
    }
    if says("refused") {
        return match path.starts_with("/v1beta") {
            true => json_reply("400 Bad Request", GEMINI_REFUSES),
            false => json_reply("401 Unauthorized", r#"{"error":{"message":"Invalid key","type":"x","code":null}}"#),
        };
    }
    if says("empty") {
        return json_reply("402 Payment Required", r#"{"error":{"message":"no credits","type":"x","code":null}}"#);
    }
    if says("fast") {
        let body = r#"{"error":{"message":"slow down","type":"rate_limit_error","code":null}}"#;
        let head = format!("HTTP/1.1 429 Too Many Requests\r\nretry-after: 40\r\ncontent-length: {}", body.len());
        return format!("{head}\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}").into_bytes();
    }
    match path {
        "/v1beta/models?pagesize=1000" => json_reply(
            "200 OK",
            r#"{"models":[{"name":"models/gemini-a","supportedGenerationMethods":["generateContent"]}]}"#,
        ),
        "/language-models" => json_reply("200 OK", r#"{"models":[{"id":"grok-a"},{"id":"grok-b"}]}"#),
        "/v1/agent" => json_reply("200 OK", r#"{"id":"r","status":"completed","model":"m","output":[]}"#),
        "/v1/models?limit=1000" => json_reply("200 OK", r#"{"data":[{"id":"claude-a"}]}"#),
        "/api/models" if says("bearer token-good") => {
            json_reply("200 OK", r#"{"data":[{"id":"GigaChat-a","type":"chat"}]}"#)
        }
        "/key" => json_reply("200 OK", r#"{"data":{"label":"mine"}}"#),
        _ => json_reply("404 Not Found", "{}"),
    }
}

struct World {
    gateway: Gateway,
    client: Client,
    upstream: ScriptedUpstream,
    /// Request lines and bodies, in order.
    seen: Arc<Mutex<Vec<(String, String)>>>,
    _config: tempfile::NamedTempFile,
}

impl World {
    async fn start(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let upstream = ScriptedUpstream::start(move |request| {
            let line = request.head.lines().next().unwrap_or_default().to_owned();
            log.lock().unwrap().push((line, request.body.clone()));
            script(request)
        })
        .await;
        let url = upstream.url();
        let mut config = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        write!(config, "providers:\n  - name: openrouter\n    base_url: {url}\n").unwrap();
        let gateway = Gateway::start(&[
            ("GOOGLE_AI_STUDIO_BASE_URL", &url),
            ("XAI_API_BASE_URL", &url),
            ("PERPLEXITY_API_BASE_URL", &url),
            ("ANTHROPIC_BASE_URL", &url),
            ("GIGACHAT_TOKEN_URL", &format!("{url}/oauth")),
            ("GIGACHAT_CHAT_URL", &format!("{url}/api/chat/completions")),
            ("AIGW_CONFIG", config.path().to_str().unwrap()),
        ])
        .await;
        let client = client(&gateway).await;
        Self { gateway, client, upstream, seen, _config: config }
    }

    fn take_seen(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_has_a_test_of_its_own() {
    let mut world = World::start(|seen| vec![Act::Send(answer(seen))]).await;
    for (provider, asked, models) in [
        ("google", vec!["get /v1beta/models?pagesize=1000"], vec!["gemini-a"]),
        ("xai", vec!["get /language-models"], vec!["grok-a", "grok-b"]),
        ("perplexity", vec!["post /v1/agent"], vec![]),
        ("anthropic", vec!["get /v1/models?limit=1000"], vec!["claude-a"]),
        ("gigachat", vec!["post /oauth", "get /api/models"], vec!["GigaChat-a"]),
        ("openrouter", vec!["get /key"], vec![]),
    ] {
        let id = add(&mut world.client, provider, &format!("good-{provider}-0123456789"), true).await;
        let result = test(&mut world.client, &id).await;
        assert_eq!(result.verdict(), Passed, "{provider}: {result:?}");
        assert_eq!((result.failure_class, result.http_status), (None, None), "{provider}");
        assert_eq!(result.upstream_models, models, "{provider}");
        let seen = world.take_seen();
        let lines: Vec<_> = seen.iter().map(|(line, _)| line.trim_end_matches(" http/1.1")).collect();
        assert_eq!(lines, asked, "{provider}");
        assert!(seen.iter().all(|(_, body)| !body.contains("web_search")), "a search costs: {seen:?}");

        let id = add(&mut world.client, provider, &format!("refused-{provider}-0123456789"), true).await;
        let result = test(&mut world.client, &id).await;
        assert_eq!((result.verdict(), result.failure_class()), (Failed, FailureClass::Credential), "{provider}");
        assert_eq!(result.http_status, Some(if provider == "google" { 400 } else { 401 }), "{provider}");
        let key = result.provider_key.unwrap();
        assert_eq!((key.state(), key.failure_class()), (ProviderKeyState::Invalid, FailureClass::Credential));
        assert!(result.message.contains("create a new one at "), "{}", result.message);
        assert!(!format!("{}{}", result.message, key.state_reason).contains("refused-"), "no secret in words");
        world.take_seen();
    }
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_keys_are_tested_in_their_order() {
    let mut world = World::start(|seen| vec![Act::Send(answer(seen))]).await;
    let rows: [(&str, &str, bool, ProviderKeyTestVerdict, ProviderKeyState); 6] = [
        ("xai", "good-1", true, Passed, ProviderKeyState::Active),
        ("xai", "refused-2", true, Failed, ProviderKeyState::Invalid),
        ("xai", "good-3", false, NotTested, ProviderKeyState::Disabled),
        ("google", "empty-4", true, Failed, ProviderKeyState::QuotaExhausted),
        ("xai", "fast-5", true, Inconclusive, ProviderKeyState::Cooling),
        ("xai", "good-6", true, Passed, ProviderKeyState::Active),
    ];
    for (provider, secret, active, ..) in rows {
        add(&mut world.client, provider, secret, active).await;
    }
    let request = |provider: &str| with_key(pb::TestProviderKeysRequest { provider: provider.into() });
    let results = world.client.test_provider_keys(request("")).await.unwrap().into_inner().results;
    assert_eq!(results.len(), rows.len());
    for (result, (_, secret, _, verdict, state)) in results.iter().zip(rows) {
        let key = result.provider_key.as_ref().unwrap();
        assert_eq!((key.name.as_str(), result.verdict(), key.state()), (secret, verdict, state), "{result:?}");
        assert!(result.duration_ms == 0 || verdict != NotTested, "{result:?}");
        assert!(!result.message.is_empty());
    }
    let rests = results[4].provider_key.as_ref().unwrap();
    let left = rests.state_end_time.unwrap().seconds - rests.state_start_time.unwrap().seconds;
    assert!((39..=41).contains(&left), "the provider said 40 s, the key rests {left} s");

    let only = world.client.test_provider_keys(request("google")).await.unwrap().into_inner().results;
    assert_eq!(only.len(), 1);
    let status = world.client.test_provider_keys(request("nobody")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    for id in ["", "none"] {
        let request = with_key(pb::TestProviderKeyRequest { id: id.into() });
        let status = world.client.test_provider_key(request).await.unwrap_err();
        assert_eq!(status.code(), if id.is_empty() { Code::InvalidArgument } else { Code::NotFound }, "{status}");
    }
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_bring_keys_back_but_never_switch_them_on() {
    let works = Arc::new(AtomicBool::new(false));
    let now = works.clone();
    let mut world = World::start(move |seen| {
        vec![Act::Send(match now.load(Ordering::SeqCst) {
            true => answer(seen),
            false => json_reply("403 Forbidden", r#"{"error":"The key is blocked"}"#),
        })]
    })
    .await;
    let used = add(&mut world.client, "xai", "good-used", true).await;
    let off = add(&mut world.client, "xai", "good-off", false).await;
    for (id, state) in [(&used, ProviderKeyState::Invalid), (&off, ProviderKeyState::Disabled)] {
        let result = test(&mut world.client, id).await;
        assert_eq!((result.verdict(), result.provider_key.unwrap().state()), (Failed, state));
    }
    works.store(true, Ordering::SeqCst);
    for (id, state) in [(&used, ProviderKeyState::Active), (&off, ProviderKeyState::Disabled)] {
        let result = test(&mut world.client, id).await;
        assert_eq!((result.verdict(), result.provider_key.unwrap().state()), (Passed, state));
    }
    let request = pb::GetProviderKeyRequest { id: used };
    let key = world.client.get_provider_key(with_key(request)).await.unwrap().into_inner().provider_key.unwrap();
    assert!(key.last_used_time.is_some() && key.state_reason.is_empty(), "{key:?}");
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_says_nothing_of_the_key() {
    let mut world = World::start(|_| vec![Act::Reset]).await;
    let id = add(&mut world.client, "google", "good-0123456789", true).await;
    let result = test(&mut world.client, &id).await;
    assert_eq!((result.verdict(), result.failure_class()), (Inconclusive, FailureClass::Network));
    assert_eq!((result.http_status, result.provider_key.unwrap().state()), (None, ProviderKeyState::Active));
    assert!(result.message.contains("check the address"), "{}", result.message);
    assert!(world.upstream.requests.load(Ordering::SeqCst) <= 1, "tests do not try again");
    world.gateway.stop().await;
}
