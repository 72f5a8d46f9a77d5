//! `serve`: runs the gateway until it is told to stop, and tells a newcomer what to do next.

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::App,
    config::{LogFormat, Settings},
    telemetry::{self, Format, RequestLog},
};

/// Serves until SIGTERM or Ctrl-C, then drains.
pub fn run(settings: Settings) -> anyhow::Result<()> {
    let format = match settings.log.format {
        LogFormat::Auto => Format::Auto,
        LogFormat::Pretty => Format::Pretty,
        LogFormat::Json => Format::Json,
    };
    let logs = telemetry::init(&settings.log.filter, format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(8).build()?;
    runtime.block_on(serve(settings, logs.requests))
}

async fn serve(settings: Settings, log: RequestLog) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let app = App::build(settings).await?;
    greet(&app)?;
    app.run(Some(log), async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: no new requests, open ones may finish");
    })
    .await
}

/// Says where to go, and shows the first key the only time it is ever shown.
fn greet(app: &App) -> std::io::Result<()> {
    let (grpc, edge) = (app.grpc_addr()?, app.edge_addr()?);
    println!("AI Model Gateway {}", env!("CARGO_PKG_VERSION"));
    println!("  gRPC and gRPC-Web  {grpc}");
    println!("  OpenAI REST        http://{edge}/v1");
    if let Some(first) = app.first_key.as_ref().filter(|first| first.generated) {
        let key = first.secret.expose();
        println!(
            "\nYour first gateway key, shown only now:\n\n  {key}\n\nA first streamed answer, no provider key needed:\n"
        );
        println!("  curl -N http://{edge}/v1/chat/completions \\");
        println!("    -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\");
        println!(
            "    -d '{{\"model\":\"sandbox/echo\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello, gateway\"}}]}}'\n"
        );
    }
    if let Some(metrics) = app.metrics_addr()? {
        println!("  metrics            http://{metrics}/metrics");
    }
    tracing::info!(%grpc, %edge, "serving");
    Ok(())
}
