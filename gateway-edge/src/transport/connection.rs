//! One HTTP/2 connection to one address.

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tonic::body::Body;

use super::{settings::Timing, target::Target, tls::Tls};

/// Opens connections for one target.
#[derive(Clone)]
pub struct Connector {
    pub target: Arc<Target>,
    pub tls: Option<Tls>,
    pub timing: Timing,
}

/// What sends calls over a connection. Cheap to clone.
pub type Sender = SendRequest<Body>;

impl Connector {
    /// Connects. The second half must be awaited for as long as calls are sent by the first; calls that are under way
    /// then go on without it.
    pub async fn open(&self, address: SocketAddr) -> io::Result<(Sender, impl Future<Output = ()> + Send + use<>)> {
        let connect = async {
            let tcp = TcpStream::connect(address).await?;
            // Else small frames wait for an ACK.
            let _ = tcp.set_nodelay(true);
            let stream: Box<dyn Stream> = match &self.tls {
                Some(tls) => Box::new(tls.connect(tcp).await?),
                None => Box::new(tcp),
            };
            self.builder().handshake(TokioIo::new(stream)).await.map_err(io::Error::other)
        };
        let opened = timeout(self.timing.connect, connect).await;
        let (sender, connection) = opened.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let ended = async move {
            if let Err(error) = connection.await {
                tracing::debug!(%address, error = &error as &dyn std::error::Error, "a connection to the service ended");
            }
        };
        Ok((sender, ended))
    }

    fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(self.timing.keepalive_interval)
            .keep_alive_timeout(self.timing.keepalive_timeout)
            .keep_alive_while_idle(true)
            // h2 closes a connection on which too many DATA frames under 256 bytes wait to be read: tokens are such
            // frames. It allows half the connection's window, and the adaptive window starts at 64 KiB: some 150
            // tokens. Never turn on `adaptive_window` here.
            .initial_connection_window_size(64 << 20)
            .initial_stream_window_size(2 << 20);
        builder
    }
}

/// A stream of bytes, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
