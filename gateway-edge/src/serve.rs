//! The listener: accepts connections, speaks HTTP/1.1 and HTTP/2 on them, and stops without cutting answers.

use std::{future::Future, io, pin::pin, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::EdgeSettings;

const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves until `shutdown`, then closes the listener and lets open answers finish for at most `drain`.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    settings: EdgeSettings,
    shutdown: impl Future<Output = ()>,
    drain: Duration,
) -> io::Result<()> {
    let builder = builder(&settings);
    let graceful = GracefulShutdown::new();
    // Its sender is dropped when serving stops: connections without a request yet are then closed at once.
    let (serving, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            // Taking finished tasks out keeps the set as small as the number of open connections.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let watcher = graceful.watcher();
                    let (builder, router, patience) = (builder.clone(), router.clone(), settings.header_read_timeout);
                    let mut stopping = stopping.clone();
                    connections.spawn(async move {
                        // Without it the first answer of a connection waits 41 ms for an ACK.
                        let _ = stream.set_nodelay(true);
                        let begun = tokio::select! {
                            begun = timeout(patience, first_bytes(&stream)) => matches!(begun, Ok(Ok(()))),
                            _ = stopping.changed() => false,
                        };
                        if !begun {
                            return;
                        }
                        let service = TowerToHyperService::new(router);
                        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                        if let Err(error) = watcher.watch(connection).await {
                            tracing::debug!(error, "a connection ended early");
                        }
                    });
                }
                Err(error) => wait_out(&error).await,
            },
        }
    }
    drop((listener, serving));
    if timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "open answers were cut when the drain time was over");
    }
    connections.shutdown().await;
    Ok(())
}

fn builder(settings: &EdgeSettings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_timeout)
        // A buffer starts at 8 KiB and grows to this; hyper's own limit is 400 KiB a connection.
        .max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(256)
        .max_header_list_size(16 << 10)
        .max_local_error_reset_streams(Some(128));
    builder
}

/// Waits until the first bytes tell HTTP/1 from HTTP/2.
///
/// hyper-util has no timeout while it tells them apart, so a connection that sends nothing, or a part of HTTP/2's
/// preface, would stay for ever.
async fn first_bytes(stream: &TcpStream) -> io::Result<()> {
    let mut seen = [0; HTTP2_PREFACE.len()];
    loop {
        let length = stream.peek(&mut seen).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length == seen.len() || !HTTP2_PREFACE.starts_with(&seen[..length]) {
            return Ok(());
        }
        // The socket stays readable, so waiting for it would spin.
        sleep(Duration::from_millis(20)).await;
    }
}

/// Errors of the peer concern nobody; running out of file descriptors passes when connections end.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests;
