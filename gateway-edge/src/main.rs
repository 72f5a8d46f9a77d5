//! The edge on its own, in front of a service at an address.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use gateway_edge::{EdgeSettings, Transport, router, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// OpenAI's REST interface in front of an AI Model Gateway.
///
/// Takes POST /v1/chat/completions (JSON and server-sent events), GET /v1/models and gRPC-Web, and turns every request
/// into a call of the gateway's gRPC service. It keeps no state and no keys: run as many as you like.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Try it:
  gateway-edge --gateway-url http://127.0.0.1:50051
  curl -s http://127.0.0.1:6161/v1/chat/completions -H \"authorization: Bearer $KEY\" \\
    -H 'content-type: application/json' \\
    -d '{\"model\":\"sandbox/echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}'

Any OpenAI SDK works with the base URL http://127.0.0.1:6161/v1 and a gateway key.
Health: /livez (the edge runs), /readyz (the service answers), /api/v1/health (both, for people)."
)]
struct Args {
    /// Where to listen
    #[arg(long, env = "AIGW_EDGE_ADDR", default_value = "127.0.0.1:6161", value_name = "ADDRESS")]
    edge_addr: SocketAddr,
    /// Address of the gateway's gRPC service, http:// or https://
    #[arg(
        long,
        env = "AIGW_GATEWAY_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    gateway_url: String,
    /// HTTP/2 connections to the service; raise it when more than 1000 requests run per connection
    #[arg(long, env = "AIGW_EDGE_CONNECTIONS", default_value_t = 4, value_name = "N")]
    connections: usize,
    /// Seconds of silence after which a stream gets a comment
    #[arg(long, env = "AIGW_SSE_HEARTBEAT_SECONDS", default_value_t = 15, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=600))]
    heartbeat_seconds: u64,
    /// Longest time of one request, streams included
    #[arg(long, env = "AIGW_REQUEST_TIMEOUT_SECONDS", default_value_t = 600, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=86400))]
    request_timeout_seconds: u64,
    /// Largest request body, pictures included
    #[arg(long, env = "AIGW_EDGE_MAX_BODY_BYTES", default_value_t = 50 << 20, value_name = "BYTES")]
    max_body_bytes: usize,
    /// Browser origins that may read answers, separated by commas; * for all
    #[arg(long, env = "AIGW_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    cors_origins: Vec<String>,
    /// Seconds that open answers may go on after SIGTERM
    #[arg(long, env = "AIGW_DRAIN_SECONDS", default_value_t = 30, value_name = "SECONDS")]
    drain_seconds: u64,
    /// What to log, such as info or gateway_edge=debug
    #[arg(long, env = "AIGW_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let filter = EnvFilter::try_new(&args.log).context("--log is no valid filter")?;
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();

    let settings = EdgeSettings {
        heartbeat: Duration::from_secs(args.heartbeat_seconds),
        max_body_bytes: args.max_body_bytes,
        request_timeout: Duration::from_secs(args.request_timeout_seconds),
        cors_origins: args.cors_origins,
        ..EdgeSettings::default()
    };
    let transport = Transport::remote(&*args.gateway_url, args.connections)
        .context("--gateway-url is no address such as http://127.0.0.1:50051")?;
    let listener = TcpListener::bind(args.edge_addr)
        .await
        .with_context(|| format!("cannot listen on {}; choose another with --edge-addr", args.edge_addr))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: open answers may finish");
    };
    tracing::info!(address = %listener.local_addr()?, "listening");
    let drain = Duration::from_secs(args.drain_seconds);
    serve(router(transport, settings.clone()), listener, settings, shutdown, drain).await?;
    Ok(())
}
