//! The edge on its own, in front of a service at an address.

/// One source for both programs: how origins are written.
#[path = "../../src/config/origin.rs"]
mod origin;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, builder::Resettable};
use gateway_edge::{EdgeSettings, RemoteSettings, Timing, TlsFiles, Transport, metrics, metrics_router, router, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// OpenAI's REST interface in front of an AI Model Gateway.
///
/// Takes OpenAI's routes below /v1, the gateway's own below /api/v1, and gRPC-Web, and turns every request into a call of
/// the gateway's gRPC service; /docs shows them all. It keeps no state and no keys: run as many as you like.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Try it:
  gateway-edge --gateway-url http://127.0.0.1:50051
  curl -s http://127.0.0.1:6161/v1/chat/completions -H \"authorization: Bearer $AIGW_KEY\" \\
    -H 'content-type: application/json' \\
    -d '{\"model\":\"sandbox/echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}'

Any OpenAI SDK works with the base URL http://127.0.0.1:6161/v1 and a gateway key.
Health: /livez (the edge runs), /readyz (the service answers), /api/v1/health (both, for people).
Metrics for Prometheus: /metrics."
)]
struct Args {
    /// Where to listen
    #[arg(long, env = "AIGW_EDGE_ADDR", default_value = "127.0.0.1:6161", value_name = "ADDRESS",
        value_parser = address)]
    edge_addr: SocketAddr,
    /// A port of its own for /metrics, which is then not among the other routes
    #[arg(long, env = "AIGW_METRICS_ADDR", value_name = "ADDRESS", value_parser = address)]
    metrics_addr: Option<SocketAddr>,
    /// Addresses of the gateway's gRPC service, http:// or https://, separated by commas or given again. All addresses of
    /// a name are replicas
    #[arg(
        long,
        env = "AIGW_GATEWAY_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:50051",
        value_delimiter = ',',
        value_name = "URLS"
    )]
    gateway_url: Vec<String>,
    /// Certificate authorities that the service's certificate is checked against, in PEM; the system's by default
    #[arg(long, env = "AIGW_GATEWAY_TLS_CA_FILE", value_name = "FILE")]
    gateway_tls_ca_file: Option<PathBuf>,
    /// Certificate of this edge, in PEM with its chain, for a service that asks for one
    #[arg(long, env = "AIGW_GATEWAY_TLS_CERT_FILE", value_name = "FILE")]
    gateway_tls_cert_file: Option<PathBuf>,
    /// Private key of that certificate, in PEM
    #[arg(long, env = "AIGW_GATEWAY_TLS_KEY_FILE", value_name = "FILE")]
    gateway_tls_key_file: Option<PathBuf>,
    /// Name that the service's certificate must have; the host of its address by default
    #[arg(long, env = "AIGW_GATEWAY_TLS_SERVER_NAME", value_name = "NAME")]
    gateway_tls_server_name: Option<String>,
    /// HTTP/2 connections to each replica; raise it when more than 1000 requests run per connection
    #[arg(long, env = "AIGW_EDGE_CONNECTIONS", default_value_t = 4, value_name = "N")]
    connections: usize,
    /// Seconds of silence after which a stream gets a comment; 0 sends none
    #[arg(long, env = "AIGW_SSE_HEARTBEAT_SECONDS", default_value = "15", value_name = "SECONDS", value_parser = seconds)]
    sse_heartbeat_seconds: Duration,
    /// Longest time of one request, streams included
    #[arg(long, env = "AIGW_REQUEST_TIMEOUT_SECONDS", default_value = "600", value_name = "SECONDS",
        value_parser = some_seconds)]
    request_timeout_seconds: Duration,
    /// Largest request body, pictures included
    #[arg(long, env = "AIGW_EDGE_MAX_BODY_BYTES", default_value_t = 50 << 20, value_name = "BYTES")]
    max_body_bytes: usize,
    /// Browser origins that may read answers, separated by commas; * for all
    #[arg(long, env = "AIGW_CORS_ORIGINS", value_name = "ORIGINS", value_parser = cors_origins)]
    cors_origins: Option<Origins>,
    /// Seconds that open answers may go on after SIGTERM
    #[arg(long, env = "AIGW_DRAIN_SECONDS", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    drain_seconds: Duration,
    /// What to log, such as info or gateway_edge=debug
    #[arg(long, env = "AIGW_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

