//! The listener: accepts connections, speaks HTTP/1.1 and HTTP/2 on them, and stops without cutting answers.

use std::{future::Future, io, pin::pin, time::Duration};

use axum::Router;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{EdgeSettings, draining};

mod linger;

const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves until `shutdown`, then lets open answers finish for at most `drain`. Meanwhile new requests are refused, and
/// whoever asks for readiness is told at once; the listener closes with the last open answer.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    settings: EdgeSettings,
    shutdown: impl Future<Output = ()>,
    drain: Duration,
) -> io::Result<()> {
    let door = Door { builder: builder(&settings), patience: settings.header_read_timeout };
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
                    connections.spawn(door.clone().serve(stream, router.clone(), graceful.watcher(), stopping.clone()));
                }
                Err(error) => wait_out(&error).await,
            },
        }
    }
    drop((router, serving));
    if timeout(drain, refuse_until(graceful.shutdown(), &listener, &door)).await.is_err() {
        tracing::warn!(connections = connections.len(), "open answers were cut when the drain time was over");
    }
    connections.shutdown().await;
    Ok(())
}

/// Answers new connections with a refusal until the old ones are done.
async fn refuse_until(done: impl Future<Output = ()>, listener: &TcpListener, door: &Door) {
    let refusals = draining::router();
    let mut done = pin!(done);
    let mut connections = JoinSet::new();
    // Nobody who is refused is waited for.
    let late = GracefulShutdown::new();
    let (_serving, stopping) = watch::channel(());
    loop {
        tokio::select! {
            () = &mut done => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(door.clone().serve(stream, refusals.clone(), late.watcher(), stopping.clone()));
                }
                Err(error) => wait_out(&error).await,
            },
        }
    }
}

/// How connections are spoken to.
#[derive(Clone)]
struct Door {
    builder: Builder<TokioExecutor>,
    patience: Duration,
}

impl Door {
    async fn serve(self, stream: TcpStream, router: Router, watcher: Watcher, mut stopping: watch::Receiver<()>) {
        // Without it the first answer of a connection waits 41 ms for an ACK.
        let _ = stream.set_nodelay(true);
        let begun = tokio::select! {
            begun = timeout(self.patience, first_bytes(&stream)) => matches!(begun, Ok(Ok(()))),
            _ = stopping.changed() => false,
        };
        if !begun {
            return;
        }
        let service = service_fn(move |request| linger::answer(router.clone(), request));
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(error, "a connection ended early");
        }
    }
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
