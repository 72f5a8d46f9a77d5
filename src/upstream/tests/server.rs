//! A server that answers every request as a test says, with TLS if it wants.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn header(&self, name: &str) -> String {
        let value = |line: &str| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.to_owned())
        };
        self.head.lines().find_map(value).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: &'static str,
    pub body: Vec<u8>,
    pub after: Duration,
    /// Keeps the connection open without ending the body.
    pub hangs: bool,
}

impl Answer {
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        let body = body.into().into_bytes();
        Self { status, headers: "content-type: application/json\r\n", body, after: Duration::ZERO, hangs: false }
    }

    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: "", body: body.into(), ..Self::json(200, "") }
    }

    pub fn sse(body: &str) -> Self {
        Self { headers: "content-type: text/event-stream\r\n", ..Self::json(200, body) }
    }
}

pub struct Server {
    pub addr: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with(None, answer).await
    }

    pub async fn start_with(
        tls: Option<ServerConfig>,
        answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (answer, all, mut serving) = (Arc::new(answer), seen.clone(), JoinSet::new());
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, all, acceptor) = (answer.clone(), all.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &*answer, &all).await;
                            }
                        }
                        None => serve(stream, &*answer, &all).await,
                    }
                });
            }
        });
        Self { addr, seen, _serving: serving }
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn https(&self, host: &str) -> String {
        format!("https://{host}:{}", self.addr.port())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Requests of this path.
    pub fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path() == path).count()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &(dyn Fn(&Seen) -> Answer + Send + Sync),
    all: &Mutex<Vec<Seen>>,
) {
    let mut bytes = Vec::new();
    let seen = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        // Somebody speaks TLS to a server that does not.
        if bytes.first() == Some(&0x16) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return;
        }
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let seen = Seen { head, body: bytes[end + 4..].to_vec() };
        if seen.body.len() >= seen.header("content-length").parse().unwrap_or(0) {
            break seen;
        }
    };
    all.lock().unwrap().push(seen.clone());
    let answer = answer(&seen);
    tokio::time::sleep(answer.after).await;
    let length = if answer.hangs { answer.body.len() + 1 } else { answer.body.len() };
    let head = format!(
        "HTTP/1.1 {} OK\r\n{}content-length: {length}\r\nconnection: close\r\n\r\n",
        answer.status, answer.headers
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&answer.body).await;
    if answer.hangs {
        // Until the other side leaves.
        let _ = stream.read(&mut [0]).await;
    }
    let _ = stream.shutdown().await;
}

/// An authority of a test, with what it signed.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn sign(&self, name: &str) -> Signed {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Signed { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// TLS with this certificate; clients must show one of `clients`, if that is given.
pub fn tls(signed: &Signed, clients: Option<&Authority>) -> ServerConfig {
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder();
    let builder = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(&authority.pem())).unwrap();
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(vec![certificate(&signed.certificate)], key).unwrap()
}
