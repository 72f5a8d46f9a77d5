//! An upstream that does exactly what a test says, byte for byte, over raw TCP.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What happens on a connection after its request was read.
#[derive(Clone, Debug)]
pub enum Act {
    Send(Vec<u8>),
    Pause(Duration),
    /// Ends the connection with a reset instead of an orderly close.
    Reset,
    /// Waits until the gateway closes the connection, and notes when.
    WaitForClose,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: String,
}

type Script = dyn Fn(&Seen) -> Vec<Act> + Send + Sync;

pub struct ScriptedUpstream {
    pub addr: SocketAddr,
    pub requests: Arc<AtomicUsize>,
    /// When connections that waited for it were closed by the gateway.
    pub closed: Arc<Mutex<Vec<Instant>>>,
    _serving: JoinSet<()>,
}

impl ScriptedUpstream {
    pub async fn start(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let script: Arc<Script> = Arc::new(script);
        let requests = Arc::new(AtomicUsize::new(0));
        let closed = Arc::new(Mutex::new(Vec::new()));
        let mut serving = JoinSet::new();
        let (counter, closes) = (requests.clone(), closed.clone());
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (script, counter, closes) = (script.clone(), counter.clone(), closes.clone());
                connections.spawn(async move {
                    let _ = serve(stream, &*script, &counter, &closes).await;
                });
            }
        });
        Self { addr, requests, closed, _serving: serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Waits until a connection was closed by the gateway and returns when.
    pub async fn wait_for_close(&self) -> Instant {
        for _ in 0..500 {
            if let Some(at) = self.closed.lock().unwrap().pop() {
                return at;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the gateway kept its upstream connection");
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &Script,
    requests: &AtomicUsize,
    closed: &Mutex<Vec<Instant>>,
) -> std::io::Result<()> {
    let Some(seen) = read_request(&mut stream).await? else { return Ok(()) };
    requests.fetch_add(1, Ordering::Relaxed);
    stream.set_nodelay(true)?;
    for act in script(&seen) {
        match act {
            Act::Send(bytes) => stream.write_all(&bytes).await?,
            Act::Pause(pause) => tokio::time::sleep(pause).await,
            Act::Reset => {
                #[expect(deprecated, reason = "the replacement takes no zero")]
                stream.set_linger(Some(Duration::ZERO))?;
                return Ok(());
            }
            Act::WaitForClose => {
                let mut byte = [0];
                while stream.read(&mut byte).await.is_ok_and(|n| n > 0) {}
                closed.lock().unwrap().push(Instant::now());
            }
        }
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
            while bytes.len() < end + 4 + length {
                let n = stream.read(&mut chunk).await?;
                if n == 0 {
                    return Ok(None);
                }
                bytes.extend_from_slice(&chunk[..n]);
            }
            let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
            return Ok(Some(Seen { head, body }));
        }
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..n]);
    }
}

/// The head of a streamed answer whose end is the end of the connection.
pub const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// A whole JSON answer.
pub fn json_reply(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
