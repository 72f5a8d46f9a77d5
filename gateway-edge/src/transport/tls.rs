//! TLS toward the service: whom to trust, and who the edge is. The files are read again when a connection is made anew,
//! because certificates are renewed while the edge runs.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io, mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{
            CertificateDer, PrivateKeyDer, ServerName,
            pem::{self, PemObject as _},
        },
    },
};

use super::{
    settings::{RemoteError, TlsFiles},
    target::Target,
};

/// Makes connections to one target secret.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    server_name: ServerName<'static>,
    files: TlsFiles,
    hasher: RandomState,
    held: Mutex<Held>,
}

/// What was made of the files when they could be used last.
struct Held {
    connector: TlsConnector,
    /// A hash of the files: the key in them is not kept a second time.
    made_of: u64,
    /// Whether the files could be used the last time they were read.
    is_good: bool,
}

impl Tls {
    /// Reads the files. What is wrong with them is found here, not with the first call.
    pub fn new(target: &Target, files: &TlsFiles) -> Result<Self, RemoteError> {
        let (texts, hasher) = (Texts::read(files)?, RandomState::new());
        let held = Held { connector: connector(&texts)?, made_of: hasher.hash_one(&texts), is_good: true };
        let name = files.server_name.clone().unwrap_or_else(|| target.host.clone());
        let server_name = ServerName::try_from(name)
            .map_err(|_| RemoteError("the TLS server name is no DNS name or address".into()))?;
        Ok(Self(Arc::new(Inner { server_name, files: files.clone(), hasher, held: Mutex::new(held) })))
    }

    /// Makes a connection secret, with the files as they are now.
    pub async fn connect(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let inner = self.0.clone();
        let connector = tokio::task::spawn_blocking(move || inner.renewed()).await?;
        connector.connect(self.0.server_name.clone(), tcp).await
    }
}

impl Inner {
    /// Reads the files again. Those that cannot be used leave everything as it was.
    fn renewed(&self) -> TlsConnector {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match self.changed(held.made_of) {
            Ok(changed) => {
                held.is_good = true;
                if let Some((connector, made_of)) = changed {
                    (held.connector, held.made_of) = (connector, made_of);
                    tracing::info!("the TLS files toward the service changed; new connections use them");
                }
            }
            Err(error) => {
                // Once, not with every connection that is tried.
                if mem::replace(&mut held.is_good, false) {
                    tracing::warn!(%error, "the TLS files toward the service cannot be used; those read before stay");
                }
            }
        }
        held.connector.clone()
    }

    fn changed(&self, made_of: u64) -> Result<Option<(TlsConnector, u64)>, RemoteError> {
        let texts = Texts::read(&self.files)?;
        let hash = self.hasher.hash_one(&texts);
        if hash == made_of { Ok(None) } else { Ok(Some((connector(&texts)?, hash))) }
    }
}

/// What the files hold.
#[derive(Hash)]
struct Texts<'a> {
    ca: Option<Text<'a>>,
    cert: Option<Text<'a>>,
    key: Option<Text<'a>>,
}

#[derive(Hash)]
struct Text<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
}

impl<'a> Texts<'a> {
    fn read(files: &'a TlsFiles) -> Result<Self, RemoteError> {
        let text = |path: &'a Option<PathBuf>| path.as_deref().map(Text::read).transpose();
        Ok(Self { ca: text(&files.ca)?, cert: text(&files.cert)?, key: text(&files.key)? })
    }
}

impl<'a> Text<'a> {
    fn read(path: &'a Path) -> Result<Self, RemoteError> {
        let bytes =
            fs::read(path).map_err(|error| RemoteError(format!("{} cannot be read: {error}", path.display())))?;
        Ok(Self { path, bytes })
    }

    /// Without the parser's own words for a broken file: they may repeat a line of a key.
    fn invalid(&self) -> RemoteError {
        RemoteError(format!("{} is no valid PEM file", self.path.display()))
    }

    fn lacks(&self, what: &str) -> RemoteError {
        RemoteError(format!("{} holds no {what} in PEM", self.path.display()))
    }
}

fn connector(texts: &Texts<'_>) -> Result<TlsConnector, RemoteError> {
    let roots = match &texts.ca {
        Some(text) => authorities(text)?,
        None => of_the_system()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| RemoteError(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots);
    let mut config = match (&texts.cert, &texts.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            builder.with_client_auth_cert(certificates(cert)?, private_key(key)?).map_err(|error| {
                let (cert, key) = (cert.path.display(), key.path.display());
                RemoteError(format!("the certificate in {cert} and the key in {key} do not fit: {error}"))
            })?
        }
        (Some(_), None) => return Err(half("certificate", "key")),
        (None, Some(_)) => return Err(half("key", "certificate")),
    };
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(TlsConnector::from(Arc::new(config)))
}

fn half(there: &str, missing: &str) -> RemoteError {
    RemoteError(format!("a client {there} was given without its {missing}; give both files, or neither"))
}

fn authorities(text: &Text<'_>) -> Result<RootCertStore, RemoteError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(text)? {
        roots.add(certificate).map_err(|error| {
            RemoteError(format!("{} holds a certificate that cannot be used: {error}", text.path.display()))
        })?;
    }
    Ok(roots)
}

fn of_the_system() -> Result<RootCertStore, RemoteError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let message = "this machine has no certificate authorities; install ca-certificates, or name a CA file";
        return Err(RemoteError(message.into()));
    }
    Ok(roots)
}

fn certificates(text: &Text<'_>) -> Result<Vec<CertificateDer<'static>>, RemoteError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text.bytes).collect();
    match all {
        Ok(all) if all.is_empty() => Err(text.lacks("certificate")),
        Ok(all) => Ok(all),
        Err(_) => Err(text.invalid()),
    }
}

fn private_key(text: &Text<'_>) -> Result<PrivateKeyDer<'static>, RemoteError> {
    PrivateKeyDer::from_pem_slice(&text.bytes).map_err(|error| match error {
        pem::Error::NoItemsFound => text.lacks("private key"),
        _ => text.invalid(),
    })
}
