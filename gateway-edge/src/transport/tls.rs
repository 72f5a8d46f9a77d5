//! TLS toward the service: whom to trust, and who the edge is.

use std::{path::Path, sync::Arc};

use tokio_rustls::{
    TlsConnector,
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
pub struct Tls {
    pub connector: TlsConnector,
    pub server_name: ServerName<'static>,
}

impl Tls {
    /// Reads the files. What is wrong with them is found here, not with the first call.
    pub fn new(target: &Target, files: &TlsFiles) -> Result<Self, RemoteError> {
        let roots = match &files.ca {
            Some(path) => authorities(path)?,
            None => of_the_system()?,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| RemoteError(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots);
        let mut config = match (&files.cert, &files.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => {
                let (chain, secret) = (certificates(cert)?, private_key(key)?);
                builder.with_client_auth_cert(chain, secret).map_err(|error| {
                    let (cert, key) = (cert.display(), key.display());
                    RemoteError(format!("the certificate in {cert} and the key in {key} do not fit: {error}"))
                })?
            }
            (Some(_), None) => return Err(half("certificate", "key")),
            (None, Some(_)) => return Err(half("key", "certificate")),
        };
        config.alpn_protocols.push(b"h2".to_vec());
        let name = files.server_name.clone().unwrap_or_else(|| target.host.clone());
        let server_name = ServerName::try_from(name)
            .map_err(|_| RemoteError("the TLS server name is no DNS name or address".into()))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), server_name })
    }
}

fn half(there: &str, missing: &str) -> RemoteError {
    RemoteError(format!("a client {there} was given without its {missing}; give both files, or neither"))
}

fn authorities(path: &Path) -> Result<RootCertStore, RemoteError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| {
            RemoteError(format!("{} holds a certificate that cannot be used: {error}", path.display()))
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

pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, RemoteError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match all {
        Ok(all) if all.is_empty() => Err(RemoteError(format!("{} holds no certificate in PEM", path.display()))),
        Ok(all) => Ok(all),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, RemoteError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        pem::Error::NoItemsFound => RemoteError(format!("{} holds no private key in PEM", path.display())),
        error => unreadable(path, &error),
    })
}

/// Without the parser's own words for a broken file: they may repeat a line of a key.
fn unreadable(path: &Path, error: &pem::Error) -> RemoteError {
    let path = path.display();
    RemoteError(match error {
        pem::Error::Io(error) => format!("{path} cannot be read: {error}"),
        _ => format!("{path} is no valid PEM file"),
    })
}
