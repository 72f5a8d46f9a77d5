//! Metrics: what they tell of a gateway that runs, where they are shown, and that the page about them names all of them.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use gateway_edge::{EdgeSettings, RemoteSettings, Timing, TlsFiles, Transport, metrics};
use support::gateway::{Gateway, over_sse, with_key};

/// Where metrics get their names.
const SOURCES: &[&str] = &[
    include_str!("../src/telemetry/metrics/names.rs"),
    include_str!("../gateway-edge/src/metrics.rs"),
    include_str!("../gateway-edge/src/routes/answers.rs"),
];
const PAGE: &str = include_str!("../docs/metrics.md");

/// Returns the metrics named in `text`: words that begin as ours do.
fn names_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words = words.filter(|word| word.starts_with("aigw_") || word.starts_with("gen_ai_client_"));
    words.map(|word| word.strip_suffix("_bucket").unwrap_or(word)).filter(|word| !word.ends_with('_')).collect()
}

#[test]
fn the_page_names_every_metric() {
    let named: BTreeSet<&str> = SOURCES.iter().flat_map(|source| names_in(source)).collect();
    assert_eq!(names_in(PAGE), named);
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("http://{address}{path}")).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Returns the metrics as soon as they have this line.
async fn once_told(address: SocketAddr, line: &str) -> String {
    for _ in 0..100 {
        let (status, text) = get(address, "/metrics").await;
        assert_eq!(status, 200, "{text}");
        if text.lines().any(|told| told == line) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{line} was not told: {}", get(address, "/metrics").await.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_what_happened() {
    let gateway = Gateway::start(&[]).await;
    for (model, error) in [("sandbox/echo", None), ("sandbox/made-up", Some("404 model_not_found"))] {
        assert_eq!(over_sse(&gateway, model).await.error.as_deref(), error, "{model}");
    }
    assert_eq!(get(gateway.edge, "/v1//models/").await.0, 401);
    assert_eq!(get(gateway.edge, "/nowhere").await.0, 404);
    let mut client = gateway.client().await;
    let prompt = support::gateway::prompt("sandbox/hang", "hi");
    let request = ai_model_gateway::pb::StreamChatCompletionRequest { prompt: Some(prompt) };
    let hangs = tokio::spawn(async move { client.stream_chat_completion(with_key(request)).await.map(drop) });
    once_told(gateway.edge, "aigw_grpc_calls_in_flight 1").await;
    hangs.abort();
    let cancelled =
        r#"aigw_requests_total{model="sandbox/hang",operation="chat",outcome="cancelled",provider="sandbox"} 1"#;
    let text = once_told(gateway.edge, cancelled).await;
    for line in [
        r#"aigw_build_info{version="0.1.0"} 1"#,
        "aigw_database_up 1",
        "aigw_grpc_calls_in_flight 0",
        "aigw_grpc_calls_in_flight_limit 4096",
        "aigw_grpc_calls_shed_total 0",
        r#"aigw_grpc_calls_total{code="OK",rpc="ChatService/StreamChatCompletion"} 1"#,
        r#"aigw_grpc_calls_total{code="CANCELLED",rpc="ChatService/StreamChatCompletion"} 1"#,
        r#"aigw_grpc_calls_total{code="UNAUTHENTICATED",rpc="ModelService/ListModels"} 1"#,
        r#"aigw_http_requests_total{code="200",method="POST",route="/v1/chat/completions"} 1"#,
        r#"aigw_http_requests_total{code="404",method="POST",route="/v1/chat/completions"} 1"#,
        r#"aigw_http_requests_total{code="401",method="GET",route="/v1/models"} 1"#,
        r#"aigw_http_requests_total{code="404",method="GET",route="none"} 1"#,
        r#"aigw_requests_total{model="sandbox/echo",operation="chat",outcome="completed",provider="sandbox"} 1"#,
        r#"aigw_requests_total{model="",operation="chat",outcome="model_not_found",provider=""} 1"#,
        r#"aigw_attempts_total{outcome="completed",provider="sandbox"} 1"#,
        r#"aigw_provider_state{provider="sandbox",state="available"} 1"#,
        r#"aigw_records_lost_total{kind="usage"} 0"#,
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let undocumented: Vec<_> =
        families.filter(|name| !name.starts_with("process_") && !names_in(PAGE).contains(name)).collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_their_own() {
    let gateway = Gateway::start(&[("AIGW_METRICS_ADDR", "127.0.0.1:0")]).await;
    let own = gateway.metrics.unwrap();
    for (address, path, status, said) in [
        (own, "/metrics", 200, "aigw_grpc_calls_in_flight"),
        (own, "/v1/models", 404, "Invalid URL"),
        (gateway.edge, "/metrics", 404, "Invalid URL"),
        (gateway.edge, "/livez", 200, "ok"),
    ] {
        let (told, text) = get(address, path).await;
        assert!(told == status && text.contains(said), "{address}{path}: {told} {text}");
    }
    assert!(!get(gateway.edge, "/openapi.json").await.1.contains("/metrics"));
    gateway.stop().await;
    assert!(tokio::net::TcpStream::connect(own).await.is_err(), "the port is closed with the gateway");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_alone_tells_of_its_replicas() {
    let gateway = Gateway::start(&[]).await;
    let remote = RemoteSettings {
        urls: vec![format!("http://{}", gateway.grpc)],
        connections: 1,
        tls: TlsFiles::default(),
        timing: Timing::default(),
    };
    let settings = EdgeSettings { metrics: metrics::registry().unwrap(), ..EdgeSettings::default() };
    let router = gateway_edge::router(Transport::remote(&remote).unwrap(), settings.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(gateway_edge::serve(router, listener, settings, std::future::pending(), Duration::ZERO));
    let text = once_told(address, "aigw_edge_replicas_serving 1").await;
    for line in ["aigw_edge_replicas 1", "aigw_edge_calls_in_flight 0", "aigw_edge_calls_resent_total 0"] {
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("aigw_grpc_calls"), "the service tells of itself");
    serving.abort();
    gateway.stop().await;
}
