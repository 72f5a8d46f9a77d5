//! `serve`: runs the gateway until it is told to stop, and tells a newcomer what to do next.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::App,
    config::{LogFormat, Settings},
    telemetry::{self, Format},
};

/// Serves until SIGTERM or Ctrl-C, then drains.
pub fn run(settings: Settings) -> ExitCode {
    let format = match settings.log.format {
        LogFormat::Auto => Format::Auto,
        LogFormat::Pretty => Format::Pretty,
        LogFormat::Json => Format::Json,
    };
    let _logs = match telemetry::init(&settings.log.filter, format) {
        Ok(guard) => guard,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(8).build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(settings)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let app = App::build(settings).await?;
    greet(&app)?;
    app.run(async {
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
    if let Some(key) = &app.first_key {
        println!("\nYour first gateway key, shown only now:\n\n  {key}\n\nA first streamed answer, no provider key needed:\n");
        println!("  curl -N http://{edge}/v1/chat/completions \\");
        println!("    -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\");
        println!(
            "    -d '{{\"model\":\"sandbox/echo\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello, gateway\"}}]}}'\n"
        );
    }
    tracing::info!(%grpc, %edge, "serving");
    Ok(())
}