/// Longer than anybody waits; for a heartbeat that is switched off.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

// The gateway reads the same variables, so the same values must be right here.

fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric.parse().map_err(|_| "write an address such as 127.0.0.1:6161 or 0.0.0.0:6161".to_owned())
}

/// A list that is one value.
#[derive(Clone)]
struct Origins(Vec<String>);

fn cors_origins(text: &str) -> Result<Origins, String> {
    origin::origins(text).map(Origins)
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write a number of seconds between 0 and 86400, such as 30 or 0.5, without a unit".to_owned()),
    }
}

fn some_seconds(text: &str) -> Result<Duration, String> {
    let time = seconds(text)?;
    if time.is_zero() { Err("it must be more than 0 seconds".to_owned()) } else { Ok(time) }
}

/// Reads command line and environment. An empty variable counts as not set.
fn args() -> Args {
    let command = Args::command().mut_args(|arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { arg.env(Resettable::Reset) } else { arg }
    });
    Args::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Exit codes are the gateway's: 0 done, 1 failed, 2 wrong command line.
#[tokio::main]
async fn main() -> ExitCode {
    match run(args()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log).context("--log is no valid filter")?;
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();

    let remote = RemoteSettings {
        urls: args.gateway_url,
        connections: args.connections,
        tls: TlsFiles {
            ca: args.gateway_tls_ca_file,
            cert: args.gateway_tls_cert_file,
            key: args.gateway_tls_key_file,
            server_name: args.gateway_tls_server_name,
        },
        timing: Timing::default(),
    };
    let transport = Transport::remote(&remote).context("--gateway-url and --gateway-tls-… cannot be used")?;
    let settings = EdgeSettings {
        heartbeat: if args.sse_heartbeat_seconds.is_zero() { NEVER } else { args.sse_heartbeat_seconds },
        max_body_bytes: args.max_body_bytes,
        request_timeout: args.request_timeout_seconds,
        cors_origins: args.cors_origins.map(|origins| origins.0).unwrap_or_default(),
        metrics: metrics::registry()?,
        metrics_apart: args.metrics_addr.is_some(),
        ..EdgeSettings::default()
    };
    let listener = listen(args.edge_addr, "--edge-addr").await?;
    let metrics_listener = match args.metrics_addr {
        Some(address) => Some(listen(address, "--metrics-addr").await?),
        None => None,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: open answers may finish");
    };
    tracing::info!(address = %listener.local_addr()?, "listening");
    let rest = serve(router(transport, settings.clone()), listener, settings.clone(), shutdown, args.drain_seconds);
    let Some(listener) = metrics_listener else { return Ok(rest.await?) };
    tracing::info!(address = %listener.local_addr()?, "listening for metrics");
    let router = metrics_router(settings.metrics.clone());
    // There until the last answer is out.
    let metrics = serve(router, listener, settings, std::future::pending(), Duration::ZERO);
    tokio::select! {
        served = rest => Ok(served?),
        failed = metrics => Ok(failed?),
    }
}

async fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}; choose another with {flag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_gateway_takes() {
        Args::command().debug_assert();
        let of = |line: &str| Args::try_parse_from(["gateway-edge"].into_iter().chain(line.split(' ')));
        for (line, good) in [
            ("--sse-heartbeat-seconds 0", true),
            ("--sse-heartbeat-seconds 0.5", true),
            ("--sse-heartbeat-seconds 15s", false),
            ("--drain-seconds 0", true),
            ("--cors-origins HTTPS://A.example/,,https://b.example:443", true),
            ("--cors-origins a.example", false),
            ("--request-timeout-seconds 0", false),
            ("--request-timeout-seconds 86401", false),
            ("--edge-addr localhost:6161", true),
            ("--edge-addr [::1]:6161", true),
            ("--edge-addr 6161", false),
        ] {
            assert_eq!(of(line).is_ok(), good, "{line}");
        }
    }
}
