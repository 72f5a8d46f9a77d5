//! Hears at once that another process has written, on PostgreSQL.
//!
//! A trigger on the table of revisions sends a notice with each commit. Hearing it only saves time: who polls the
//! revisions misses nothing while the connection is away, or behind a pooler that cannot listen.

use std::{future::poll_fn, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, config::SslMode};

use super::{
    error::StoreError,
    postgres::{CONNECT_TIMEOUT, tls, unavailable},
    url::DatabaseUrl,
};

/// Seen in the server's list of connections.
const NAME: &str = "ai-model-gateway listener";
/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the connection may be silent before the server is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Waits for notices on a connection of its own.
pub struct Listener {
    config: tokio_postgres::Config,
}

impl Listener {
    /// `None` for a database that sends no notices.
    pub fn new(url: &DatabaseUrl) -> Option<Self> {
        let DatabaseUrl::Postgres(config) = url else { return None };
        let mut config = config.as_ref().clone();
        config.application_name(NAME).keepalives(true).keepalives_idle(KEEPALIVE);
        Some(Self { config })
    }

    /// Calls `changed` at each notice, and after each pause in which one may have been missed, for ever.
    pub async fn run(self, changed: impl Fn()) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut heard = false;
            let result = self
                .listen(|| {
                    heard = true;
                    changed();
                })
                .await;
            if heard {
                pause = FIRST_PAUSE;
            }
            if let Err(error) = result {
                tracing::info!(%error, "not listening for changes of other processes; they are looked for instead");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Listens until the connection ends. Begins with one call, when it is ready.
    async fn listen(&self, changed: impl FnMut()) -> Result<(), StoreError> {
        let late = |_| StoreError::late();
        if self.config.get_ssl_mode() == SslMode::Require {
            let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.config.connect(tls()));
            let (client, connection) = connecting.await.map_err(late)?.map_err(|e| unavailable(&e))?;
            return hear(client, connection, changed).await;
        }
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.config.connect(NoTls));
        let (client, connection) = connecting.await.map_err(late)?.map_err(|e| unavailable(&e))?;
        hear(client, connection, changed).await
    }
}

/// Drives the connection; the client lives as long, because the connection ends with it.
async fn hear<S, T>(
    client: Client,
    mut connection: Connection<S, T>,
    mut changed: impl FnMut(),
) -> Result<(), StoreError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let subscribe = tokio::time::timeout(CONNECT_TIMEOUT, client.batch_execute("LISTEN aigateway"));
    tokio::pin!(subscribe);
    let mut subscribed = false;
    loop {
        tokio::select! {
            done = &mut subscribe, if !subscribed => {
                done.map_err(|_| StoreError::late())?
                    .map_err(|e| unavailable(&e))?;
                subscribed = true;
                changed();
            }
            message = poll_fn(|cx| connection.poll_message(cx)) => match message {
                Some(Ok(AsyncMessage::Notification(_))) => changed(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(unavailable(&error)),
                None => return Err(StoreError::Unavailable("the server closed the connection".into())),
            },
        }
    }
}
